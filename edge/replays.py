"""What one reader alone has to remember so that no recording works twice: counters of cards, passes seen.

For `welkom watch` without an appliance behind it; there the recognition's own transaction decides
(edge/recognition/marks). Identifiers are kept as keyed digests only, and the file is its owner's: the key
stands beside them, which makes an identifier hard to read back, not impossible.
"""

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from drivers.reader import Sighting, Token
from edge.kit.errors import Corrupt, StoreError
from edge.kit.sqlite import store_error

APPLICATION: Final = 0x77617463  # SQLite's application_id: "watc"
VERSION: Final = 1
BUSY_MS: Final = 5000
KEPT: Final = 100_000  # cryptograms; the oldest go first
SCHEMA: Final = (
    "CREATE TABLE salt (salt BLOB NOT NULL)",
    "CREATE TABLE counter (card BLOB PRIMARY KEY, ctr INTEGER NOT NULL) WITHOUT ROWID",
    "CREATE TABLE seen (n INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE)",
)


class Replays:
    """Remembers in `path`, or as long as it lives; raises StoreError. One call at a time, from any thread."""

    def __init__(self, path: Path | None = None) -> None:
        self._name = str(path or "memory")
        try:
            if path is not None:
                os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._conn = sqlite3.connect(
                path or ":memory:", isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000
            )
            self._conn.execute("PRAGMA synchronous=FULL")
            self._salt = self._begin()
        except sqlite3.Error as error:
            raise self._trouble(error) from None
        except OSError:
            raise self._no_file() from None

    def close(self) -> None:
        self._conn.close()

    def judge(self, sighting: Sighting) -> Sighting:
        """The sighting, or `replayed` in its place; what counts is on disk before this returns."""
        token = sighting.token
        if token is None:
            return sighting
        ctr = token.about.get("ctr") if token.kind == "sun" else None
        if ctr is None and not token.unique:
            return sighting
        try:
            with self._transaction():
                is_new = self._seen(token) if ctr is None else self._counted(token, int(ctr))
        except sqlite3.Error as error:
            raise self._trouble(error) from None
        return sighting if is_new else replace(sighting, token=None, outcome="replayed")

    def _counted(self, token: Token, ctr: int) -> bool:
        """Only a counter above the card's last one is new (nfc.md 4.3: strictly)."""
        changed = self._conn.execute(
            "INSERT INTO counter (card, ctr) VALUES (?1, ?2)"
            " ON CONFLICT (card) DO UPDATE SET ctr = excluded.ctr WHERE excluded.ctr > ctr",
            (self._digest(token.kind, token.value), ctr),
        )
        return changed.rowcount == 1

    def _seen(self, token: Token) -> bool:
        added = self._conn.execute(
            "INSERT INTO seen (digest) VALUES (?) ON CONFLICT (digest) DO NOTHING",
            (self._digest(token.kind, token.unique),),
        )
        self._conn.execute("DELETE FROM seen WHERE n <= (SELECT MAX(n) FROM seen) - ?", (KEPT,))
        return added.rowcount == 1

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.digest(self._salt, f"{kind}\0{value}".encode(), hashlib.sha256)[:16]

    def _begin(self) -> bytes:
        """The salt of a file that is whole and ours; an empty one is made so."""
        with self._transaction():
            (application,) = self._conn.execute("PRAGMA application_id").fetchone()
            (version,) = self._conn.execute("PRAGMA user_version").fetchone()
            (tables,) = self._conn.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()
            if (application, version, tables) == (0, 0, 0):
                for statement in SCHEMA:
                    self._conn.execute(statement)
                self._conn.execute("INSERT INTO salt (salt) VALUES (?)", (secrets.token_bytes(32),))
                self._conn.execute(f"PRAGMA application_id={APPLICATION}")
                self._conn.execute(f"PRAGMA user_version={VERSION}")
            elif application != APPLICATION or version != VERSION:
                raise self._not_ours()
        if self._conn.execute("PRAGMA quick_check").fetchone() != ("ok",):
            raise self._not_ours()
        found = self._conn.execute("SELECT salt FROM salt").fetchone()
        if found is None:
            raise self._not_ours()
        return bytes(found[0])

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._conn.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._conn.execute("ROLLBACK")
            raise
        self._conn.execute("COMMIT")

    def _not_ours(self) -> StoreError:
        return Corrupt(
            f"{self._name} is damaged, or no state of `welkom watch`",
            code="S02",
            hint="put its copy back; or name another file, and every card's counter starts anew",
        )

    def _trouble(self, error: sqlite3.Error) -> StoreError:
        found = store_error(error, self._name)
        if isinstance(found, Corrupt):
            return self._not_ours()
        if "CANTOPEN" in str(found) or "READONLY" in str(found):
            return self._no_file()
        return found

    def _no_file(self) -> StoreError:
        return StoreError(
            f"{self._name}: cannot be opened to write",
            code="S05",
            hint="name a file in a folder that exists and is yours",
        )
