"""Customers' keys are kept apart from the copies of the database, and shorter: no copy tells who was erased.

A key never changes. So the keys of the last night open every older copy, but for those who were erased since.
"""

import asyncio
import os
import re
from collections.abc import Iterator, Set
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge.kit.errors import Corrupt, StoreError
from edge.kit.seal import derive, key_place, seal, unseal
from edge.kit.sql import Connection
from sync import wire
from sync.hub.config import Keys
from sync.hub.devices import shop_key_of
from sync.hub.tables import keys as tables
from sync.hub.tables import people

if TYPE_CHECKING:
    from sync.hub.store import Store

SLICE: Final = 2_000  # keys a transaction
_LINE: Final = re.compile(
    r"(?P<id>[0-9a-f]{32}) (?P<wrapped>[0-9a-f]{120})\n", re.ASCII
)  # nonce, 32 bytes, tag
FILE: Final = "hub.keys"  # beside hub.db while a copy is put back; afterwards it is taken away


def leave_out(conn: Connection, file: Path) -> None:
    """Move all keys out of a copy of the database into `file`: a line each, id and sealed key in hex."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as lines:
        for customer_id, wrapped in tables.every(conn):
            lines.write(f"{customer_id.hex()} {wrapped.hex()}\n")
        lines.flush()
        os.fsync(lines.fileno())
    tables.leave_out(conn)


def refuse_copy(conn: Connection, file: Path) -> None:
    """Raise StoreError (KEYS_APART) where a copy was put back and not begun with: served as it is, it could open
    nobody's balance, and would refuse for good what shops say of them."""
    if file.exists():
        refuse_nobodys(conn, file)
        raise StoreError(
            f"{file.name} lies beside the database: a copy was put back and not begun with",
            code="KEYS_APART",
            hint=f"start with --restored; where the database is no copy, take {file.name} away",
        )
    if tables.is_bare(conn):
        raise _apart("the database is a copy without customers' keys")


def refuse_without(database: Path, file: Path) -> None:
    """Raise StoreError (KEYS_APART) where keys were put back and no database: one would be made, and nobody in it."""
    if file.exists() and not database.exists():
        raise _apart(f"{file.name} lies there and no {database.name}: putting back was cut short")


def refuse_nobodys(conn: Connection, file: Path) -> None:
    """Raise StoreError (KEYS_APART) where `file` holds keys and the database has nobody: served as put back, it would
    tell every shop that there are no customers."""
    if holds_nobody(conn, file):
        raise _apart(
            f"{file.name} holds customers' keys and the database has no customer: it is not their copy"
        )


def holds_nobody(conn: Connection, file: Path) -> bool:
    """Whether the database has nobody, and the file keys."""
    return tables.is_nobodys(conn) and next(_read(file), None) is not None


async def put_back(db: "Store", keys: Keys, file: Path) -> None:
    """Take the keys in, of those who are there, and seal them for the shops again; raises StoreError if any lacks,
    and then nothing was changed.

    A slice a transaction: five million keys would hold everything else for minutes, and all of them in memory. Cut
    half-way, it is done again from the start, and comes to the same.
    """
    if without := await db.view(lacking, keys, file):
        raise _apart(f"{without} customers in the database have no key")
    lines = _read(file)
    while some := await asyncio.to_thread(lambda: list(islice(lines, SLICE))):
        await db.apply(_put_some, some)
    after: tuple[str, int] | None = ("", 0)
    while after is not None:
        after = await db.apply(_seal_some, keys, after=after)


def lacking(conn: Connection, keys: Keys, file: Path, *, but: Set[bytes] = frozenset()) -> int:
    """How many customers, not counting `but`, would have no key with those of `file`; raises StoreError for what is
    no file of keys of this hub."""
    count, spared = tables.lacking(conn), set(but)
    lines = _read(file)
    while some := list(islice(lines, SLICE)):
        _opened(keys, some[0])
        count -= tables.would_help(conn, [customer_id for customer_id, _ in some])
        spared -= {customer_id for customer_id, _ in some}
    return max(0, count - len(spared))


def _opened(keys: Keys, line: tuple[bytes, bytes]) -> None:
    customer_id, wrapped = line
    try:
        unseal(keys.hub_kek, wrapped, key_place(customer_id))
    except Corrupt:
        raise StoreError(
            "the customers' keys are sealed with another hub_kek than this hub's",
            code="KEYS_APART",
            hint="give the hub_kek that belongs to that backup, then try again",
        ) from None


def _apart(message: str) -> StoreError:
    hint = f"`welkom restore`; or put the newest hub-….keys beside it as {FILE}, and start with --restored"
    return StoreError(message, code="KEYS_APART", hint=hint)


def _put_some(conn: Connection, some: list[tuple[bytes, bytes]]) -> None:
    there = people.hold(conn, [customer_id for customer_id, _ in some])
    tables.put(conn, [each for each in some if each[0] in there])


def _seal_some(conn: Connection, keys: Keys, *, after: tuple[str, int]) -> tuple[str, int] | None:
    """Seal keys for the shops after (part, seq); where to go on, None at the end."""
    found = tables.left_out(conn, after=after, most=SLICE)
    shops: dict[str, bytes] = {}
    rows = []
    for each in found:
        shop = wire.shop_of(each.part)
        if shop not in shops:
            shops[shop] = derive(shop_key_of(conn, keys, shop), "key-transport")
        place = key_place(each.customer_id)
        key = unseal(keys.hub_kek, each.wrapped, place)
        rows.append((each.part, each.seq, msgspec.json.encode(wire.Key(seal(shops[shop], key, place)))))
    tables.fill(conn, rows)
    return (found[-1].part, found[-1].seq) if found else None


def _read(file: Path) -> Iterator[tuple[bytes, bytes]]:
    """(customer, key as it is kept) of each line; of a file that is not there nothing."""
    if not file.exists():
        return
    with open(file, encoding="ascii", errors="replace") as lines:
        for number, line in enumerate(lines, 1):
            if (of := _LINE.fullmatch(line)) is None:
                raise _apart(f"line {number} of {file.name} is no key of a customer, or half of one")
            yield bytes.fromhex(of["id"]), bytes.fromhex(of["wrapped"])
