"""What the shops earned and redeemed becomes the central balance: each line once, none lost.

A trait says beside its balance up to which fact of each device it counts. So a shop adds its own later lines to it
and nothing is counted twice, whenever its facts and our rows pass each other on the way.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec

from edge.kit.errors import Corrupt, Refused
from edge.kit.seal import key_place, trait_place, unseal
from edge.kit.sql import Connection
from edge.wallet.rules import (
    SAVED,
    Balances,
    Instrument,
    Number,
    Why,
    add,
    balance_of,
    with_balance,
    with_counted,
)
from edge.wallet.rules import balances as found_in
from sync import wire
from sync.hub import feed, people
from sync.hub.config import Keys
from sync.hub.tables import people as customers
from sync.hub.tables import wallet as tables
from sync.hub.tables.feed import Line


@dataclass(frozen=True, slots=True)
class Held:
    """What a customer saved, for themselves; `short`: what shops gave though it was no longer there."""

    balances: Balances
    short: dict[str, int] = field(repr=False)


@dataclass(frozen=True, slots=True)
class NewLine:
    """A line of a shop's ledger on its way into the central one."""

    id: bytes
    instrument: Instrument
    delta: int
    why: Why


def take(
    conn: Connection,
    keys: Keys,
    body: wire.WalletMoved,
    *,
    shop_id: str,
    device_id: str,
    number: Number,
    at_ms: int,
    now_ms: int,
) -> bytes:
    """Count a line that a shop wrote; whose balance it is. Raises Refused for what cannot be counted.

    A line whose balance would go below zero is kept, because the customer has what was given: the balance stays
    at zero and the line says by how much it fell short.
    """
    customer_id = bytes.fromhex(body.customer_id)
    if not customers.exists(conn, customer_id):
        raise _refused("no such customer", code="UNKNOWN_CUSTOMER")
    if shop_id not in customers.shops_of(conn, customer_id):
        raise _refused("the customer is of another shop", code="NOT_RESIDENT")
    line = NewLine(bytes.fromhex(body.line_id), body.instrument, body.delta, body.why)
    count(conn, keys, customer_id, line, device_id=device_id, number=number, at_ms=at_ms, now_ms=now_ms)
    return customer_id


def count(
    conn: Connection,
    keys: Keys,
    customer_id: bytes,
    line: NewLine,
    *,
    device_id: str,
    number: Number,
    at_ms: int,
    now_ms: int,
) -> None:
    """Seal the balance anew with the line in it, once a line. Raises Refused (NO_INSTRUMENT, BAD_SEAL)."""
    held = tables.trait(conn, customer_id, line.instrument)
    try:
        key = _key(conn, keys, customer_id)
        value = _open(key, customer_id, held) if held else None
    except Corrupt:
        raise _refused("the customer's balance does not open", code="BAD_SEAL") from None
    balance = balance_of(line.instrument, value)
    if held is None or balance is None:
        raise _refused(f"the customer has no {line.instrument}", code="NO_INSTRUMENT")
    twice = tables.has(conn, line.id)
    total = add(balance, 0 if twice else line.delta)
    value = with_counted(with_balance(line.instrument, value, total.balance), device_id, number)
    (trait,) = people.seal_traits(
        key, customer_id, traits={held.name: value}, ver=held.ver + 1, now_ms=now_ms
    )
    tables.put_trait(conn, customer_id, trait)
    if not twice:
        row = {"device_id": device_id, "epoch": number[0], "seq": number[1], "line_id": line.id}
        row |= {"customer_id": customer_id, "instrument": line.instrument, "delta": line.delta}
        tables.add(conn, row | {"short": total.short, "why": line.why, "at_ms": at_ms})


def rows(conn: Connection, customer_ids: Iterable[bytes]) -> list[Line]:
    """The customers' rows anew, for every shop they are resident in."""
    lines = []
    for customer_id in customer_ids:
        ver, traits = tables.raise_ver(conn, customer_id), tables.traits(conn, customer_id)
        lines += [
            feed.customer(shop_id, customer_id, ver=ver, traits=traits)
            for shop_id in customers.shops_of(conn, customer_id)
        ]
    return lines


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
