"""PostgreSQL as this house uses it: plain functions in transactions, on a few threads with a connection each.

An act is the same plain function as on SQLite (edge.kit.sqlite) with the same text of its statements (edge.kit.sql).
Transactions are READ COMMITTED: what an act reads in order to change it, it takes first (`/*! FOR UPDATE */`). What
loses against another transaction all the same is run again whole, a bounded number of times. Nothing is sent twice
whose COMMIT may have arrived: who asked is told, and asks again.
"""

import asyncio
import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

import psycopg
from psycopg import pq

from edge.kit.errors import Corrupt, DiskFull, StoreError
from edge.kit.migrate import Migration
from edge.kit.postgres_session import (
    NOTHING,
    Again,
    Lost,
    Native,
    Session,
    Taken,
    connector,
    in_our_words,
    said,
)
from edge.kit.sql import Connection, Cursor, Parameters, ddl_for_postgres

T = TypeVar("T")
P = ParamSpec("P")
Act = Callable[[Connection], T]

TRIES: Final = (
    8  # of one transaction; the chance to lose as often against others is nil, a bug of ours is not
)
_REST_S: Final = 0.02  # before the second try, at most; twice as long before each further one
_MOMENT_MS: Final = 300  # so long `attempt` waits for a row; many times what a transaction takes
# How transactions begin: what holds for one alone goes the same way to the server.
_BEGIN: Final = b"BEGIN"
_BRIEFLY: Final = b"BEGIN; SET LOCAL lock_timeout TO %d" % _MOMENT_MS
_NOTED: Final = b"BEGIN; SET LOCAL synchronous_commit TO off"
_AT_ONE_MOMENT: Final = b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"


class _Lane:
    """A few threads and as many connections; what waits for its turn waits here and not at the server."""

    def __init__(self, connect: Callable[[], Native], threads: int, name: str) -> None:
        self._connect = connect
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._idle: list[Native] = []
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def take(self, *, new: bool = False) -> Native:
        """An idle connection, or a `new` one, which takes the place of an idle one."""
        with self._lock:
            native = self._idle.pop() if self._idle else None
        if native is not None and not new:
            return native
        if native is not None:
            native.close()
        return self._connect()

    def give(self, native: Native | None) -> None:
        """Take a connection back; one that is gone takes the idle ones along: a restart ended them too."""
        if native is None:
            return
        with self._lock:
            if not native.closed:
                self._idle.append(native)
                return
            stale, self._idle = self._idle, []
        for each in stale:
            each.close()

    def close(self) -> None:
        self._executor.shutdown(wait=True)
        for native in self._idle:
            native.close()
        self._idle = []


class Postgres:
    """One database with `writers` and `readers` threads. Open with `Postgres.open`, end with `close`."""

    def __init__(self, connect: Callable[[], Native], *, writers: int, readers: int) -> None:
        self._writing = _Lane(connect, writers, "postgres-write")
        self._reading = _Lane(connect, readers, "postgres-read")
        self._here = _Here(connect)

    @classmethod
    async def open(
        cls,
        url: str,
        migrations: Sequence[Migration],
        *,
        password: str | None = None,
        writers: int = 4,
        readers: int = 4,
    ) -> tuple[Self, tuple[int, int]]:
        """Connect, and bring the tables up to date; the store, and their version before and after.

        Raises ConfigError for a URL that is none, StoreError when the server does not answer.
        """
        store = cls(connector(url, password=password), writers=writers, readers=readers)
        try:
            return store, await store._writing.run(partial(store._migrate, migrations))
        except BaseException:
            await store.close()
            raise

    async def apply(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run `act` in one transaction; what it returned, after COMMIT. Raises StoreError, DiskFull."""
        return await self._writing.run(partial(self._transact, lambda conn: act(conn, *args, **kwargs)))

    async def attempt(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `apply`, but once: raises StoreError S09 where others are in the way for more than a moment."""
        whole = partial(self._transact, lambda conn: act(conn, *args, **kwargs), begin=_BRIEFLY, tries=1)
        return await self._writing.run(whole)

    async def note(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `apply`, for what a power cut may forget: COMMIT does not wait for the disk."""
        whole = partial(self._transact, lambda conn: act(conn, *args, **kwargs), begin=_NOTED)
        return await self._writing.run(whole)

    async def read(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act that only reads; each of its statements sees what was committed by then."""
        return await self._reading.run(partial(self._look, lambda conn: act(conn, *args, **kwargs), b""))

    async def view(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act that only reads, all of it at one moment."""
        whole = partial(self._look, lambda conn: act(conn, *args, **kwargs), _AT_ONE_MOMENT)
        return await self._reading.run(whole)

    def _transact(self, act: Act[T], *, begin: bytes = _BEGIN, tries: int = TRIES) -> T:
        lost = False
        for attempt in range(1, TRIES + 1):
            native: Native | None = None
            try:
                native = self._writing.take(new=lost)
                return _whole(native, act, begin)
            except (Again, Taken) as error:
                if attempt >= tries:
                    raise _given_up(error, tries) from None
            except Lost as error:
                # Nothing was asked to be committed yet. The second try has a connection of its own: one that was in
                # use meanwhile may lack what was prepared on it (`DEALLOCATE ALL`) as this one did.
                if attempt > 1:
                    raise _gone(error) from None
                lost = True
            except sqlite3.IntegrityError:
                raise  # a broken rule of ours is a bug and should be seen as one
            except sqlite3.Error as error:
                raise _store_error(error) from None
            finally:
                self._writing.give(native)
            time.sleep(random.uniform(0, _REST_S * 2 ** min(attempt, 5)))
        raise AssertionError("unreachable")

    def _look(self, act: Act[T], begin: bytes) -> T:
        for attempt in (1, 2):
            native: Native | None = None
            try:
                native = self._reading.take(new=attempt > 1)
                if not begin:
                    return act(Session(native))
                with in_our_words(native):
                    native.statements.say(begin)
                try:
                    return act(Session(native))
                finally:
                    with suppress(psycopg.Error):
                        native.statements.say(b"ROLLBACK")
            except Lost as error:
                if native is not None:
                    native.close()
                if attempt == 2:
                    raise _gone(error) from None
            except sqlite3.Error as error:
                raise _store_error(error) from None
            finally:
                self._reading.give(native)
        raise AssertionError("unreachable")

    def _migrate(self, migrations: Sequence[Migration]) -> tuple[int, int]:
        """As edge.kit.migrate; the version is a row that processes which start together take in turn."""
        before = self._transact(_version)
        if before > len(migrations):
            raise Corrupt(
                f"the database has schema {before}, this program knows {len(migrations)}",
                code="S03",
                hint="install the newer version again, or restore a backup of before the update",
            )
        while self._transact(partial(_step, migrations)):
            pass
        return before, len(migrations)

    @property
    def reader(self) -> Connection:
        """For a point read where nothing can be awaited; it keeps the event loop for a way to the server and back."""
        return self._here

    async def close(self) -> None:
        for lane in (self._writing, self._reading):
            await asyncio.to_thread(lane.close)
        self._here.close()


class _Here:
    """A connection of its own for reads on the event loop, had anew when it was lost."""

    def __init__(self, connect: Callable[[], Native]) -> None:
        self._connect = connect
        self._native: Native | None = None

    def execute(self, sql: str, parameters: Parameters = NOTHING, /) -> Cursor:
        for attempt in (1, 2):
            try:
                if self._native is None or self._native.closed:
                    self._native = self._connect()
                return Session(self._native).execute(sql, parameters)
            except Lost as error:
                self.close()
                if attempt == 2:
                    raise _gone(error) from None
            except sqlite3.Error as error:
                raise _store_error(error) from None
        raise AssertionError("unreachable")

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Cursor:
        raise sqlite3.ProgrammingError("this connection only reads")

    def close(self) -> None:
        if self._native is not None:
            self._native.close()
            self._native = None


def _whole(native: Native, act: Act[T], begin: bytes) -> T:
    """`begin`, run `act` and COMMIT. Raises StoreError where the COMMIT may have arrived and its answer did not."""
    try:
        with in_our_words(native):
            native.statements.say(begin)
        result = act(Session(native))
        if native.pgconn.transaction_status == pq.TransactionStatus.INERROR:
            raise Again("an error was passed over")  # COMMIT would roll back, and say that all is well
    except BaseException as error:
        with suppress(psycopg.Error):
            native.rollback()
        if isinstance(error, Lost):
            native.close()
        raise
    try:
        native.statements.say(b"COMMIT")
    except psycopg.Error as error:
        known = said(error, native)
        if not isinstance(known, Lost):
            raise known from None
        native.close()
        raise StoreError(
            "the database was lost while a change was on its way",
            code="S08",
            hint="ask again: what came through is not done twice",
        ) from None
    return result


def _version(conn: Connection) -> int:
    """The number of the last migration applied, in a table that is made when it is not there."""
    conn.execute(
        """
        CREATE TABLE IF NOT EXISTS schema_version
            (id BIGINT PRIMARY KEY CHECK (id = 1), version BIGINT NOT NULL)
        """
    )
    conn.execute("INSERT INTO schema_version (id, version) VALUES (1, 0) ON CONFLICT (id) DO NOTHING")
    (version,) = conn.execute("SELECT version FROM schema_version WHERE id=1 /*! FOR UPDATE */").fetchone()
    return int(version)


def _step(migrations: Sequence[Migration], conn: Connection) -> bool:
    """Apply the next migration; False when there is none."""
    version = _version(conn)
    if version >= len(migrations):
        return False
    assert isinstance(conn, Session)
    conn.script(ddl_for_postgres(migrations[version].sql))
    conn.execute("UPDATE schema_version SET version=:version WHERE id=1", {"version": version + 1})
    return True


def _gone(error: sqlite3.Error) -> StoreError:
    return StoreError(
        f"the database cannot be reached: {error}",
        code="S08",
        hint="see whether PostgreSQL runs and lets the hub in; shops keep what they have and try again",
    )


def _given_up(error: sqlite3.Error, tries: int) -> sqlite3.Error | StoreError:
    if isinstance(error, Taken) and tries > 1:
        return error  # the row is there, however often one looks: a broken rule of ours
    return StoreError(f"the database is too busy: {error}", code="S09", hint="ask again in a moment")


def _store_error(error: sqlite3.Error) -> StoreError:
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
        return DiskFull("the database has no room left", code="S01", hint="free disk space; nothing was lost")
    return StoreError(
        f"the database failed: {error}", code="S00", hint="see the log of the PostgreSQL server"
    )
