"""The shell around a calibration walk: one at a time, saved when its time is over, used at once."""

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.kit.errors import ConfigError
from edge.presence.estimate import Locator
from edge.presence.files import opened
from edge.presence.fingerprints import Fingerprint, read_fingerprints
from edge.presence.floor import Floor
from edge.presence.tracker import Reading, Tracker
from edge.presence.walk import ENOUGH, Walk, lines, walked

NAME = "calibration.jsonl"  # in the state folder; it comes before the configured one
LEAST = 5  # moments below which a walk is no walk: the fob was not heard


class Calibrating:
    """One a house, used from its event loop. `device` is the fob that was chosen, in memory alone."""

    def __init__(self, floor: Floor, tracker: Tracker, *, own: Path, configured: Path) -> None:
        self.device = ""
        self.walk: Walk | None = None
        self.failed = ""  # the zone of a walk that came to nothing: too little was heard, or
        self.unsaved = False  # the disk did not take it
        self._floor = floor
        self._tracker = tracker
        self._own = own
        self._configured = configured
        self.counts: dict[str, int] = {}
        self.count()

    def begin(self, zone: str, at_s: float) -> None:
        if self.device and any(each.id == zone for each in self._floor.zones):
            self.walk, self.failed, self.unsaved = Walk(self.device, zone, at_s), "", False

    def stop(self) -> None:
        self.walk = None

    async def hear(self, at_s: float, readings: Sequence[Reading]) -> None:
        """What a beat heard; ends the walk when its time is over."""
        walk = self.walk
        if walk is None:
            return
        walk.take(at_s, readings)
        if walk.left_s(at_s) == 0:
            self.walk = None
            if len(walk.heard) < LEAST:
                self.failed = walk.zone
            else:
                try:
                    await self._keep(walk)
                except (OSError, ConfigError):  # the walk is lost, and nothing else of the house
                    self.failed, self.unsaved = walk.zone, True

    async def _keep(self, walk: Walk) -> None:
        def save() -> Callable[[], Locator] | None:
            found = walked(self._read(), walk)
            fresh = self._own.with_suffix(".new")
            with fresh.open("w", encoding="utf-8") as file:
                file.write(lines(found))
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, self._own)
            return by_map(self._floor, found)

        locate = await asyncio.to_thread(save)
        self.count()
        if locate is not None:
            self._tracker.relocate(locate)

    def count(self) -> None:
        """How many moments are known of each zone."""
        self.counts = {}
        for each in self._read():
            if each.zone is not None:
                self.counts[each.zone] = self.counts.get(each.zone, 0) + 1

    def is_known(self, zone: str) -> bool:
        return self.counts.get(zone, 0) >= ENOUGH

    def _read(self) -> tuple[Fingerprint, ...]:
        return read(self._floor, source(self._own, self._configured))


def source(own: Path, configured: Path) -> Path:
    """Which calibration counts: the one that was walked here, else the configured one."""
    return own if own.exists() else configured


def read(floor: Floor, path: Path) -> tuple[Fingerprint, ...]:
    """The fingerprints of a calibration, none where there is no file; raises ConfigError for a wrong one."""
    if not path.exists():
        return ()
    with opened(path, code="P12") as found:
        return read_fingerprints(found, floor, file=str(path))


def by_map(floor: Floor, fingerprints: Sequence[Fingerprint]) -> Callable[[], Locator] | None:
    """How devices are placed by a calibration; None where it knows less than two zones."""
    if not fingerprints:
        return None
    from edge.presence.belief import Belief  # numpy
    from edge.presence.radio_map import build

    radio_map = build(floor, fingerprints)
    return None if radio_map is None else (lambda: Belief(radio_map))
