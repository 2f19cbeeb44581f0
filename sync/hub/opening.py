"""What somebody has when they come is the first line of their ledger, so that a balance is the sum of its lines."""

import os
from collections.abc import Iterable, Mapping
from typing import Any, Final

from edge.kit.sql import Connection
from edge.wallet.rules import INSTRUMENTS, Why, balance_of
from sync.hub import books
from sync.hub.tables import wallet as tables

WHY: Final[Why] = "opening"


def book(conn: Connection, came: Iterable[tuple[bytes, Mapping[str, Any]]], *, now_ms: int) -> None:
    """Write a line for each balance with which somebody came; none where there is none."""
    found = [
        (customer_id, each, amount, now_ms)
        for customer_id, traits in came
        for each in INSTRUMENTS
        if (amount := balance_of(each, traits.get(each)))
    ]
    write(conn, found)


def write(conn: Connection, found: Iterable[tuple[bytes, str, int, int]]) -> None:
    """Write lines of customer, instrument, amount and instant."""
    # Numbered by chance: two hubs on one database may write in one moment, and neither waits for the other.
    epoch = int.from_bytes(os.urandom(6))
    lines = [
        {
            "device_id": books.OPENING,
            "epoch": epoch,
            "seq": seq,
            "line_id": os.urandom(16),
            "customer_id": customer_id,
        }
        | {"instrument": instrument, "delta": amount, "short": 0, "why": WHY, "at_ms": at_ms}
        for seq, (customer_id, instrument, amount, at_ms) in enumerate(found, 1)
    ]
    tables.add_all(conn, lines)


def take_out(conn: Connection, customer_id: bytes) -> None:
    """As if they had never come."""
    tables.take_out(conn, customer_id, device_id=books.OPENING)
