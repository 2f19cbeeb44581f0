"""What stood in a file before: five million numbers fit on disk and not in memory; only their hashes are kept."""

import sqlite3
from hashlib import blake2b
from types import TracebackType


class Seen:
    """A private, nameless file that goes with this object (SQLite: a temporary on-disk database)."""

    def __init__(self) -> None:
        self._conn = sqlite3.connect("", isolation_level=None)
        self._conn.execute("PRAGMA journal_mode=OFF")
        self._conn.execute("PRAGMA synchronous=OFF")
        # Hashes come in no order: with the usual 2 MB nearly each of ten million would fetch a page of its own.
        self._conn.execute("PRAGMA cache_size=-65536")
        self._conn.execute("CREATE TABLE seen (hash BLOB PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID")
        self._conn.execute("BEGIN")

    def __enter__(self) -> "Seen":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._conn.close()

    def before(self, value: str, *, line: int) -> int | None:
        """The line on which this stood already, None when it is new."""
        key = blake2b(value.encode(), digest_size=16).digest()
        put = "INSERT INTO seen (hash, line) VALUES (?, ?) ON CONFLICT DO NOTHING"
        if self._conn.execute(put, (key, line)).rowcount:
            return None
        (first,) = self._conn.execute("SELECT line FROM seen WHERE hash=?", (key,)).fetchone()
        return int(first)
