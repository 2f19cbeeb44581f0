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
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any, Concatenate, Final, ParamSpec, Self, TypeVar

import psycopg
from psycopg import pq
from psycopg.adapt import Loader
from psycopg.conninfo import conninfo_to_dict

from edge.kit.errors import Corrupt, DiskFull, StoreError
from edge.kit.migrate import Migration
from edge.kit.sql import Connection, Cursor, Parameters, ddl_for_postgres, for_copy, for_psycopg

T = TypeVar("T")
P = ParamSpec("P")
Act = Callable[[Connection], T]
Native = psycopg.Connection[tuple[Any, ...]]

NOTHING: Final[Parameters] = {}
TRIES: Final = (
    8  # of one transaction; the chance to lose as often against others is nil, a bug of ours is not
)
_REST_S: Final = 0.02  # before the second try, at most; twice as long before each further one
CONNECT_S: Final = 5
MANY: Final = 8  # rows from which a COPY is quicker than as many INSERTs
# A statement of an act takes milliseconds; a catalogue slice for 500 shops takes seconds.
SETTINGS: Final = {
    "client_encoding": "utf8",
    "default_transaction_isolation": "read committed",
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}
# A line that died without a word is given up after this; TCP itself would wait for a quarter of an hour.
_LINE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}


class Lost(sqlite3.OperationalError):
    """The connection is gone, or cannot be had."""


class Again(sqlite3.OperationalError):
    """Another transaction was in the way: run this one again, whole."""


class Taken(sqlite3.IntegrityError):
    """A row with this key is there already: perhaps since a moment ago."""


class _Whole(Loader):
    """A sum of bigint is numeric; here it is a whole number, as on SQLite."""

    def load(self, data: Any) -> int:
        return int(bytes(data))


class _Cursor:
    """The rows of one statement, as edge.kit.sql.Cursor."""

    __slots__ = ("_rows", "rowcount")

    def __init__(self, rows: Iterator[tuple[Any, ...]], rowcount: int) -> None:
        self._rows = rows
        self.rowcount = rowcount

    def fetchone(self) -> Any:
        return next(self._rows, None)

    def fetchall(self) -> list[Any]:
        return list(self._rows)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Any:
        return next(self._rows)


class Session:
    """One connection as an act sees it: edge.kit.sql.Connection over psycopg."""

    __slots__ = ("_native",)

    def __init__(self, native: Native) -> None:
        self._native = native

    def execute(self, sql: str, parameters: Parameters = NOTHING, /) -> Cursor:
        with _in_our_words(self._native):
            cursor = self._native.execute(for_psycopg(sql), parameters)
            rows = iter(cursor.fetchall()) if cursor.description is not None else iter(())
        return _Cursor(rows, cursor.rowcount)

    def script(self, sql: str) -> None:
        """Several statements without parameters, one after another."""
        with _in_our_words(self._native):
            self._native.execute(sql)

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Cursor:
        given = list(parameters)
        if not given:
            return _Cursor(iter(()), 0)
        copy = for_copy(sql) if len(given) >= MANY else None
        with _in_our_words(self._native), self._native.cursor() as cursor:
            if copy is None:
                cursor.executemany(for_psycopg(sql), given)
                return _Cursor(iter(()), cursor.rowcount)
            with cursor.copy(copy[0]) as stream:
                for row in given:
                    stream.write_row([row[name] for name in copy[1]])
            return _Cursor(iter(()), len(given))


@contextmanager
def _in_our_words(native: Native) -> Generator[None, None, None]:
    """psycopg's errors as sqlite3's. Their texts quote rows, so nothing of them is kept but the kind."""
    try:
        yield
    except psycopg.Error as error:
        raise _said(error, native) from None


def _said(error: psycopg.Error, native: Native | None) -> sqlite3.Error:
    kind = f"{type(error).__name__} {error.sqlstate or ''}".strip()
    match error:
        case psycopg.errors.UniqueViolation():
            return Taken(f"{kind} {error.diag.constraint_name or ''}")
        case psycopg.IntegrityError():
            return sqlite3.IntegrityError(f"{kind} {error.diag.constraint_name or ''}")
        case (
            psycopg.errors.SerializationFailure()
            | psycopg.errors.DeadlockDetected()
            | psycopg.errors.LockNotAvailable()
            | psycopg.errors.InFailedSqlTransaction()
        ):
            return Again(kind)
        case psycopg.errors.DiskFull():
            full = sqlite3.OperationalError(kind)
            full.sqlite_errorname = "SQLITE_FULL"
            return full
        case (
            psycopg.errors.AdminShutdown()
            | psycopg.errors.CrashShutdown()
            | psycopg.errors.CannotConnectNow()
        ):
            return Lost(kind)
    if isinstance(error, psycopg.OperationalError) and (native is None or native.closed):
        return Lost(kind)
    return sqlite3.DatabaseError(kind)


class _Lane:
    """A few threads and as many connections; what waits for its turn waits here and not at the server."""

    def __init__(self, connect: Callable[[], Native], threads: int, name: str) -> None:
        self._connect = connect
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self._idle: list[Native] = []
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)

    def take(self) -> Native:
        with self._lock:
            if self._idle:
                return self._idle.pop()
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

    async def note(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `apply`, for what a power cut may forget: COMMIT does not wait for the disk."""

        def noted(conn: Connection) -> T:
            conn.execute("SET LOCAL synchronous_commit TO off")
            return act(conn, *args, **kwargs)

        return await self._writing.run(partial(self._transact, noted))

    async def read(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act that only reads; each of its statements sees what was committed by then."""
        return await self._reading.run(partial(self._look, lambda conn: act(conn, *args, **kwargs), ""))

    async def view(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act that only reads, all of it at one moment."""
        begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
        return await self._reading.run(partial(self._look, lambda conn: act(conn, *args, **kwargs), begin))

    def _transact(self, act: Act[T]) -> T:
        for attempt in range(1, TRIES + 1):
            native: Native | None = None
            try:
                native = self._writing.take()
                return _whole(native, act)
            except (Again, Taken) as error:
                if attempt == TRIES:
                    raise _given_up(error) from None
            except Lost as error:
                # Nothing was asked to be committed yet; connections that a restart of the server left behind are
                # all found by the second try.
                if attempt > 1:
                    raise _gone(error) from None
            except sqlite3.IntegrityError:
                raise  # a broken rule of ours is a bug and should be seen as one
            except sqlite3.Error as error:
                raise _store_error(error) from None
            finally:
                self._writing.give(native)
            time.sleep(random.uniform(0, _REST_S * 2 ** min(attempt, 5)))
        raise AssertionError("unreachable")

    def _look(self, act: Act[T], begin: str) -> T:
        for attempt in (1, 2):
            native: Native | None = None
            try:
                native = self._reading.take()
                if not native.autocommit:
                    native.autocommit = True
                if not begin:
                    return act(Session(native))
                with _in_our_words(native):
                    native.execute(begin)
                try:
                    return act(Session(native))
                finally:
                    with suppress(psycopg.Error):
                        native.execute("ROLLBACK")
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
                    self._native.autocommit = True
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


def connector(url: str, *, password: str | None = None) -> Callable[[], Native]:
    """What opens a connection to `url`; raises ValueError for a text that is none, or that holds a password."""
    try:
        words = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        raise ValueError("is no URL of a PostgreSQL database") from None
    if "password" in words:
        raise ValueError("holds a password; it belongs into a credential")
    line = {"connect_timeout": CONNECT_S, "application_name": "welkom-hub", **_LINE, **words}

    def connect() -> Native:
        try:
            native = psycopg.connect(**line, password=password, autocommit=True)  # type: ignore[arg-type]
            native.execute("; ".join(f"SET {name} TO '{value}'" for name, value in SETTINGS.items()))
        except psycopg.Error as error:
            # Words of the server about who may connect; nothing of a row is in them.
            raise Lost(str(error).strip().splitlines()[0][:200]) from None
        native.adapters.register_loader("numeric", _Whole)
        native.autocommit = False
        return native

    return connect


def _whole(native: Native, act: Act[T]) -> T:
    """Run `act` and COMMIT. Raises StoreError where the COMMIT may have arrived and its answer did not."""
    try:
        result = act(Session(native))
        if native.info.transaction_status == pq.TransactionStatus.INERROR:
            raise Again("an error was passed over")  # COMMIT would roll back, and say that all is well
    except BaseException as error:
        with suppress(psycopg.Error):
            native.rollback()
        if isinstance(error, Lost):
            native.close()
        raise
    try:
        native.commit()
    except psycopg.Error as error:
        said = _said(error, native)
        if not isinstance(said, Lost):
            raise said from None
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


def _given_up(error: sqlite3.Error) -> sqlite3.Error | StoreError:
    if isinstance(error, Taken):
        return error  # the row is there, however often one looks: a broken rule of ours
    return StoreError(f"the database is too busy: {error}", code="S09", hint="ask again in a moment")


def _store_error(error: sqlite3.Error) -> StoreError:
    if getattr(error, "sqlite_errorname", "") == "SQLITE_FULL":
        return DiskFull("the database has no room left", code="S01", hint="free disk space; nothing was lost")
    return StoreError(
        f"the database failed: {error}", code="S00", hint="see the log of the PostgreSQL server"
    )
