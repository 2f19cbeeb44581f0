"""A file of SQLite that nobody else has open: another is about to take its place, and it is to be whole.

SQLite locks 510 bytes behind the first GiB of a file: in WAL mode whoever has it open shares them as long as that is
(sqlite.org/fileformat2.html, "The Lock-Byte Page"; os_unix.c). That holds for a damaged file too.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

from edge.kit.errors import Corrupt
from edge.kit.sqlite_open import store_error

_SHARED_FIRST: Final = 0x40000002
_SHARED_SIZE: Final = 510


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Inside, no other process opens what lies there; raises BlockingIOError where one has it open, OSError.

    Nothing of this process may open the file meanwhile: closing it again would end this lock (fcntl(2)).
    """
    opened = os.open(path, os.O_RDWR)
    try:
        fcntl.lockf(opened, fcntl.LOCK_EX | fcntl.LOCK_NB, _SHARED_SIZE, _SHARED_FIRST)
        yield
    finally:
        os.close(opened)


def fold(path: Path) -> None:
    """Take what was written ahead into the file, so that it is all of the database; a damaged one stays as it is.

    Raises BlockingIOError where another process reads or writes, StoreError (DiskFull where there is no room).
    """
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as conn:
            (busy, _, _) = conn.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise BlockingIOError(f"{path.name} is open elsewhere") from None
        known = store_error(error, path.name)
        if not isinstance(known, Corrupt):
            raise known from None
    else:
        if busy:
            raise BlockingIOError(f"{path.name} is open elsewhere")
