"""What this box knows of its hub: every statement about it."""

from collections.abc import Sequence
from sqlite3 import Connection


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
    conn.execute("UPDATE hub SET epoch=?", (hub_epoch,))


def forget_replica(conn: Connection) -> None:
    """Drop all that came from the hub, cursors included: everything is fetched again."""
    names = conn.execute("SELECT name FROM replica.sqlite_schema WHERE type='table'").fetchall()
    for (name,) in names:
        conn.execute(f"DELETE FROM replica.{name}")
