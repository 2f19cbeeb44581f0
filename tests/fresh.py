"""Empty database files, copied: making a shop's takes 10 ms of work, and hundreds of tests open one."""

import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

from edge.files import Files, prepare
from edge.kit.log import Log
from edge.kit.migrate import load, migrate
from edge.kit.sqlite import open_writer
from sync.hub.store import FILE, MIGRATIONS

SHOP = ("journal.db", "replica.db")


@cache
def _shop() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as made:
        prepare(Path(made), log=lambda event, **fields: None)
        return {name: (Path(made) / name).read_bytes() for name in SHOP}


@cache
def _hub() -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as made:
        with closing(open_writer(Path(made) / FILE)) as conn:
            migrate(conn, load(MIGRATIONS), file=FILE)
        return {FILE: (Path(made) / FILE).read_bytes()}


def _lay(state: Path, content: dict[str, bytes]) -> None:
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not any((state / name).exists() for name in content):
        for name, whole in content.items():
            (state / name).write_bytes(whole)


def shop_files(state: Path, *, log: Log) -> Files:
    """As `prepare`; where nothing is there, of a copy of what it makes."""
    _lay(state, _shop())
    return prepare(state, log=log)


def lay_hub(state: Path) -> Path:
    """A hub's folder; where nothing is there, with a copy of the database that it would make."""
    _lay(state, _hub())
    return state
