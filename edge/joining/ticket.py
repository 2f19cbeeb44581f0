"""A code with which somebody becomes known on their own phone: made by a box without a line, read by the hub alone.

`<shop>.<base64url>`: what the shop promises and keeps a card with, sealed with a key that only this shop and the hub
have. It is good for a quarter of an hour and for one customer, whose id comes of it, so that it needs no list of what
was used. The card that lies on the counter goes along as its inner hash.
"""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import msgspec

from edge.kit import base64url
from edge.kit.errors import Corrupt
from edge.kit.seal import derive, seal, unseal

TICKET_MS: Final = 15 * 60_000
MOST_LETTERS: Final = 1_200
_KEY: Final = "join-ticket"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a shop gives along. `card` is an inner hash, empty without a card; `reward` empty: no stamp card."""

    until_ms: int
    recipient: str
    stamps: int = 0
    reward: str = ""
    benefit_nl: str = ""
    benefit_en: str = ""
    benefit_de: str = ""
    benefit_fr: str = ""
    card: bytes = field(default=b"", repr=False)
    card_kind: str = ""


def write(shop_key: bytes, shop_id: str, ticket: Ticket) -> str:
    """The ticket as it stands in an address."""
    sealed = seal(derive(shop_key, _KEY), msgspec.msgpack.encode(ticket), _place(shop_id))
    return f"{shop_id}.{base64url.encode(sealed)}"


def shop_of(text: str) -> str:
    """Whose ticket a text says it is; empty for what is none."""
    shop_id, dot, _ = text.partition(".") if len(text) <= MOST_LETTERS else ("", "", "")
    return shop_id if dot else ""


def read(shop_key: bytes, text: str, *, now_ms: int) -> Ticket | None:
    """What a ticket of this shop says; None for what is none, or is over."""
    shop_id, _, letters = text.partition(".")
    try:
        sealed = base64url.decode(letters)  # one spelling: a ticket is good once
        ticket = msgspec.msgpack.decode(unseal(derive(shop_key, _KEY), sealed, _place(shop_id)), type=Ticket)
    except (Corrupt, ValueError, msgspec.MsgspecError):
        return None
    return ticket if now_ms < ticket.until_ms else None


def customer_of(shop_key: bytes, text: str) -> bytes:
    """The id of whoever becomes a customer by this ticket: as much of chance as the ticket's own nonce."""
    return hmac.digest(derive(shop_key, _KEY), b"customer|" + text.encode(), sha256)[:16]


def _place(shop_id: str) -> bytes:
    return b"ticket|" + shop_id.encode()
