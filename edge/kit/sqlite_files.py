"""The files under a database: their logs are emptied, they are written anew, and one takes another's place."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

from edge.kit import sweeping
from edge.kit.errors import Corrupt, DiskFull, StoreError, disk_error
from edge.kit.sqlite_open import BUSY_MS, attach_read_only, attach_writable, is_busy, store_error
from edge.kit.sqlite_writer import Writer, patient

_SCRUB_MS: Final = 200  # a tap waits as long for the writer; what could not be emptied is asked for again


def _forced(conn: sqlite3.Connection, *, schema: str) -> None:
    """A commit that says nothing new and waits for the disk: the log up to it is there then too."""
    (version,) = conn.execute(f"PRAGMA {schema}.user_version").fetchone()
    (level,) = conn.execute(f"PRAGMA {schema}.synchronous").fetchone()
    conn.execute(f"PRAGMA {schema}.synchronous=FULL")
    try:
        with patient(conn):
            conn.execute(f"PRAGMA {schema}.user_version={version}")
    finally:
        conn.execute(f"PRAGMA {schema}.synchronous={level}")


class Files:
    """What a writer and a reader have open; `Database` writes in it, and here is what becomes of the files."""

    def __init__(
        self,
        writer: Writer,
        reader: sqlite3.Connection,
        files: dict[str, Path],
        *,
        at_once_bytes: int = sweeping.AT_ONCE_BYTES,
    ) -> None:
        """`files` by schema; `main` is ours alone. Larger than `at_once_bytes` together they wait for a night to be
        written anew."""
        self._writer = writer
        self._files = files
        self._file = files["main"].name
        self.reader: sqlite3.Connection = reader
        self.damage = asyncio.Event()  # set when SQLite found a file damaged
        self.unscrubbed = False  # what was deleted may still stand in a log
        self._at_once_bytes = at_once_bytes
        self._owed = 0  # how often a sweep was promised; counted on the writer's thread

    def met(self, error: sqlite3.Error) -> StoreError:
        """What a reader met, as one of our errors; damage is remembered."""
        known = store_error(error, self._file)
        if isinstance(known, Corrupt):
            self.damage.set()
        return known

    async def scrub(self) -> None:
        """Empty the write-ahead logs into their files: what was deleted is then overwritten everywhere.

        While somebody reads from a log it cannot be emptied: then `unscrubbed` stays set, and the clockwork asks
        again. Raises StoreError, as where there is no room for it.
        """
        self.unscrubbed = True

        def empty(conn: sqlite3.Connection) -> bool:
            with patient(conn, _SCRUB_MS):
                (busy, _, _) = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return bool(busy)

        try:
            self.unscrubbed = await self._writer.run(empty)
        except sqlite3.Error as error:
            if is_busy(error):
                return
            raise self.met(error) from None

    async def force(self, schema: str) -> None:
        """As `scrub`; and all that was committed to the attached `schema` is on its disk when this returns, also
        while somebody reads from its log. Raises StoreError."""
        await self.scrub()
        if self.unscrubbed:
            try:
                await self._writer.run(partial(_forced, schema=schema))
            except sqlite3.Error as error:
                raise self.met(error) from None

    async def owe_sweep(self) -> None:
        """Before rows of people are deleted: the files are to be written anew, whatever happens until then."""
        await self._writer.run(self._owe)

    def _owe(self, _: sqlite3.Connection) -> None:
        self._owed += 1
        try:
            sweeping.owe(self._files["main"])
        except OSError as error:
            raise disk_error(error, self._file) from None

    async def sweep_small(self) -> None:
        """After rows of people were deleted: empty the logs, and write small files anew at once."""
        await self.scrub()
        await self.owe_sweep()  # another sweep may have run between the promise and the deletion
        with suppress(DiskFull):  # what was deleted is deleted: the next round says that there is no room
            await self.sweep(most=self._at_once_bytes)

    async def sweep(self, *, most: int | None = None) -> None:
        """Where it is owed write the files anew, if they are not larger than `most` bytes together; nobody writes
        meanwhile. What was deleted then stands in no byte of them. It stays owed while another process writes. Large
        files wait for the next night once they were begun in this one, whatever came of it. Raises StoreError, also
        where there is no room: it takes as much again.
        """
        main, promised = self._files["main"], -1

        def anew(conn: sqlite3.Connection) -> bool:
            nonlocal promised
            promised = self._owed
            size = sweeping.size(self._files.values())
            if not sweeping.owed(main) or (most is not None and size > most):
                return False
            if large := size > self._at_once_bytes:
                if not sweeping.rested(main):
                    return False
                sweeping.begun(main)
            with patient(conn, BUSY_MS if most is None else _SCRUB_MS):
                sweeping.rewrite(conn, self._files, large=main.parent if large else None)
            return True

        def settle(_: sqlite3.Connection) -> None:
            sweeping.paid(main, again=promised != self._owed)

        try:
            done = await self._writer.run(anew)
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
                return
            raise self.met(error) from None
        if done:
            await self.scrub()
            if not self.unscrubbed:
                await self._writer.run(settle)

    async def sweep_late(self) -> None:
        """As `sweep`, at any hour: large files only where the promise is so old that a night went by without it."""
        late = sweeping.late(self._files["main"])
        await self.sweep(most=None if late else self._at_once_bytes)

    async def replace(self, schema: str, path: Path, put: Callable[[], None]) -> None:
        """Let `put` lay another file in the place of the attached `path`, and go on with that one.

        Reads are answered throughout: by the old file until the new one is attached. The old one's log is emptied
        first and gone when `put` has returned, so that no frame of it is ever taken for the new file's. Raises
        StoreError when a reader elsewhere holds on to that log, or `put` could not: then the old file stays.
        """

        def exchange(conn: sqlite3.Connection) -> None:
            with patient(conn):
                (busy, _, _) = conn.execute(f"PRAGMA {schema}.wal_checkpoint(TRUNCATE)").fetchone()
            if busy:
                raise StoreError(f"{path.name} is being read", code="S10", hint="it is tried again by itself")
            conn.execute(f"DETACH DATABASE {schema}")
            try:
                put()
            except OSError as error:
                raise StoreError(
                    f"{path.name} cannot be replaced ({error.strerror})",
                    code="S05",
                    hint="run `welkom doctor`",
                ) from None
            finally:
                attach_writable(conn, schema, path)

        await self._writer.run(exchange)
        self._read_from(schema, path)

    def _read_from(self, schema: str, path: Path) -> None:
        self.reader.execute(f"DETACH DATABASE {schema}")
        attach_read_only(self.reader, schema, path)
