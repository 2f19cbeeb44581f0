"""Customers' keys are kept apart from the copies of the database, and shorter: no copy tells who was erased.

A key never changes. So the keys of the last night open every older copy, but for those who were erased since.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import msgspec

from edge.kit.errors import StoreError
from edge.kit.seal import derive, key_place, seal, unseal
from edge.kit.sql import Connection
from sync import wire
from sync.hub.config import Keys
from sync.hub.devices import shop_key_of
from sync.hub.tables import keys as tables
from sync.hub.tables import people

FILE: Final = "hub.keys"  # beside hub.db while a copy is put back; afterwards it is taken away


def leave_out(conn: Connection, file: Path) -> None:
    """Move all keys out of a copy of the database into `file`: a line each, id and sealed key in hex."""
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as lines:
        for customer_id, wrapped in tables.every(conn):
            lines.write(f"{customer_id.hex()} {wrapped.hex()}\n")
        lines.flush()
        os.fsync(lines.fileno())
    tables.leave_out(conn)


def put_back(conn: Connection, keys: Keys, file: Path) -> None:
    """Take the keys in, of those who are there, and seal them for the shops again; raises StoreError if any lacks."""
    if file.exists():
        there = set(people.ids(conn))
        tables.put(conn, (each for each in _read(file) if each[0] in there))
    if lacking := tables.lacking(conn):
        raise StoreError(
            f"{lacking} customers in the database have no key",
            code="KEYS_APART",
            hint=f"put the newest hub-….keys beside hub.db as {FILE}, then start with --restored again",
        )
    held, shops, rows = dict(tables.every(conn)), dict[str, bytes](), []
    for part, seq, customer_id in tables.left_out(conn):
        shop = wire.shop_of(part)
        if shop not in shops:
            shops[shop] = derive(shop_key_of(conn, keys, shop), "key-transport")
        place = key_place(customer_id)
        key = unseal(keys.hub_kek, held[customer_id], place)
        rows.append((part, seq, msgspec.json.encode(wire.Key(seal(shops[shop], key, place)))))
    tables.fill(conn, rows)


def _read(file: Path) -> Iterator[tuple[bytes, bytes]]:
    with open(file, encoding="ascii") as lines:
        for line in lines:
            customer_id, _, wrapped = line.strip().partition(" ")
            yield bytes.fromhex(customer_id), bytes.fromhex(wrapped)
