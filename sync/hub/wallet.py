"""What the shops earned and redeemed becomes the central balance: each line once, none lost.

A trait says beside its balance up to which fact of each device it counts. So a shop adds its own later lines to it
and nothing is counted twice, whenever its facts and our rows pass each other on the way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edge.kit.errors import Refused
from edge.kit.seal import key_place, trait_place, unseal
from edge.kit.sql import Connection
from edge.wallet.rules import SAVED, Balances
from edge.wallet.rules import balances as found_in
from sync import wire
from sync.hub import feed
from sync.hub.config import Keys
from sync.hub.tables import people as customers
from sync.hub.tables import wallet as tables
from sync.hub.tables.feed import Line


@dataclass(frozen=True, slots=True)
class Held:
    """What a customer saved, for themselves; `short`: what shops gave though it was no longer there."""

    balances: Balances
    short: dict[str, int] = field(repr=False)


def rows(conn: Connection, customer_ids: Iterable[bytes]) -> list[Line]:
    """The customers' rows anew, for every shop they are resident in."""
    ids = list(customer_ids)
    if not ids:
        return []
    vers, known = tables.raise_vers(conn, ids), tables.known(conn, ids)
    return [
        feed.customer(shop_id, customer_id, ver=vers[customer_id], traits=known[customer_id].traits)
        for customer_id in ids
        for shop_id in known[customer_id].shops
    ]


def balances(conn: Connection, keys: Keys, customer_id: bytes, *, now_ms: int) -> Held:
    """What a customer saved, as the hub knows it; for nobody but themselves. Raises Refused, Corrupt."""
    if not customers.exists(conn, customer_id):
        raise _refused("no such customer", code="UNKNOWN_CUSTOMER")
    key = _key(conn, keys, customer_id)
    held = [each for each in tables.traits(conn, customer_id) if each.name in SAVED]
    values = {each.name: _open(key, customer_id, each) for each in held}
    as_of_ms = {each.name: each.as_of_ms for each in held}
    return Held(found_in(values, as_of_ms, now_ms=now_ms), tables.short(conn, customer_id))


def _key(conn: Connection, keys: Keys, customer_id: bytes) -> bytes:
    wrapped = tables.wrapped_key(conn, customer_id)
    return unseal(keys.hub_kek, wrapped or b"", key_place(customer_id))


def _open(key: bytes, customer_id: bytes, trait: wire.Trait) -> Any:
    place = trait_place(customer_id, trait.name, trait.ver)
    return msgspec.json.decode(unseal(key, trait.sealed, place))


def _refused(message: str, *, code: str) -> Refused:
    return Refused(message, code=code, hint="nothing was changed; look the customer up at the hub")
