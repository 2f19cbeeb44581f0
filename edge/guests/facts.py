"""What can happen to a member of another shop."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GuestLeft:
    """The visit of a member of another shop is over: this shop forgets them. `since_ms` names the stay."""

    customer_id: bytes
    since_ms: int
    at_ms: int


@dataclass(frozen=True, slots=True)
class GuestSaved:
    """A card that could not be asked about earned something; the hub finds whose it is.

    `card` is its inner hash, sealed with the shop's transport key at `guest_place(shop)`: a pseudonym to all but
    the hub.
    """

    line_id: bytes
    card: bytes = field(repr=False)
    instrument: str
    delta: int
    role: str
    staff_id: bytes
    at_ms: int
