"""What this box knows of its hub: every statement about it."""

from collections.abc import Sequence
from sqlite3 import Connection


def keys(conn: Connection) -> tuple[str, ...]:
    """The hub's public keys that this box believes, hex: current and next; none before it met its hub."""
    return tuple(each for each in conn.execute("SELECT key, next_key FROM hub").fetchone() if each)


def pin(conn: Connection, keys: Sequence[str]) -> None:
    current, after = keys
    conn.execute("UPDATE hub SET key=?, next_key=?", (current, after))
