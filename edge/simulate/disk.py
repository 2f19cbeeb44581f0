"""The disk of a box or of the hub: real SQLite files that outlive their process, and can be full or old."""

import asyncio
import os
import random
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from sqlite3 import Connection, connect
from typing import Any, Final

from edge.files import prepare
from edge.kit.migrate import load, migrate
from edge.kit.sqlite import Database, Record, open_writer
from edge.kit.sqlite_open import open_both
from edge.kit.sweeping import AT_ONCE_BYTES
from edge.simulate.process import Process, Steps
from sync.hub import store

_ROOMY: Final = 1 << 30  # pages
# Below this many bytes SQLite has not emptied the log into the file by itself, so every cut of it is a legal one.
_WHOLE_LOG: Final = 900 * 4096


@contextmanager
def memory() -> Iterator[Path]:
    """A folder that is gone afterwards; in memory where the machine has such a place."""
    place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="welkom-simulate-", dir=place) as name:
        yield Path(name)


class Disk:
    """A folder of database files. `files` are (main, attached by schema name)."""

    def __init__(self, folder: Path, main: str, attached: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        self._main = folder / main
        self._attached = {schema: folder / name for schema, name in (attached or {}).items()}
        self._conn: Connection | None = None
        self.backup: Path | None = None
        self.full = False
        self.at_once_bytes = (
            AT_ONCE_BYTES  # larger files are written anew in a night, which does not come here
        )
        self.used = False  # whether a process ever had these files

    @property
    def files(self) -> list[Path]:
        return [self._main, *self._attached.values()]

    def open(self, process: Process, *, record: Record[Any]) -> Database[Any]:
        """The files as `process` uses them: its writer takes steps, and its connections go with it."""
        # FULL and NORMAL differ in what a power cut takes, not in what a process sees: that is `power_cut`.
        # What is read need not be looked up anew after each write of another connection: one does both, as one
        # thread does everything here.
        conn = open_both(self._main, attach=self._attached, synchronous="OFF", alone=True)
        process.owns(self._drop)
        self._conn, self.used = conn, True
        if self.full:
            self.fill(True)
        files = {"main": self._main, **self._attached}
        return _Alone(Steps(conn, process), conn, record, files=files, at_once_bytes=self.at_once_bytes)

    def _drop(self) -> None:
        """Its process is no more: the files stay as they are this instant, where closing them would tidy up.

        SQLite takes a log into its file only while that has the name by which it was opened.
        """
        for file in self.files:
            file.rename(_away(file))
        conn, self._conn = self._conn, None
        assert conn is not None
        conn.close()
        for file in self.files:
            _away(file).rename(file)

    def fill(self, full: bool) -> None:
        """Let there be no room for another page, or room again."""
        self.full = full
        for schema in ("main", *self._attached):
            if self._conn is not None:
                most = self._conn.execute(f"PRAGMA {schema}.page_count").fetchone()[0] if full else _ROOMY
                self._conn.execute(f"PRAGMA {schema}.max_page_count={most}")

    def power_cut(self, dice: random.Random) -> None:
        """After the process ended: lose any part of what the attached files had not been forced to keep.

        They are synchronous=NORMAL: their log is forced to the disk only before it is emptied into the file.
        """
        for file in self._attached.values():
            log = _log(file)
            if log.exists() and (size := log.stat().st_size) < _WHOLE_LOG:
                os.truncate(log, dice.randint(0, size))

    def back_up(self, conn: Connection) -> None:
        """Keep every file as it is at this instant, as `conn` reads it; the backup before is gone."""
        self.backup = self.folder.with_name(self.folder.name + ".backup")
        self.copy(conn, self.backup)

    def copy(self, conn: Connection, to: Path) -> None:
        """Every file as `conn` reads it, in another folder."""
        to.mkdir(parents=True, exist_ok=True)
        for schema, file in {"main": self._main, **self._attached}.items():
            with closing(connect(to / file.name)) as there:
                conn.backup(there, name=schema)

    def put_back(self) -> None:
        """The files of the backup in place of ours."""
        assert self.backup is not None
        for file in self.files:
            self.lose(file)
            shutil.copy(self.backup / file.name, file)

    def rows(self, sql: str) -> list[Any]:
        """What a statement reads from the main file, also of a box that is down."""
        with self.reading() as conn:
            return conn.execute(sql).fetchall()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection to the main file, also of a box that is down: to open one takes as long as ten questions."""
        if self._conn is not None:
            yield self._conn
            return
        with closing(connect(self._main)) as conn:
            yield conn

    def lose(self, file: Path) -> None:
        for companion in ("", "-wal", "-shm"):
            file.with_name(file.name + companion).unlink(missing_ok=True)

    def traces(self, needles: list[bytes]) -> list[str]:
        """`file: needle` of whatever stands anywhere in the files and their logs."""
        found = []
        for file in sorted(self.folder.iterdir()):
            if file.is_file() and not file.name.endswith("-shm"):
                content = file.read_bytes()
                found += [f"{file.name}: {needle.hex()}" for needle in needles if needle in content]
        return found


class _Alone(Database[Any]):
    """Reads on the connection that writes."""

    def _read_from(self, schema: str, path: Path) -> None:
        """It has been attached."""


def _log(file: Path) -> Path:
    return file.with_name(file.name + "-wal")


def _away(file: Path) -> Path:
    return file.with_name(file.name + "~")


class Clock:
    """`edge.kit.clock.Clock` of one box: the loop's time, and a wall clock that somebody set wrong."""

    def __init__(self, *, start_ms: int) -> None:
        self._start_ms = start_ms
        self._now_s = asyncio.get_running_loop().time
        self.skew_ms = 0

    def wall_ms(self) -> int:
        return max(0, self._start_ms + self.skew_ms + self.monotonic_ms())

    def monotonic_ms(self) -> int:
        return int(self._now_s() * 1000)


@cache
def _template() -> dict[str, bytes]:
    """The three files by name, empty and brought up to date, made once a process."""
    with memory() as folder:
        files = prepare(folder, log=quiet)
        with closing(open_writer(folder / store.FILE)) as conn:
            migrate(conn, load(store.MIGRATIONS), file=store.FILE)
        paths = (files.journal, files.replica, folder / store.FILE)
        return {path.name: path.read_bytes() for path in paths}


def lay(files: Iterable[Path]) -> None:
    """New files where there are none: what `edge.files.prepare` and the hub's start would make."""
    for file in files:
        file.write_bytes(_template()[file.name])


def quiet(event: str, /, **fields: object) -> None:
    """A log that nobody reads."""
