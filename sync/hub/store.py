"""Where the hub keeps everything: a file of SQLite, or a database of PostgreSQL that several hubs may share.

Either runs the same acts with the same text of every statement. What the hub asks of both is `Store`.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import anyio.to_thread

from edge.kit.errors import Corrupt
from edge.kit.log import Log
from edge.kit.migrate import load, migrate
from edge.kit.sql import Connection
from edge.kit.sqlite import Database, open_reader, open_writer, store_error
from sync.hub.config import Config

FILE: Final = "hub.db"
SMALL_BYTES: Final = 64 << 20  # read through at every start: a quarter of a second
LOOK_BYTES: Final = (
    4 << 30
)  # after a stop that was none; a larger file would outlast what systemd waits for a start
MIGRATIONS: Final = files("sync.hub") / "schema"
P = ParamSpec("P")
T = TypeVar("T")


class Store(Protocol):
    """Runs plain functions `act(conn, …)`; raises StoreError when the store cannot."""

    shared: bool  # whether other processes may serve from it at the same time

    @property
    def reader(self) -> Connection:
        """For a point read where nothing can be awaited; anywhere else `read`."""

    async def apply(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act in one transaction; what it returned, after COMMIT. It may be run again whole."""

    async def attempt(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `apply`, but raises StoreError S09 where another process is in the way for more than a moment."""

    async def forget(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `apply`, for an act that deletes people's rows where there are any: then, and not else, `sweep` is owed,
        and no crash forgets that."""

    async def note(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `apply`, for what a power cut may forget: its end waits for no disk where that can be had."""

    async def read(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act of a few point reads; what it returns must not read on."""

    async def view(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run an act that reads much, all of it as of one moment and beside the event loop."""

    async def version(self) -> Any:
        """Another value whenever another process committed to a partition."""

    async def clock_ms(self, own_ms: int) -> int:
        """The time now by the one clock of all who serve from the store; `own_ms` where nobody else does."""

    async def scrub(self) -> None:
        """Overwrite what was deleted also where it was written ahead."""

    async def owe_sweep(self) -> None:
        """Before rows of people are deleted: see `sweep`."""

    async def sweep_small(self) -> None:
        """After it: overwrite them in every byte, unless that would hold others up for long."""

    async def sweep(self, *, most: int | None = None) -> None:
        """Overwrite in every byte whatever was deleted since the last time, where the store is not larger than
        `most` bytes; nobody writes meanwhile."""

    async def close(self) -> None: ...


class OnSqlite:
    """`hub.db` in the state folder: one process writes it; another may import beside it."""

    shared = False

    def __init__(self, db: Database[Any], path: Path) -> None:
        self._db = db
        self._path = path

    async def apply(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._db.apply(act, *args, **kwargs)

    async def attempt(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._db.apply(act, *args, **kwargs)

    async def forget(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._db.forget(act, *args, **kwargs)

    async def note(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        return await self._db.apply(act, *args, **kwargs)

    @property
    def reader(self) -> Connection:
        return self._db.reader

    async def read(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        try:
            return act(self._db.reader, *args, **kwargs)  # some 10 µs: a thread would take thirty times that
        except sqlite3.DatabaseError as error:
            raise self._db.met(error) from None

    async def view(
        self, act: Callable[Concatenate[Connection, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        def look() -> T:
            try:
                with closing(open_reader(self._path)) as conn:
                    conn.execute("BEGIN")
                    return act(conn, *args, **kwargs)
            except sqlite3.DatabaseError as error:
                raise store_error(error, self._path.name) from None

        return await anyio.to_thread.run_sync(look)

    async def version(self) -> Any:
        return self._db.reader.execute("PRAGMA data_version").fetchone()

    async def clock_ms(self, own_ms: int) -> int:
        return own_ms

    async def scrub(self) -> None:
        await self._db.scrub()

    async def owe_sweep(self) -> None:
        await self._db.owe_sweep()

    async def sweep_small(self) -> None:
        await self._db.sweep_small()

    async def sweep(self, *, most: int | None = None) -> None:
        await self._db.sweep(most=most)

    async def close(self) -> None:
        await self._db.close()


def _log_of(path: Path) -> int:
    """Bytes of what was written ahead and not taken into the file: whoever closes it leaves none."""
    log = path.with_name(path.name + "-wal")
    return log.stat().st_size if log.exists() else 0


def _look(conn: sqlite3.Connection) -> None:
    """Raise Corrupt for a file that is damaged anywhere: served on, the damage would be found by a customer."""
    (verdict,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise Corrupt(
            f"{FILE} is damaged",
            code="S02",
            hint="keep the file; put the newest copy back with `welkom restore`: shops say again what that lacks",
        )


async def open_store(config: Config, *, log: Log, look: bool = False) -> Store:
    """The store that the settings name, brought up to date; raises StoreError.

    `look`: a file that was not closed, or that is small, is read through first.
    """
    store: Store
    if config.database:
        from sync.hub.on_postgres import OnPostgres  # its driver is loaded for those who have one

        file = "database"
        store, (before, after) = await OnPostgres.open(
            config.database, load(MIGRATIONS), password=config.database_password
        )
    else:
        file = FILE
        config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = config.state / FILE
        unclean = _log_of(path) > 0
        try:
            with closing(open_writer(path)) as conn:
                if look and path.stat().st_size <= (LOOK_BYTES if unclean else SMALL_BYTES):
                    _look(conn)
                before, after = migrate(conn, load(MIGRATIONS), file=FILE)
        except sqlite3.DatabaseError as error:
            raise store_error(error, FILE) from None
        db: Database[Any] = await Database.open(path, attach={}, record=lambda conn, facts: 0)
        store = OnSqlite(db, path)
    if before != after:
        log("migrated", file=file, from_version=before, to_version=after)
    return store
