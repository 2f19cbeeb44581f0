"""What can happen to a credential when it is presented."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TapReplayed:
    """A proof of this customer's card or phone was presented that had been there before: nothing was opened."""

    customer_id: bytes
    hash: bytes = field(repr=False)
    reader: str
    at_ms: int
