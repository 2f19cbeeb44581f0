"""What happens to passes at the centre: one is made, one is lost. A pass is a credential like any card.

What a pass says is random and names nobody. The hub keeps it sealed with the customer's key, because their page shows
it again; a shop is sent the hash alone, as of every card.
"""

import os
from base64 import b32encode
from dataclasses import dataclass, field
from typing import Final

from msgspec.structs import asdict

from edge.kit.errors import Refused
from edge.kit.seal import key_place, pass_place, seal, unseal
from edge.kit.sql import Connection
from edge.recognition import rotating
from edge.recognition.rules import CredentialKind, inner
from sync.hub import lost as losing
from sync.hub import people
from sync.hub.config import Keys
from sync.hub.passes import known
from sync.hub.tables import feed as partitions
from sync.hub.tables import identifiers, wallet
from sync.hub.tables import passes as tables
from sync.hub.tables import people as customers
from sync.hub.tables.feed import Moved
from sync.hub.tables.passes import Kept, PassKind

# A wallet's bar code stands still, and is a number as one that is printed. 80 bits are nobody's by guessing, and
# with two letters in front it is no number of a product.
_START: Final = "WP"
# Pass -> what sort of credential its value is, and as what its token is known.
_MADE: Final[dict[PassKind, tuple[CredentialKind, str]]] = {
    "web": ("pass", rotating.KIND),
    "apple": ("number", "vas"),
    "google": ("number", "smarttap"),
}


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass that works. `value` is the name of a web pass, or what a wallet's bar code says."""

    hash: bytes = field(repr=False)
    kind: PassKind
    value: str = field(repr=False)
    made_ms: int


def make(conn: Connection, keys: Keys, customer_id: bytes, *, kind: PassKind, now_ms: int) -> list[Moved]:
    """Make a pass of this kind, known in all shops of the customer; nothing where they have one that works."""
    if not customers.hold(conn, [customer_id]):
        raise Refused("no such customer", code="UNKNOWN_CUSTOMER", hint="nothing was changed")
    if any(each.kind == kind for each in tables.working(conn, customer_id)):
        return []
    value = rotating.name_of(os.urandom(rotating.ID_BYTES))
    sort, token = _MADE[kind]
    if kind != "web":
        value = _START + b32encode(os.urandom(rotating.ID_BYTES)).decode()
    hash_ = inner(keys.chain_key, sort, value.encode())
    key = _key(conn, keys, customer_id)
    sealed = seal(key, value.encode(), pass_place(customer_id, hash_))
    card = customers.Credential(hash_, customer_id, "active", 1, token, now_ms)
    customers.add(conn, "credential", [asdict(card)])
    tables.add(conn, customer_id, Kept(hash_, kind, sealed, now_ms))
    return partitions.publish(conn, people.everywhere(conn, keys, card))


def working(conn: Connection, keys: Keys, customer_id: bytes) -> dict[PassKind, Pass]:
    """The passes of a customer that work, one a kind at most. Raises Corrupt."""
    kept = tables.working(conn, customer_id)
    if not kept:
        return {}
    key = _key(conn, keys, customer_id)
    return {
        each.kind: Pass(
            each.hash,
            each.kind,
            unseal(key, each.sealed, pass_place(customer_id, each.hash)).decode(),
            each.made_ms,
        )
        for each in kept
    }


def lost(conn: Connection, keys: Keys, customer_id: bytes, *, kind: PassKind, now_ms: int) -> list[Moved]:
    """End the customer's pass of this kind, urgently in every shop; nothing where there is none that works."""
    customers.hold(conn, [customer_id])
    lines = []
    for each in tables.working(conn, customer_id):
        if each.kind == kind and tables.end(conn, each.hash, customer_id=customer_id, now_ms=now_ms):
            lines += losing.blocked(conn, keys, each.hash, now_ms=now_ms)
    return partitions.publish(conn, lines)


def lost_card(conn: Connection, keys: Keys, customer_id: bytes, *, named: str, now_ms: int) -> list[Moved]:
    """Block the card that a form of this customer names, urgently; nothing where it is none of theirs that works."""
    customers.hold(conn, [customer_id])
    card = known.chosen(identifiers.of(conn, customer_id), customer_id, named)
    return partitions.publish(conn, losing.blocked(conn, keys, card.hash, now_ms=now_ms) if card else [])


def _key(conn: Connection, keys: Keys, customer_id: bytes) -> bytes:
    return unseal(keys.hub_kek, wallet.wrapped_key(conn, customer_id) or b"", key_place(customer_id))
