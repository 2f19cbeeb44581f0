"""Whoever was erased leaves the replica, on its disk, before the journal forgets that they had said no.

The replica is forced to the disk only now and then (synchronous=NORMAL): a power cut may give back what it had
forgotten. As long as the journal holds the withdrawals nothing of that is shown.
"""

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Any, Final

from edge.guests import acts as guests
from edge.kit.sqlite import Database
from sync import wire

AT_ONCE: Final = 50  # in one transaction: a tap waits for it


async def leave(db: Database[Any], customer_ids: Sequence[bytes]) -> None:
    """Take them out of the replica in use, wherever its cursors are. Raises StoreError."""
    for start in range(0, len(customer_ids), AT_ONCE):
        await db.apply(_gone, customer_ids[start : start + AT_ONCE])
    if customer_ids:
        await db.force("replica")


def erased(rows: Sequence[wire.Row]) -> list[bytes]:
    """Whom these rows of the feed erase. Raises ValueError where an id is none."""
    return [bytes.fromhex(row.id) for row in rows if row.op == "erase"]


def _gone(conn: Connection, customer_ids: Sequence[bytes]) -> None:
    for customer_id in customer_ids:
        guests.gone(conn, customer_id)
