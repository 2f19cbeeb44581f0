"""The floor of `bench bootstrap`: the same rows and indexes into a new SQLite file, and nothing else.

Only what SQLite does is timed: the inserts, the indexes, and bringing the file to the disk. The rows are read from
the file they are to be equal to, in slices, and in the order of the tables, which is the fastest there is. It runs in
a process of its own and as nice as the appliance's loader, so that whatever else the machine does weighs on both.
`python -m edge.bench.bulk SOURCE TARGET` prints seconds and rows.
"""

import os
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import Final

from edge.fetching.loader import NICE

_SLICE: Final = 5_000
_CACHE_KIB: Final = 16_384  # as much as the loader is given


def load(source: Path, target: Path) -> tuple[float, int]:
    """Seconds and rows of a bulk load of everything in `source` into a new file."""
    target.unlink(missing_ok=True)
    spent_s, count = 0.0, 0

    def timed(act: Callable[[], object]) -> None:
        nonlocal spent_s
        began_s = time.perf_counter()
        act()
        spent_s += time.perf_counter() - began_s

    with (
        closing(sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)) as rows,
        closing(sqlite3.connect(target, isolation_level=None)) as conn,
    ):
        for setting in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}"):
            conn.execute(f"PRAGMA {setting}")
        schema = rows.execute("SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
        for kind, _, sql in schema:
            if kind == "table":
                conn.execute(sql)
        timed(lambda: conn.execute("BEGIN"))
        for kind, name, _ in schema:
            if kind != "table":
                continue
            found = rows.execute(f"SELECT * FROM {name}")
            insert = f"INSERT INTO {name} VALUES ({', '.join('?' * len(found.description))})"
            while some := found.fetchmany(_SLICE):
                timed(partial(conn.executemany, insert, some))
                count += len(some)
        timed(lambda: conn.execute("COMMIT"))
        for kind, _, sql in schema:
            if kind == "index":
                timed(partial(conn.execute, sql))
    timed(lambda: _to_disk(target))
    target.unlink()
    return spent_s, count


def _to_disk(path: Path) -> None:
    with open(path, "rb") as file:
        os.fsync(file.fileno())


if __name__ == "__main__":
    with suppress(OSError):
        os.nice(NICE)
    took_s, rows = load(Path(sys.argv[1]), Path(sys.argv[2]))
    sys.stdout.write(f"{took_s} {rows}\n")
