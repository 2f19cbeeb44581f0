"""The shell around a calibration walk: one at a time, saved when its time is over, used at once, and taken back.

A calibration of another floor is none: the shop opens without it, says so, and the file stays where it is.
"""

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from edge.kit.errors import ConfigError
from edge.kit.log import Log
from edge.presence.estimate import Locator
from edge.presence.files import opened
from edge.presence.fingerprints import Fingerprint, read_fingerprints
from edge.presence.floor import Floor
from edge.presence.strongest import Strongest
from edge.presence.tracker import Reading, Tracker
from edge.presence.walk import Walk, lines, walked

NAME = "calibration.jsonl"  # in the state folder; it comes before the configured one
_Map = tuple[Callable[[], Locator], dict[str, int]]
LEAST = 5  # moments below which a walk is no walk: the tag was not heard


class Calibrating:
    """One a house, used from its event loop. `device` is the tag that is carried, empty where there is none."""

    def __init__(self, floor: Floor, tracker: Tracker, *, own: Path, configured: Path, log: Log) -> None:
        self.device = ""
        self.walk: Walk | None = None
        self.failed = ""  # the zone of a walk that came to nothing: too little was heard, or
        self.unsaved = False  # the disk did not take it
        self._floor = floor
        self._tracker = tracker
        self._own = own
        self._before = own.with_suffix(".before")
        self._configured = configured
        self._log = log
        self.unfit = ""  # the file that is there and of another floor, or damaged
        self.counts: dict[str, int] = {}
        self._use(self._map(self._read()))

    def begin(self, zone: str, at_s: float) -> bool:
        """Whether somebody stands there from now on; False while another walk goes on, which is not disturbed."""
        if self.walk is not None:
            return False
        if self.device and any(each.id == zone for each in self._floor.zones):
            self.walk, self.failed, self.unsaved = Walk(self.device, zone, at_s), "", False
        return self.walk is not None

    def stop(self) -> None:
        self.walk = None

    async def hear(self, at_s: float, readings: Sequence[Reading]) -> None:
        """What a beat heard; ends the walk when its time is over."""
        walk = self.walk
        if walk is None:
            return
        walk.take(at_s, readings)
        if walk.left_s(at_s) > 0:
            return
        try:
            if len(walk.heard) < LEAST:
                self.failed = walk.zone
            else:
                await self._keep(walk)
        except OSError:  # the walk is lost, and nothing else of the house
            self.failed, self.unsaved = walk.zone, True
        finally:
            self.walk = None

    def can_undo(self) -> bool:
        return self._own.exists() or self._before.exists()

    async def undo(self) -> bool:
        """Back to what was before the last walk; once more, and the walk is there again. False: the disk refused."""

        def swap() -> _Map:
            aside, held = self._own.with_suffix(".aside"), self._own.exists()
            if held:
                shutil.copyfile(self._own, aside)
            if self._before.exists():
                os.replace(self._before, self._own)
            else:
                self._own.unlink(missing_ok=True)
            if held:
                os.replace(aside, self._before)
            return self._map(self._read())

        try:
            self._use(await asyncio.to_thread(swap))
        except OSError:
            return False
        self.failed, self.unsaved = "", False
        return True

    async def _keep(self, walk: Walk) -> None:
        def save() -> _Map:
            found = walked(self._read(), walk)
            fresh = self._own.with_suffix(".new")
            with fresh.open("w", encoding="utf-8") as file:
                file.write(lines(found))
                file.flush()
                os.fsync(file.fileno())
            if self._own.exists():
                shutil.copyfile(self._own, self._before)
            else:
                self._before.unlink(missing_ok=True)
            os.replace(fresh, self._own)
            return self._map(found)

        found = await asyncio.to_thread(save)
        self.unfit = ""
        self._use(found)

    def _map(self, fingerprints: Sequence[Fingerprint]) -> _Map:
        """How devices are placed by these, and how many moments are known of each zone."""
        floor = self._floor
        known = Counter(each.zone for each in fingerprints if each.zone is not None)
        return by_map(floor, fingerprints) or (lambda: Strongest(floor)), dict(known)

    def _use(self, found: _Map) -> None:
        locate, self.counts = found
        self._tracker.relocate(locate)

    def _read(self) -> tuple[Fingerprint, ...]:
        """The calibration that counts: the one walked here, else the configured one; none of another floor."""
        self.unfit = ""
        for path in (self._own, self._configured):
            if not path.exists():
                continue
            try:
                with opened(path, code="P12") as found:
                    return read_fingerprints(found, self._floor, file=str(path))
            except ConfigError as wrong:
                self.unfit = self.unfit or path.name
                self._log("calibration_unfit", code=wrong.code, error=str(wrong), hint="walk the shop again")
        return ()


def by_map(floor: Floor, fingerprints: Sequence[Fingerprint]) -> Callable[[], Locator] | None:
    """How devices are placed by a calibration; None where it knows less than two zones."""
    if not fingerprints:
        return None
    from edge.presence.belief import Belief  # numpy
    from edge.presence.radio_map import build

    radio_map = build(floor, fingerprints)
    return None if radio_map is None else (lambda: Belief(radio_map))
