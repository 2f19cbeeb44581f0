"""What a doctor of the shop and one of the hub both do: try a part, say in words how it is, and go on."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

from edge.kit.errors import WelkomError
from edge.kit.sqlite import open_reader, store_error
from edge.machine import Finding

# Below this a day of facts and the write-ahead log may no longer fit.
FREE_MB: Final = 512


class Trouble(Exception):
    """Something to mend, as a sentence with the next step."""


class Note(Exception):
    """Out now, and the shop works on without it, as sentences: what waits, since when, what to do."""


Check = tuple[str, Callable[[], str]]


def findings(checks: Sequence[Check]) -> Iterator[Finding]:
    """Each part by its name: what it says of itself, or what is wrong with it. No trouble ends the round."""
    for part, check in checks:
        try:
            yield Finding(part, "well", check())
        except WelkomError as error:
            yield Finding(part, "ill", error.sentence())
        except Trouble as trouble:
            yield Finding(part, "ill", str(trouble))
        except Note as note:
            yield Finding(part, "note", str(note))


def disk(state: Path) -> str:
    """Room where the files are, also to write them anew; raises Trouble when it is short."""
    if not state.is_dir():
        return f"{state} will be made at the first start"
    free_mb = shutil.disk_usage(state).free // 1_000_000
    # Written anew a database lies there twice more: once in what it is made of, once in its log (`kit.sweeping`).
    need_mb = max(FREE_MB, 2 * sum(each.stat().st_size for each in state.glob("*.db")) // 1_000_000)
    if free_mb < need_mb:
        raise Trouble(f"{free_mb} MB free; make room until there are {need_mb}")
    return f"{free_mb} MB free"


def database_file(path: Path) -> str:
    """A file of SQLite, looked through; raises Trouble when it is damaged, StoreError when it cannot be read."""
    if not path.exists():
        return "will be made at the first start"
    try:
        with closing(open_reader(path)) as conn:
            (verdict,) = conn.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise store_error(error, path.name) from None
    if verdict != "ok":
        raise Trouble("damaged; stop Welkom and keep the file, then ask for help with code S02")
    return f"{path.stat().st_size // 1000} kB, in order"
