"""A recorded day played again: sightings from a .jsonl or .jsonl.gz file, at the pace they came or faster."""

import gzip
import threading
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from drivers.codecs.sightings import MAX_LINE, LineError, from_line
from drivers.reader import IDLE_EVERY_S, Idle, Reader, ReaderGone, ReaderRefused, Sighting
from drivers.settings import ReaderSettings
from drivers.threaded import Emit, threaded


def build(settings: ReaderSettings) -> Reader:
    """A reader that plays `file`; the sightings keep the reader names of the recording."""
    assert settings.file is not None  # parse_reader sees to it
    return ReplayReader(settings.name, settings.file, pace=settings.pace, keep_at=settings.keep_at)


def recorded(path: Path) -> Generator[Sighting, None, None]:
    """A file's sightings, one at a time; LineError names the bad line, OSError and EOFError the bad file."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        number = 0
        while line := lines.readline(MAX_LINE + 2):
            number += 1
            try:
                if line.strip():
                    yield from_line(line.rstrip(b"\r\n").decode())
            except UnicodeDecodeError:
                raise LineError(f"line {number}: not UTF-8") from None
            except LineError as error:
                raise LineError(f"line {number}: {error}") from None


class ReplayReader:
    """Plays once and is idle afterwards, like a reader nobody is at; `pace` 1 is real time, 0 no waiting."""

    def __init__(self, name: str, path: Path, *, pace: float = 1.0, keep_at: bool = False) -> None:
        self._name = name
        self._path = path
        self._pace = pace
        self._keep_at = keep_at

    @property
    def name(self) -> str:
        return self._name

    def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        return threaded(self._name, self._poll)

    def _poll(self, emit: Emit, stop: threading.Event) -> None:
        try:
            for _ in recorded(
                self._path
            ):  # whole, before the first tap: half a day played is worse than none
                if stop.is_set():
                    return
            emit(Idle(self._name))
            with closing(recorded(self._path)) as sightings:
                self._play(sightings, emit, stop)
        except FileNotFoundError:
            raise ReaderGone(
                f"{self._name}: there is no file {self._path}",
                code="no_device",
                hint="record one with welkom record, or correct file in the configuration",
            ) from None
        except (OSError, EOFError, LineError) as error:
            what = str(error) if isinstance(error, LineError) else type(error).__name__
            raise ReaderRefused(
                f"{self._name}: cannot replay {self._path}: {what}",
                code="bad_recording",
                hint="record it again, or remove that line",
            ) from None
        while not stop.wait(IDLE_EVERY_S):
            emit(Idle(self._name))

    def _play(self, sightings: Generator[Sighting, None, None], emit: Emit, stop: threading.Event) -> None:
        before: datetime | None = None
        due = time.monotonic()
        for sighting in sightings:
            if before is not None and self._pace > 0:
                due += max((sighting.at - before).total_seconds(), 0) / self._pace
            before = sighting.at
            while (left := due - time.monotonic()) > 0 and not stop.wait(min(left, IDLE_EVERY_S)):
                if left > IDLE_EVERY_S:
                    emit(Idle(self._name))
            if stop.is_set():
                return
            emit(sighting if self._keep_at else replace(sighting, at=datetime.now(UTC)))
