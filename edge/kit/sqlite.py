"""SQLite as this house uses it: one writer on a thread of its own, read-only readers beside it.

A write is a plain function `act(conn, …) -> list[Fact]`. The writer runs it whole inside one transaction,
lets `record` note what happened, commits, and only then hands the facts back. No `await` can get inside,
so a cancelled caller never leaves a transaction open (over an async transaction it did, 5 to 28 times in 300).
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Concatenate, Final, Generic, NoReturn, ParamSpec, TypeVar

from edge.kit import sweeping
from edge.kit.errors import Corrupt
from edge.kit.sqlite_files import Files
from edge.kit.sqlite_open import open_both
from edge.kit.sqlite_open import open_reader as open_reader
from edge.kit.sqlite_open import open_writer as open_writer
from edge.kit.sqlite_open import store_error as store_error
from edge.kit.sqlite_writer import ThreadWriter, Writer, patient

F = TypeVar("F")
R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")
# Notes what happened, inside the transaction; the outbox sequence of the last fact.
Record = Callable[[sqlite3.Connection, list[F]], int]

# The way to the writer's thread and back takes a quarter of a millisecond; who waits longer than this for a disk
# should do it where nobody else waits. An SSD takes 0.1 to 1 ms, an SD card 5 to 50.
_QUICK_S: Final = 0.002
# Commits of a tap, ten pages each, that stay well below the 1,000 pages at which SQLite empties the log by itself.
_TIDY_EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class Committed(Generic[F]):
    """What a write did, on disk by now; `seq` is the outbox number of its last fact, 0 without facts."""

    facts: list[F]
    seq: int


class Database(Files, Generic[F]):
    """One journal, its attached replica, and whoever reads them. Open with `Database.open`, end with `close`."""

    def __init__(
        self,
        writer: Writer,
        reader: sqlite3.Connection,
        record: Record[F],
        *,
        files: dict[str, Path],
        at_once_bytes: int = sweeping.AT_ONCE_BYTES,
    ) -> None:
        super().__init__(writer, reader, files, at_once_bytes=at_once_bytes)
        self._record = record
        self.on_facts: Callable[[], None] | None = None  # called after each COMMIT that had facts
        self.listeners: list[Callable[[Sequence[F]], None]] = []  # told those facts; they return at once
        self._commit_s = 0.0  # how long commits take lately
        self._otherwise_s = 0.0  # and took when `force_commits` last said otherwise
        self._here = 0

    @classmethod
    async def open(
        cls, path: Path, *, attach: dict[str, Path], record: Record[F], synchronous: str = "FULL"
    ) -> "Database[F]":
        """Open `path` (already migrated) with `attach` beside it, for one writer and for in-loop point reads."""
        writer = ThreadWriter(partial(open_both, path, attach=attach, synchronous=synchronous), 64)
        try:
            await writer
        except BaseException as error:
            # aiosqlite tells its thread to stop and does not wait; it must not outlive the loop it reports to.
            await asyncio.to_thread(writer._thread.join)
            if isinstance(error, sqlite3.Error):
                raise store_error(error, path.name) from None
            raise
        try:
            reader = open_reader(path, attach=attach)
        except sqlite3.Error as error:
            await writer.close()
            raise store_error(error, path.name) from None
        return cls(writer, reader, record, files={"main": path, **attach})

    async def write(
        self,
        act: Callable[Concatenate[sqlite3.Connection, P], Sequence[F]],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> Committed[F]:
        """Run `act` and `record` in one transaction on the writer's thread; what happened, after COMMIT.

        Raises DiskFull, Corrupt or StoreError when SQLite cannot; then nothing happened.
        """

        def whole(conn: sqlite3.Connection) -> Committed[F]:
            facts = list(act(conn, *args, **kwargs))
            return Committed(facts, self._record(conn, facts) if facts else 0)

        done = await self._run(whole)
        self._happened(done)
        return done

    def _happened(self, done: Committed[F]) -> None:
        if done.facts:
            if self.on_facts is not None:
                self.on_facts()
            for listener in self.listeners:
                listener(done.facts)

    async def write_here(
        self,
        act: Callable[[sqlite3.Connection], Sequence[F]],
        *,
        gather: Callable[[sqlite3.Connection, list[F]], R],
    ) -> tuple[Committed[F], R | None]:
        """As `write`, for an act of a few point reads, without the way to the writer's thread and back.

        It runs here and now, as what tablets ask is read here too; `gather` reads in the same transaction what
        follows from its facts. COMMIT stays here while the disk is quick, and waits on the thread where it is not.
        Nothing is awaited in between, so a cancelled caller leaves nothing open here either. While the writer is
        busy, in this process or another, all but `gather` waits its turn on the thread.
        """
        writer = self._writer
        if not (writer.idle and self._begins(writer.conn)):
            return await self.write(act), None
        try:
            done, gathered = await self._written_here(act, gather)
        except Corrupt:
            self.damage.set()
            raise
        self._happened(done)
        return done, gathered

    async def _written_here(
        self,
        act: Callable[[sqlite3.Connection], Sequence[F]],
        gather: Callable[[sqlite3.Connection, list[F]], R],
    ) -> tuple[Committed[F], R | None]:
        """The transaction that `write_here` has begun."""
        writer, conn = self._writer, self._writer.conn
        try:
            facts = list(act(conn))
            done = Committed(facts, self._record(conn, facts) if facts else 0)
            gathered = gather(conn, facts) if facts else None
            if not facts:
                conn.execute("ROLLBACK")
            elif self._commit_s <= _QUICK_S:
                self._commit(conn)
                writer.asked += 1
                writer.ended += 1
        except BaseException as error:
            self._undo(conn, error)
        if conn.in_transaction:
            await writer.start(self._commit)
        elif facts:
            self._tidy()
        return done, gathered

    def _begins(self, conn: sqlite3.Connection) -> bool:
        """Begin without waiting for another process."""
        try:
            conn.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            return False
        return True

    def _commit(self, conn: sqlite3.Connection) -> None:
        began_s = time.perf_counter()
        try:
            conn.execute("COMMIT")
        except BaseException as error:
            self._undo(conn, error)
        # One slow commit counts for some time: a disk that was busy once is so again.
        self._commit_s = max(time.perf_counter() - began_s, self._commit_s * 0.9)

    def _tidy(self) -> None:
        """Keep the log short from the thread, or SQLite would empty it in the middle of a commit here."""
        self._here += 1
        if self._here % _TIDY_EVERY == 0:

            def empty(conn: sqlite3.Connection) -> None:
                with suppress(sqlite3.Error):  # SQLite does it itself then, a little later
                    conn.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

            self._writer.start(empty)

    @property
    def asked(self) -> int:
        """How many turns on the writer were asked for: the same number twice, and nothing was between."""
        return self._writer.asked

    async def apply(
        self, change: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a change that is no fact of this shop (bookkeeping, a page of the feed) in one transaction."""

        def whole(conn: sqlite3.Connection) -> T:
            return change(conn, *args, **kwargs)

        return await self._run(whole)

    async def forget(
        self, change: Callable[Concatenate[sqlite3.Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `apply`, for a change that deletes where there is something to delete: then a sweep is owed, and that
        is on the disk before COMMIT. Where it changed no row nothing is owed."""

        def whole(conn: sqlite3.Connection) -> T:
            before = conn.total_changes
            result = change(conn, *args, **kwargs)
            if conn.total_changes != before:
                self._owe(conn)
            return result

        return await self._run(whole)

    async def _run(self, whole: Callable[[sqlite3.Connection], T]) -> T:
        try:
            return await self._writer.run(partial(self._transact, whole))
        except Corrupt:
            self.damage.set()
            raise

    def _transact(self, change: Callable[[sqlite3.Connection], T], conn: sqlite3.Connection) -> T:
        try:
            if not self._begins(conn):
                with patient(conn):
                    conn.execute("BEGIN IMMEDIATE")
            result = change(conn)
            conn.execute("COMMIT")
        except BaseException as error:
            self._undo(conn, error)
        return result

    def _undo(self, conn: sqlite3.Connection, error: BaseException) -> NoReturn:
        """Take a transaction back and raise what went wrong in it, SQLite's words as one of ours."""
        if conn.in_transaction:
            with suppress(sqlite3.Error):
                conn.execute("ROLLBACK")
        if isinstance(error, sqlite3.IntegrityError):
            raise error  # a broken rule of ours is a bug and should be seen as one
        if isinstance(error, sqlite3.Error):
            raise store_error(error, self._file) from None
        raise error

    async def force_commits(self, forced: bool) -> None:
        """Whether COMMIT waits for the disk; only a bench ever turns that off."""
        level = "FULL" if forced else "OFF"
        await self._writer.run(lambda conn: conn.execute(f"PRAGMA main.synchronous={level}"))
        # What commits took that waited for a slow disk would send those to the thread that wait for none.
        self._commit_s, self._otherwise_s = self._otherwise_s, self._commit_s

    async def close(self) -> None:
        self.reader.close()
        await asyncio.shield(self._writer.close())
