"""The two database files: brought up to date before anything opens them for good."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from sqlite3 import Connection, DatabaseError, Error
from typing import Final

from edge.kit.errors import Corrupt, StoreError
from edge.kit.log import Log
from edge.kit.migrate import Migration, load, migrate
from edge.kit.sqlite import open_writer, store_error

# A damaged replica steps aside under this name until the hub has sent everything again.
ASIDE: Final = "replica.db.damaged"
# Left by a process that met damage while it ran: the next start looks into the whole file.
SUSPECT: Final = "suspect"
# Looking through this much costs some 0.1 s of a start; a larger replica is looked through when it is suspect.
LOOK_BYTES: Final = 32 << 20


@dataclass(frozen=True, slots=True)
class Files:
    """Both files, ready to be opened; `fetched_again` when the replica was damaged and is empty now."""

    journal: Path
    replica: Path
    fetched_again: bool = False
    set_aside: bool = False  # at this very start


def prepare(state: Path, *, log: Log, mend: bool = False) -> Files:
    """Create or migrate both files in `state`; raises StoreError with what to do when that cannot be.

    A damaged journal is never replaced: it holds facts that nobody else has. A damaged replica is, for the hub has
    it all; but only where `mend` says so, by whoever holds the folder `alone`: another process may be using it.
    """
    _make(state)
    journal, replica, suspect = state / "journal.db", state / "replica.db", state / SUSPECT
    if _holds_nothing(journal) and not _holds_nothing(replica):
        raise StoreError(
            f"{journal.name} is gone or empty, though this shop has worked before",
            code="S07",
            hint="put its backup back; only if it is lost for good, move replica.db away and start again",
        )
    _prepare(journal, "journal", synchronous="FULL", look=True, log=log)
    set_aside = False
    look = suspect.exists() or (replica.exists() and replica.stat().st_size <= LOOK_BYTES)
    try:
        _prepare(replica, "replica", synchronous="NORMAL", look=look, log=log)
    except Corrupt as error:
        if error.code != "S02":
            raise
        if not mend:
            raise Corrupt(
                f"{replica.name} is damaged",
                code="S02",
                hint="start Welkom (again): it sets that file aside and begins a new one",
            ) from None
        _step_aside(replica, log=log)
        set_aside = True
        _prepare(replica, "replica", synchronous="NORMAL", look=False, log=log)
    if mend:
        suspect.unlink(missing_ok=True)
    return Files(journal, replica, fetched_again=(state / ASIDE).exists(), set_aside=set_aside)


def _make(state: Path) -> None:
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(state, error) from None


def _unusable(state: Path, error: OSError) -> StoreError:
    return StoreError(
        f"{state}: cannot be made or written ({error.strerror})",
        code="S05",
        hint="give the service user that folder",
    )


def suspect(state: Path) -> None:
    """Leave word for the next start that a file of this folder turned out to be damaged."""
    with suppress(OSError):
        (state / SUSPECT).touch()


def whole_again(state: Path) -> None:
    """All was sent or imported again: the damaged replica, with what it still holds of people, goes."""
    (state / ASIDE).unlink(missing_ok=True)


def _holds_nothing(path: Path) -> bool:
    return not path.exists() or path.stat().st_size == 0


def _step_aside(replica: Path, *, log: Log) -> None:
    replica.replace(replica.with_name(ASIDE))
    for companion in ("-wal", "-shm"):
        replica.with_name(replica.name + companion).unlink(missing_ok=True)
    log(
        "replica_set_aside",
        file=replica.name,
        code="S02",
        hint="it is fetched again from the hub, or imported again where there is none; tablets say so",
    )


def _prepare(path: Path, schema: str, *, synchronous: str, look: bool, log: Log) -> None:
    fresh = not path.exists()
    conn = open_writer(path, synchronous=synchronous)
    try:
        if look and not fresh:
            _check(conn, path)
        before, after = migrate(conn, _migrations(schema), file=path.name)
        if before != after:
            log("migrated", file=path.name, from_version=before, to_version=after)
    except DatabaseError as error:
        raise store_error(error, path.name) from None
    finally:
        conn.close()


@cache
def _migrations(schema: str) -> list[Migration]:
    return load(files("edge.schema") / schema)


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
    _make(state)
    try:
        file = open(state / "lock", "a", encoding="ascii")  # noqa: SIM115
    except OSError as error:
        raise _unusable(state, error) from None
    with file as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StoreError(
                f"{state}: another appliance works in this folder",
                code="S06",
                hint="stop it first, or give this one its own folder",
            ) from None
        yield
