"""What was deleted leaves the pages too.

`secure_delete` overwrites a row where it stands. But when SQLite moves rows from a full page to its neighbours,
copies of them stay in the free part of the page, and no DELETE of those rows comes by there again; nor does an UPDATE
that overwrites them first. Only VACUUM, which writes the file anew from the rows that are there, leaves nothing.

That it is owed stands in an empty file beside the database, so that no power cut forgets it. When large files were
last begun stands in another: nobody writes meanwhile, so that is done once a night.
"""

import os
import sqlite3
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge.kit.clock import utc
from edge.kit.on_disk import settle

# Some 60 MB a second: files of this size are written anew while a tap waits; larger ones wait for the night.
AT_ONCE_BYTES: Final = 8 << 20
_HOURS: Final = range(1, 5)  # at the shop's or the chain's own clocks
_REST_S: Final = 20 * 3_600  # from one night into the next, never twice in one
_LATE_S: Final = 24 * 3_600  # a night went by in between


def owe(database: Path) -> None:
    """Note that rows of people are about to go; it is on the disk when this returns. Raises OSError."""
    mark = _mark(database)
    if mark.exists():
        return
    os.close(os.open(mark, os.O_CREAT | os.O_WRONLY, 0o600))
    settle(mark.parent)


def owed(database: Path) -> bool:
    return _mark(database).exists()


def paid(database: Path, *, again: bool) -> None:
    """Take the promise back; `again`: as another was given meanwhile, which is from now."""
    if again:
        os.utime(_mark(database))
    else:
        _mark(database).unlink(missing_ok=True)


def late(database: Path) -> bool:
    """Whether it is owed for more than a day: a box that is off at night has no quiet hour."""
    return (age_s := _age_s(_mark(database))) is not None and age_s > _LATE_S


def begun(database: Path) -> None:
    """Note that large files are written anew now."""
    with suppress(OSError):  # no room for it: then the rewrite says so
        _last(database).touch(0o600)


def rested(database: Path) -> bool:
    """Whether large files were not begun in this night; a clock that was set back does not keep them waiting."""
    age_s = _age_s(_last(database))
    return age_s is None or not 0 <= age_s < _REST_S


def most(now_ms: int, timezone: str) -> int | None:
    """How large a file may be to be written anew at this instant; None: at night any may."""
    return None if utc(now_ms).astimezone(ZoneInfo(timezone)).hour in _HOURS else AT_ONCE_BYTES


def size(files: Iterable[Path]) -> int:
    """Bytes of these files together; one that is not there has none."""
    return sum(each.stat().st_size for each in files if each.exists())


def rewrite(conn: sqlite3.Connection, schemas: Iterable[str], *, large: Path | None) -> None:
    """Write every file anew. `large`: the folder in which what it is made of lies meanwhile; None: in memory."""
    if large is not None:
        made_in(conn, large)
    try:
        for schema in schemas:
            conn.execute(f"VACUUM {schema}")
    finally:
        conn.execute("PRAGMA temp_store=MEMORY")


def made_in(conn: sqlite3.Connection, folder: Path) -> None:
    """What a file is made of lies in this folder from now on, of the whole process; outside of a transaction.

    SQLite would take /var/tmp: another disk, or memory. It reads SQLITE_TMPDIR once, when it is imported.
    """
    conn.execute("PRAGMA temp_store_directory='{}'".format(str(folder.absolute()).replace("'", "''")))
    conn.execute("PRAGMA temp_store=FILE")


def _mark(database: Path) -> Path:
    return database.with_name(f"{database.name}-unswept")


def _last(database: Path) -> Path:
    return database.with_name(f"{database.name}-swept")


def _age_s(file: Path) -> float | None:
    """By the machine's clock; None where there is no such file."""
    try:
        return time.time() - file.stat().st_mtime
    except FileNotFoundError:
        return None
