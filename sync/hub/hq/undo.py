"""Takes an import back, as long as nothing newer touched its rows; else says which."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Final

import msgspec

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from edge.recognition.rules import outer
from edge.wallet.rules import INSTRUMENTS, balance_of
from sync import wire
from sync.hub import books, catalogue, feed, opening, people, wallet
from sync.hub.config import Keys
from sync.hub.devices import shop_key_of
from sync.hub.hq import agreed, put, whom
from sync.hub.tables import catalogue as goods
from sync.hub.tables import feed as partitions
from sync.hub.tables import imports as tables
from sync.hub.tables import people as customers
from sync.hub.tables import staff as members
from sync.hub.tables import wallet as purses
from sync.hub.tables.feed import Line, Moved
from sync.hub.tables.imports import Before

SLICE: Final = 500
MOST_NAMED: Final = 5
_GOODS: Final = frozenset(("product", "stock", "staff"))


@dataclass(frozen=True, slots=True)
class Left:
    """Rows that something newer changed: how many, and the first of them. An import may have a million."""

    rows: int = 0
    first: tuple[Before, ...] = ()

    def and_(self, more: Sequence[Before]) -> "Left":
        return Left(self.rows + len(more), (*self.first, *more)[:MOST_NAMED])


def touched(conn: Connection, rows: Sequence[Before]) -> list[Before]:
    """The rows that something newer changed; a product that came by them and was counted since is one."""
    came = [row.id for row in rows if row.t == "product" and row.before is None]
    counted = goods.counted(conn, came) if came else set()
    return [
        row
        for row in rows
        if not _is_ours(conn, row) or (row.t == "product" and row.before is None and row.id in counted)
    ]


def take_back(
    conn: Connection, keys: Keys, number: int, *, rows: Sequence[Before], now_ms: int, skip: bool = False
) -> list[Moved]:
    """Make these rows of an import what they were; one that was touched meanwhile is left (`skip`), else Refused."""
    _hold(conn, rows)
    newer = touched(conn, rows)
    if newer and not skip:
        raise refused(number, Left().and_(newer))
    rows = [row for row in rows if row not in newer] if newer else rows
    lines: list[Line] = []
    purse: dict[bytes, None] = {}
    numbers = ((number, seq) for seq in count(purses.last(conn, books.UNDO, number) + 1))
    for row in rows:
        match row.t:
            case "customer":
                lines += _customer(conn, keys, row, numbers=numbers, now_ms=now_ms)
            case "product":
                lines += catalogue.restored(conn, row.id, d=row.before)
            case "stock":
                shop_id, _, item = row.id.partition("/")
                lines += catalogue.recounted(conn, shop_id, item, d=row.before)
            case "staff":
                lines += put.staff_lines(conn, row.id, row.before)
            case _:
                customer = bytes.fromhex(row.id)
                was = None if row.before is None else msgspec.json.decode(row.before, type=wire.Trait)
                _balance(conn, keys, customer, row.t, was, number=next(numbers), now_ms=now_ms)
                purse[customer] = None
    tables.drop_rows(conn, number, rows)
    lines += wallet.rows(conn, purse)
    tables.lift(conn, number, _raised(conn, number, rows, purse))
    return partitions.publish(conn, lines)


def named(left: Left) -> str:
    """The first of these rows, for a person; ids of customers are opaque, so they may be said."""
    more = left.rows - len(left.first)
    return ", ".join(f"{row.t} {row.id}" for row in left.first) + (f" and {more} more" if more else "")


def refused(number: int, left: Left) -> Refused:
    """Why an import is not taken back."""
    return Refused(
        f"import {number} cannot be taken back: {named(left)} changed since",
        code="IMPORT_TOUCHED",
        hint="nothing was changed; correct those rows by a new import, or take all but those back, at the hub: "
        f"`welkom import undo {number} --skip-touched --config hub.toml`, or `?skip_touched=true` of a program",
    )


def _hold(conn: Connection, rows: Sequence[Before]) -> None:
    """Take what these rows are about until COMMIT: goods and staff first, customers after them."""
    if any(row.t in _GOODS for row in rows):
        goods.hold(conn)
    customers.hold(conn, {bytes.fromhex(row.id) for row in rows if row.t not in _GOODS})


def _is_ours(conn: Connection, row: Before) -> bool:
    ver = _ver(conn, row)
    if row.t == "customer":
        customer = bytes.fromhex(row.id)
        if row.before is None:
            return ver is None or not customers.is_known(conn, customer, ver=row.ver)
        return ver in (None, row.ver)
    return ver == row.ver or (row.t not in _GOODS and not customers.exists(conn, bytes.fromhex(row.id)))


def _ver(conn: Connection, row: Before) -> int | None:
    """The version of a row as it is now, None where there is none."""
    match row.t:
        case "customer":
            return customers.version(conn, bytes.fromhex(row.id))
        case "product":
            return _version(goods.product(conn, row.id))
        case "stock":
            return _version(goods.stock(conn, *row.id.split("/", 1)))
        case "staff":
            return _version(members.member(conn, row.id))
        case _:
            held = purses.trait(conn, bytes.fromhex(row.id), row.t)
            return held.ver if held else None


def _raised(
    conn: Connection, number: int, rows: Sequence[Before], purse: Iterable[bytes]
) -> Iterator[tables.Raised]:
    """What the import and its end did to the versions of rows that other imports noted too.

    Balances raised the customer's own row as well: once, however many of them it set.
    """
    for row in rows:
        if (ver := _ver(conn, row)) is not None:
            yield tables.Raised(row.t, row.id, came=1, back=ver - row.ver)
    ids = [customer.hex() for customer in purse]
    left = tables.left(conn, number, ids)
    for id_ in ids:
        yield tables.Raised("customer", id_, came=0 if id_ in left else 1, back=1)


def _version(held: tuple[int, bytes | None] | None) -> int | None:
    return held[0] if held else None


def _customer(
    conn: Connection, keys: Keys, row: Before, *, numbers: Iterator[tuple[int, int]], now_ms: int
) -> list[Line]:
    customer = bytes.fromhex(row.id)
    if not customers.exists(conn, customer):
        return []  # erased meanwhile: there is nothing to take back
    if row.before is None:
        for book in (books.IMPORT, books.UNDO):
            purses.take_out(conn, customer, device_id=book)
        return people.take_out(conn, customer)
    was = msgspec.json.decode(row.before, type=put.WasCustomer)
    for name, trait in was.traits.items():
        if name in INSTRUMENTS:
            _balance(conn, keys, customer, name, trait, number=next(numbers), now_ms=now_ms)
        else:
            _trait(conn, keys, customer, name, trait, now_ms=now_ms)
    lines = agreed.take_back(conn, customer, was.agreed)
    for each in was.cards:
        hash_ = bytes.fromhex(each)
        for shop_id in customers.shops_of(conn, customer):
            outer_hash = outer(shop_key_of(conn, keys, shop_id), hash_)
            lines.append(feed.no_card(shop_id, customer, outer_hash=outer_hash))
        customers.take_back_credential(conn, hash_)
    for shop_id in was.shops:
        customers.move_out(conn, customer, shop_id)
        lines += feed.departure(shop_id, customer)
    return lines + wallet.rows(conn, [customer])


def _balance(
    conn: Connection,
    keys: Keys,
    customer: bytes,
    name: str,
    was: wire.Trait | None,
    *,
    number: tuple[int, int],
    now_ms: int,
) -> None:
    held = purses.trait(conn, customer, name)
    if held is None or not customers.exists(conn, customer):
        return
    key = whom.key_of(conn, keys, customer)
    now = balance_of(name, whom.value_of(key, customer, held)) or 0
    before = balance_of(name, whom.value_of(key, customer, was)) if was else 0
    delta = (before or 0) - now
    why = opening.WHY if was is None else put.CORRECTION
    put.book(
        conn, customer, number=number, instrument=name, delta=delta, now_ms=now_ms, device=books.UNDO, why=why
    )
    _trait(conn, keys, customer, name, was, now_ms=now_ms)


def _trait(
    conn: Connection, keys: Keys, customer: bytes, name: str, was: wire.Trait | None, *, now_ms: int
) -> None:
    """A trait as it was, under a new version: an old seal belongs to its old place."""
    held = purses.trait(conn, customer, name)
    if was is None or held is None:
        purses.drop_trait(conn, customer, name)
        return
    key = whom.key_of(conn, keys, customer)
    value = whom.value_of(key, customer, was)
    (trait,) = people.seal_traits(key, customer, traits={name: value}, ver=held.ver + 1, now_ms=now_ms)
    purses.put_trait(conn, customer, trait)
