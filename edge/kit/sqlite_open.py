"""How a file of SQLite is opened here: a writer in WAL mode that overwrites what is deleted, and its readers."""

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge.kit.errors import Busy, Corrupt, DiskFull, StoreError

# 2 MiB of pages each: a point read of a million customers touches four or five, and RSS is budgeted.
CACHE_KIB: Final = 2048
BUSY_MS: Final = 5000


def open_writer(path: Path, *, synchronous: str = "FULL", alone: bool = False) -> sqlite3.Connection:
    """A read-write connection in WAL mode; deleted content is overwritten (`secure_delete`).

    `alone`: nobody else opens this file meanwhile, nor what is attached, so nothing is locked or shared for them.
    """
    # Its owner's alone, and so is what SQLite keeps beside it. What is wrong with the place SQLite says below.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    try:
        # The writer's thread is the only user; it is not always the thread that opened it.
        conn = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=256)
        if alone:
            conn.execute("PRAGMA locking_mode=EXCLUSIVE")  # before the log is opened, or its index is a file
        conn.execute("PRAGMA secure_delete=ON")
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute(f"PRAGMA synchronous={synchronous}")
        conn.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
        conn.execute(f"PRAGMA busy_timeout={BUSY_MS}")
        conn.execute("PRAGMA foreign_keys=ON")
        conn.execute("PRAGMA temp_store=MEMORY")
    except sqlite3.DatabaseError as error:
        raise store_error(error, path.name) from None
    return conn


def open_both(
    path: Path, *, attach: dict[str, Path], synchronous: str = "FULL", alone: bool = False
) -> sqlite3.Connection:
    """The writer's connection: `path`, and beside it `attach`, which can be fetched again."""
    conn = open_writer(path, synchronous=synchronous, alone=alone)
    conn.execute("PRAGMA busy_timeout=0")  # who may wait for another process is `sqlite_writer.patient`
    for schema, other in attach.items():
        attach_writable(conn, schema, other)
    return conn


def open_reader(path: Path, *, attach: dict[str, Path] | None = None) -> sqlite3.Connection:
    """A read-only connection; `attach` maps schema names to further files."""
    conn = sqlite3.connect(
        read_only(path), uri=True, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    for schema, other in (attach or {}).items():
        attach_read_only(conn, schema, other)
    conn.execute(f"PRAGMA cache_size=-{CACHE_KIB}")
    conn.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    conn.execute("PRAGMA temp_store=MEMORY")
    conn.execute("PRAGMA query_only=ON")
    return conn


def attach_writable(conn: sqlite3.Connection, schema: str, path: Path) -> None:
    conn.execute(f"ATTACH DATABASE ? AS {schema}", (str(path),))
    conn.execute(f"PRAGMA {schema}.journal_mode=WAL")
    conn.execute(f"PRAGMA {schema}.synchronous=NORMAL")
    conn.execute(f"PRAGMA {schema}.secure_delete=ON")
    conn.execute(f"PRAGMA {schema}.cache_size=-{CACHE_KIB}")


def attach_read_only(conn: sqlite3.Connection, schema: str, path: Path) -> None:
    conn.execute(f"ATTACH DATABASE ? AS {schema}", (read_only(path),))
    conn.execute(f"PRAGMA {schema}.cache_size=-{CACHE_KIB}")


def read_only(path: Path) -> str:
    """The file as an SQLite URI; a folder may have `#`, `?` or `%` in its name."""
    return f"{path.absolute().as_uri()}?mode=ro"


def is_busy(error: sqlite3.Error) -> bool:
    """Whether another process stood in the way for longer than was waited."""
    return (getattr(error, "sqlite_errorname", "") or "").startswith("SQLITE_BUSY")


def store_error(error: sqlite3.Error, file: str) -> StoreError:
    """SQLite's words as one of ours, with the next step."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith("SQLITE_FULL"):
        return DiskFull(
            f"{file}: no room left to write", code="S01", hint="free disk space; nothing was lost"
        )
    if code.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB")):
        return Corrupt(
            f"{file} is damaged",
            code="S02",
            hint="stop Welkom, keep the file, and run `welkom doctor`: it says what can be fetched again",
        )
    if is_busy(error):
        return Busy(
            f"{file} is busy with another import or command", code="S14", hint="try again in a minute"
        )
    return StoreError(f"{file}: {code or type(error).__name__}", code="S00", hint="run `welkom doctor`")
