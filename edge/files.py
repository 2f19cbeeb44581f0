"""The two database files: brought up to date before anything opens them for good."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from sqlite3 import Connection, DatabaseError, Error

from edge.kit.errors import Corrupt, StoreError
from edge.kit.log import Log
from edge.kit.migrate import load, migrate
from edge.kit.sqlite import open_writer, store_error


@dataclass(frozen=True, slots=True)
class Files:
    journal: Path
    replica: Path


def prepare(state: Path, *, log: Log) -> Files:
    """Create or migrate both files in `state`; raises StoreError with what to do when one is damaged."""
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(
            f"{state}: cannot be made ({error.strerror})",
            code="S05",
            hint="give the service user that folder",
        ) from None
    _prepare(state / "journal.db", "journal", synchronous="FULL", log=log)
    _prepare(state / "replica.db", "replica", synchronous="NORMAL", log=log)
    return Files(journal=state / "journal.db", replica=state / "replica.db")


def _prepare(path: Path, schema: str, *, synchronous: str, log: Log) -> None:
    fresh = not path.exists()
    conn = open_writer(path, synchronous=synchronous)
    try:
        if schema == "journal" and not fresh:
            _check(conn, path)
        before, after = migrate(conn, load(files("edge.schema") / schema), file=path.name)
        if before != after:
            log("migrated", file=path.name, from_version=before, to_version=after)
    except DatabaseError as error:
        raise store_error(error, path.name) from None
    finally:
        conn.close()


def _check(conn: Connection, path: Path) -> None:
    try:
        (verdict,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    except Error as error:
        raise store_error(error, path.name) from None
    if verdict != "ok":
        raise Corrupt(
            f"{path.name} is damaged",
            code="S02",
            hint="keep the file: it holds facts the hub may not have; run `welkom doctor`",
        )


def high_water_ms(conn: Connection) -> int:
    """The highest instant that has been, from the journal."""
    (mark_ms,) = conn.execute("SELECT high_water_ms FROM clock").fetchone()
    return int(mark_ms)


@contextmanager
def alone(state: Path) -> Iterator[None]:
    """Hold the state folder for this process; raises StoreError when another appliance has it."""
    with open(state / "lock", "a", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(
                f"{state}: another appliance works in this folder",
                code="S06",
                hint="stop it first, or give this one its own folder",
            ) from None
        yield
