"""What this box knows of its hub: every statement about it."""

from collections.abc import Sequence
from sqlite3 import Connection
from typing import Final

from edge.consent.tables import FOREVER_MS

DAY_MS: Final = 86_400_000


def keys(conn: Connection) -> tuple[str, ...]:
    """The hub's public keys that this box believes, hex: current and next; none before it met its hub."""
    return tuple(each for each in conn.execute("SELECT key, next_key FROM hub").fetchone() if each)


def pin(conn: Connection, keys: Sequence[str]) -> None:
    current, after = keys
    conn.execute("UPDATE hub SET key=?, next_key=?", (current, after))


def epoch(conn: Connection) -> int:
    """The hub's epoch as it last said it, 0 before this box met its hub."""
    (known,) = conn.execute("SELECT epoch FROM hub").fetchone()
    return int(known)


def know(conn: Connection, hub_epoch: int) -> None:
    """Know this epoch from now on. Its urgent partition counts anew, and so do the receipts for it."""
    conn.execute("UPDATE hub SET epoch=?, gone_to=0, receipt_to=0", (hub_epoch,))


def gone(conn: Connection, part: str, cursor: int) -> None:
    """Everything that was taken away up to `cursor` is gone here: on the disk before anybody is told."""
    conn.execute(
        """
        UPDATE hub SET gone_to=CASE WHEN gone_part=:part THEN max(gone_to, :cursor) ELSE :cursor END,
            gone_part=:part
        """,
        {"part": part, "cursor": cursor},
    )


def receipt(conn: Connection) -> tuple[str, int] | None:
    """Partition and cursor of the receipt that the hub does not have yet, None when it has it."""
    row = conn.execute("SELECT gone_part, gone_to FROM hub WHERE gone_to>receipt_to").fetchone()
    return (row[0], row[1]) if row else None


def receipted(conn: Connection, cursor: int, *, of_hub: int) -> None:
    """The hub of epoch `of_hub` has the receipt: another one, put back since, counts anew."""
    conn.execute("UPDATE hub SET receipt_to=? WHERE epoch=?", (cursor, of_hub))


def begin_lease(conn: Connection, *, now_ms: int, for_ms: int | None) -> None:
    """At a start: a lease is never longer than the settings say now. `for_ms` None: without a hub there is none."""
    if for_ms is None:
        conn.execute("UPDATE hub SET lease_until_ms=?, heard_ms=0", (FOREVER_MS,))
    else:
        # A lease from before this was kept tells it, by the settings of then or of now.
        conn.execute(
            """
            UPDATE hub SET lease_until_ms=min(lease_until_ms, :now_ms+:for_ms),
                heard_ms=min(CASE heard_ms WHEN 0 THEN lease_until_ms-:for_ms ELSE heard_ms END, :now_ms)
            """,
            {"now_ms": now_ms, "for_ms": for_ms},
        )


def extend_lease(conn: Connection, *, heard_ms: int, for_ms: int) -> None:
    """The hub was heard: until then its "no" would have come."""
    conn.execute("UPDATE hub SET lease_until_ms=?, heard_ms=?", (heard_ms + for_ms, heard_ms))


def heard_ms(conn: Connection) -> int:
    """When the hub was last heard (shop time); of one that never was, when this box first started with it."""
    (at_ms,) = conn.execute("SELECT heard_ms FROM hub").fetchone()
    return int(at_ms)


def lease_until_ms(conn: Connection) -> int:
    (until_ms,) = conn.execute("SELECT lease_until_ms FROM hub").fetchone()
    return int(until_ms)


def forget_some_of_replica(conn: Connection, *, most: int) -> bool:
    """Drop up to `most` rows that came from the hub; whether there are more. Everything is fetched again.

    The cursors go last: whoever is cut half-way is told by the hub to begin again, and does.
    """
    names = [name for (name,) in conn.execute("SELECT name FROM replica.sqlite_schema WHERE type='table'")]
    for name in sorted(names, key=lambda name: name == "feed_cursor"):
        columns = conn.execute(f"PRAGMA replica.table_info({name})").fetchall()
        key = ", ".join(column for _, column, _, _, _, place in columns if place) or "rowid"
        gone = conn.execute(
            f"DELETE FROM replica.{name} WHERE ({key}) IN (SELECT {key} FROM replica.{name} LIMIT ?)", (most,)
        ).rowcount
        if gone == most:
            return True
        most -= gone
    return False
