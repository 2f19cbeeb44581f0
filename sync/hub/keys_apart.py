"""Customers' keys are kept apart from the copies of the database, and shorter: no copy tells who was erased.

A key never changes. So the keys of the last night open every older copy, but for those who were erased since.
"""

import asyncio
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from edge.kit.errors import StoreError
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
FILE: Final = "hub.keys"  # beside hub.db while a copy is put back; afterwards it is taken away


def leave_out(conn: Connection, file: Path) -> None:
    """Move all keys out of a copy of the database into `file`: a line each, id and sealed key in hex."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as lines:
        for customer_id, wrapped in tables.every(conn):
            lines.write(f"{customer_id.hex()} {wrapped.hex()}\n")
        lines.flush()
        os.fsync(lines.fileno())
    tables.leave_out(conn)


async def put_back(db: "Store", keys: Keys, file: Path) -> None:
    """Take the keys in, of those who are there, and seal them for the shops again; raises StoreError if any lacks.

    A slice a transaction: five million keys would hold everything else for minutes, and all of them in memory. Cut
    half-way, it is done again from the start, and comes to the same.
    """
    lines = _read(file)
    while some := await asyncio.to_thread(lambda: list(islice(lines, SLICE))):
        await db.apply(_put_some, some)
    if lacking := await db.view(tables.lacking):
        raise StoreError(
            f"{lacking} customers in the database have no key",
            code="KEYS_APART",
            hint=f"put the newest hub-….keys beside hub.db as {FILE}, then start with --restored again",
        )
    after: tuple[str, int] | None = ("", 0)
    while after is not None:
        after = await db.apply(_seal_some, keys, after=after)


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
    with open(file, encoding="ascii") as lines:
        for line in lines:
            customer_id, _, wrapped = line.strip().partition(" ")
            yield bytes.fromhex(customer_id), bytes.fromhex(wrapped)
