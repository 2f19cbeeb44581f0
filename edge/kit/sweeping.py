"""What was deleted leaves the pages too.

`secure_delete` overwrites a row where it stands. But when SQLite moves rows from a full page to its neighbours,
copies of them stay in the free part of the page, and no DELETE of those rows comes by there again; nor does an UPDATE
that overwrites them first. Only VACUUM, which writes the file anew from the rows that are there, leaves nothing.

That it is owed stands in an empty file beside the database, so that no power cut forgets it.
"""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge.kit.clock import utc

# Some 60 MB a second: files of this size are written anew while a tap waits; larger ones wait for the night.
AT_ONCE_BYTES: Final = 8 << 20
_HOURS: Final = range(1, 5)  # at the shop's or the chain's own clocks


def owe(database: Path) -> None:
    """Note that rows of people are about to go; it is on the disk when this returns. Raises OSError."""
    mark = _mark(database)
    if mark.exists():
        return
    os.close(os.open(mark, os.O_CREAT | os.O_WRONLY, 0o600))
    folder = os.open(mark.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def owed(database: Path) -> bool:
    return _mark(database).exists()


def paid(database: Path) -> None:
    _mark(database).unlink(missing_ok=True)


def most(now_ms: int, timezone: str) -> int | None:
    """How large a file may be to be written anew at this instant; None: at night any may."""
    return None if utc(now_ms).astimezone(ZoneInfo(timezone)).hour in _HOURS else AT_ONCE_BYTES


def size(files: Iterable[Path]) -> int:
    """Bytes of these files together; one that is not there has none."""
    return sum(each.stat().st_size for each in files if each.exists())


def rewrite(conn: sqlite3.Connection, schemas: Iterable[str], *, large: bool) -> None:
    """Write every file anew. `large`: what it is made of lies on the disk meanwhile and not in memory."""
    if large:
        conn.execute("PRAGMA temp_store=FILE")
    try:
        for schema in schemas:
            conn.execute(f"VACUUM {schema}")
    finally:
        conn.execute("PRAGMA temp_store=MEMORY")


def _mark(database: Path) -> Path:
    return database.with_name(f"{database.name}-unswept")
