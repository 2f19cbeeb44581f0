"""What can happen to a consent in this shop."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ConsentWithdrawn:
    """The customer said no, here; it holds at once and needs no network."""

    customer_id: bytes
    purpose: str
    recipient: str
    gen: int
    at_ms: int
