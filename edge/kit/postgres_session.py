"""One connection to PostgreSQL as an act sees it: edge.kit.sql.Connection over psycopg, errors in sqlite3's words."""

import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Self

import psycopg
from psycopg.adapt import Transformer
from psycopg.conninfo import conninfo_to_dict
from psycopg.types.numeric import NumericBinaryLoader

from edge.kit.postgres_statement import Statements
from edge.kit.sql import Cursor, Parameters, changes, for_changes, for_postgres, for_rows

NOTHING: Final[Parameters] = {}
CONNECT_S: Final = 5
# Rows in one statement: from there on more of them are no quicker, and a COPY is nowhere.
AT_ONCE: Final = 64
FEW: Final = 8
# A statement of an act takes milliseconds; a catalogue slice for 500 shops takes seconds.
SETTINGS: Final = {
    "client_encoding": "utf8",
    "default_transaction_isolation": "read committed",
    "statement_timeout": "60s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
    # On flash and in memory a step of an index is no dearer than the next page; believed to be four times as dear, a
    # plan of when the tables were empty reads them whole until they are analysed.
    "random_page_cost": "1.1",
    "jit": "off",  # before there are statistics it compiles 20 ms for a statement of one
}
# A line that died without a word is given up after this; TCP itself would wait for a quarter of an hour.
_LINE: Final = {
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}
# Where the server says that a table was changed under a statement prepared before; the words are in its language.
_STALE: Final = "RevalidateCachedQuery"


class Lost(sqlite3.OperationalError):
    """The connection is gone, or what was prepared on it, or it cannot be had."""


class Again(sqlite3.OperationalError):
    """Another transaction was in the way: run this one again, whole."""


class Taken(sqlite3.IntegrityError):
    """A row with this key is there already: perhaps since a moment ago."""


class _Whole(NumericBinaryLoader):
    """A sum of bigint is numeric; here it is a whole number, as on SQLite."""

    def load(self, data: Any) -> int:  # type: ignore[override]
        number = super().load(data)
        if not number.is_finite() or number != int(number):
            raise psycopg.DataError("a number that is not whole")
        return int(number)


class Native(psycopg.Connection[tuple[Any, ...]]):
    """A connection and its statements."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.adapters.register_loader("numeric", _Whole)
        self.statements = Statements(self.pgconn, Transformer(self))


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
        said, names = for_postgres(sql)
        with in_our_words(self._native):
            rows, count = self._native.statements.ask(said, [parameters[name] for name in names])
        return _Cursor(iter(rows), count)

    def script(self, sql: str) -> None:
        """Several statements without parameters, one after another."""
        with in_our_words(self._native):
            self._native.execute(sql)

    def executemany(self, sql: str, parameters: Iterable[Parameters], /) -> Cursor:
        given = list(parameters)
        count, first = 0, 0
        if for_rows(sql, 1):
            while some := given[first : first + _width(len(given) - first)]:
                count += self._at_once(for_rows(sql, len(some)), some)
                first += len(some)
        elif (key := changes(sql)) and _is_one_each(key, given):
            while some := given[first : first + AT_ONCE]:
                count += self._changed(sql, some)
                first += len(some)
        else:
            count = sum(self.execute(sql, row).rowcount for row in given)
        return _Cursor(iter(()), count)

    def _changed(self, sql: str, some: list[Parameters]) -> int:
        nothing = frozenset(name for name in some[0] if all(row[name] is None for row in some))
        said = [
            *some,
            *some[-1:] * ((1 << (len(some) - 1).bit_length()) - len(some)),
        ]  # as `edge.kit.sql.spread`
        return self._at_once(for_changes(sql, len(said), nothing), said)

    def _at_once(self, several: tuple[bytes, tuple[str, ...]] | None, rows: Sequence[Parameters]) -> int:
        assert several is not None
        said, names = several
        with in_our_words(self._native):
            return self._native.statements.ask(said, [row[name] for row in rows for name in names])[1]


def _is_one_each(key: Sequence[str], given: Sequence[Parameters]) -> bool:
    """Whether several are given, each of another row. None equals nothing, and alone it is of no type."""
    found = {tuple([row[name] for name in key]) for row in given}
    return len(found) == len(given) > 1 and not any(None in each for each in found)


def _width(rows: int) -> int:
    """How many of so many rows go in one INSERT: each width is a statement of its own, so there are a dozen."""
    return rows if rows <= FEW else min(AT_ONCE, 1 << (rows.bit_length() - 1))


@contextmanager
def in_our_words(native: Native) -> Generator[None, None, None]:
    """psycopg's errors as sqlite3's. Their texts quote rows, so nothing of them is kept but the kind."""
    try:
        yield
    except psycopg.Error as error:
        raise said(error, native) from None


def said(error: psycopg.Error, native: Native | None) -> sqlite3.Error:
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
            # CREATE … IF NOT EXISTS, where another made it between its look and its own making.
            | psycopg.errors.DuplicateObject()
            | psycopg.errors.DuplicateTable()
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
            | psycopg.errors.InvalidSqlStatementName()
        ):
            return Lost(kind)
        case psycopg.errors.FeatureNotSupported() if error.diag.source_function == _STALE:
            return Lost(kind)
    if isinstance(error, psycopg.OperationalError) and (native is None or native.closed):
        return Lost(kind)
    return sqlite3.DatabaseError(kind)


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
            native = Native.connect(  # prepared is by Statements: psycopg would DEALLOCATE ALL
                **line,  # type: ignore[arg-type]
                password=password,
                autocommit=True,
                prepare_threshold=None,
            )
            native.execute("; ".join(f"SET {name} TO '{value}'" for name, value in SETTINGS.items()))
        except psycopg.Error as error:
            # Words of the server about who may connect; nothing of a row is in them.
            raise Lost(str(error).strip().splitlines()[0][:200]) from None
        return native

    return connect
