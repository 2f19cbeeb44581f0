"""SQLite as this house uses it: one writer on a thread of its own, read-only readers beside it.

A write is a plain function `act(conn, …) -> list[Fact]`. The writer runs it whole inside one transaction,
lets `record` note what happened, commits, and only then hands the facts back. No `await` can get inside,
so a cancelled caller never leaves a transaction open (over an async transaction it did, 5 to 28 times in 300).
"""

import asyncio
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Concatenate, Final, Generic, NoReturn, ParamSpec, Protocol, TypeVar

import aiosqlite

from edge.kit import sweeping
from edge.kit.errors import Corrupt, DiskFull, StoreError, disk_error
from edge.kit.sqlite_open import BUSY_MS, attach_read_only, attach_writable, open_both
from edge.kit.sqlite_open import open_reader as open_reader
from edge.kit.sqlite_open import open_writer as open_writer
from edge.kit.sqlite_open import store_error as store_error

F = TypeVar("F")
R = TypeVar("R")
T = TypeVar("T")
P = ParamSpec("P")
# Notes what happened, inside the transaction; the outbox sequence of the last fact.
Record = Callable[[sqlite3.Connection, list[F]], int]

_SCRUB_MS: Final = 200  # a tap waits as long for the writer; what could not be emptied is asked for again
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


@contextmanager
def _patient(conn: sqlite3.Connection, most_ms: int = BUSY_MS) -> Iterator[None]:
    """Inside, wait for another process that writes: the writer's thread has the time, the loop has not."""
    conn.execute(f"PRAGMA busy_timeout={most_ms}")
    try:
        yield
    finally:
        conn.execute("PRAGMA busy_timeout=0")


class Writer(Protocol):
    """Who runs functions on the one read-write connection, each whole and in the order in which they were asked."""

    asked: int  # functions handed over
    ended: int  # functions it is through with

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection; for the loop only while the writer is `idle`."""

    @property
    def idle(self) -> bool: ...
    def start(self, function: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]": ...
    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T: ...
    async def close(self) -> None: ...


class _Writer(aiosqlite.Connection):
    """aiosqlite's thread, used for whole functions instead of single statements: one hop a transaction."""

    asked = 0  # functions handed to the thread, counted by the loop
    ended = 0  # functions it is through with, counted by the thread

    @property
    def conn(self) -> sqlite3.Connection:
        """The connection that the thread works on; for the loop only while the thread is `idle`."""
        if not self._running or self._connection is None:
            raise ValueError("the store is closed")
        return self._connection

    @property
    def idle(self) -> bool:
        return self.ended == self.asked

    def start(self, function: Callable[[sqlite3.Connection], T]) -> "asyncio.Future[T]":
        """Hand `function` to the thread; it is on its way when this returns."""
        conn = self.conn

        def run() -> T:
            try:
                return function(conn)
            finally:
                self.ended += 1

        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self.asked += 1
        self._tx.put_nowait((future, run))
        return future

    async def run(self, function: Callable[[sqlite3.Connection], T]) -> T:
        return await self.start(function)


class Database(Generic[F]):
    """One journal, its attached replica, and whoever reads them. Open with `Database.open`, end with `close`."""

    def __init__(
        self, writer: Writer, reader: sqlite3.Connection, record: Record[F], *, files: dict[str, Path]
    ) -> None:
        self._writer = writer
        self._record = record
        self._files = files  # by schema; `main` is ours alone
        self._file = files["main"].name
        self.on_facts: Callable[[], None] | None = None  # called after each COMMIT that had facts
        self.damage = asyncio.Event()  # set when SQLite found a file damaged
        self.listeners: list[Callable[[Sequence[F]], None]] = []  # told those facts; they return at once
        self.reader: sqlite3.Connection = reader
        self.unscrubbed = False  # what was deleted may still stand in a log
        self._owed = 0  # how often a sweep was promised; counted on the writer's thread
        self._commit_s = 0.0  # how long commits take lately
        self._here = 0

    @classmethod
    async def open(
        cls, path: Path, *, attach: dict[str, Path], record: Record[F], synchronous: str = "FULL"
    ) -> "Database[F]":
        """Open `path` (already migrated) with `attach` beside it, for one writer and for in-loop point reads."""
        writer = _Writer(partial(open_both, path, attach=attach, synchronous=synchronous), 64)
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

    def met(self, error: sqlite3.Error) -> StoreError:
        """What a reader met, as one of our errors; damage is remembered."""
        known = store_error(error, self._file)
        if isinstance(known, Corrupt):
            self.damage.set()
        return known

    def _transact(self, change: Callable[[sqlite3.Connection], T], conn: sqlite3.Connection) -> T:
        try:
            if not self._begins(conn):
                with _patient(conn):
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

    async def scrub(self) -> None:
        """Empty the write-ahead logs into their files: what was deleted is then overwritten everywhere.

        While somebody reads from a log it cannot be emptied: then `unscrubbed` stays set, and the clockwork asks
        again. Raises StoreError, as where there is no room for it.
        """
        self.unscrubbed = True

        def empty(conn: sqlite3.Connection) -> bool:
            with _patient(conn, _SCRUB_MS):
                (busy, _, _) = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return bool(busy)

        try:
            self.unscrubbed = await self._writer.run(empty)
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
            await self.sweep(most=sweeping.AT_ONCE_BYTES)

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
            if large := size > sweeping.AT_ONCE_BYTES:
                if not sweeping.rested(main):
                    return False
                sweeping.begun(main)
            with _patient(conn, BUSY_MS if most is None else _SCRUB_MS):
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
        await self.sweep(most=None if late else sweeping.AT_ONCE_BYTES)

    async def replace(self, schema: str, path: Path, put: Callable[[], None]) -> None:
        """Let `put` lay another file in the place of the attached `path`, and go on with that one.

        Reads are answered throughout: by the old file until the new one is attached. The old one's log is emptied
        first and gone when `put` has returned, so that no frame of it is ever taken for the new file's. Raises
        StoreError when a reader elsewhere holds on to that log, or `put` could not: then the old file stays.
        """

        def exchange(conn: sqlite3.Connection) -> None:
            with _patient(conn):
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
        self.reader.execute(f"DETACH DATABASE {schema}")
        attach_read_only(self.reader, schema, path)

    async def force_commits(self, forced: bool) -> None:
        """Whether COMMIT waits for the disk; only a bench ever turns that off."""
        level = "FULL" if forced else "OFF"
        await self._writer.run(lambda conn: conn.execute(f"PRAGMA main.synchronous={level}"))

    async def close(self) -> None:
        self.reader.close()
        await asyncio.shield(self._writer.close())
