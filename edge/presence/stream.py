"""The lines of `welkom presence`: readings and status in, places and what happened out, in order, none lost.

A line that cannot be used raises `LineError`, which names the field and never repeats a value; the next one goes on.
One that is hours ahead of the others waits until others say so too: the shop was closed, or a clock is wrong,
which must not send everybody home and make all that follows late.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from drivers.codecs.radio.advert import find_eid
from edge.presence.fingerprints import is_dbm
from edge.presence.floor import is_number
from edge.presence.rules import Happened
from edge.presence.tracker import Out, Place, Reading, Tracker

MAX_LINE: Final = 16_384  # an extended advertisement has 1,650 bytes; the rest is names
MOST_S: Final = 1e11  # the year 5138: beyond it a clock counts something else
AHEAD_S: Final = 3_600.0
# Lines ahead that agree are believed from two scanners on, or, where one scanner is all there is, from so many.
AGREE: Final = 8
MOST_AHEAD: Final = 32  # that wait, and say all different things
Resolve = Callable[[bytes, float], str | None]  # (8 bytes of an identifier, when) -> a device of ours


class LineError(ValueError):
    """Not a line of readings; the text names the field."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One line; `found` is a reading, whether a scanner says it is online, or None for an advert of nobody."""

    number: int
    at_s: float
    scanner: str
    found: Reading | bool | None


class Stream:
    """Lines into a tracker. Readings of one moment are gathered until a later moment comes, or `end`.

    `refuse` is told the number of a line that waited and turned out wrong, when a later one is taken.
    """

    def __init__(
        self,
        tracker: Tracker,
        *,
        resolve: Resolve | None = None,
        refuse: Callable[[int, LineError], None] = lambda number, error: None,
    ) -> None:
        self.tracker = tracker
        self._resolve = resolve
        self._refuse = refuse
        self._at_s = float("-inf")
        self._waiting: list[Reading] = []
        self._ahead: list[_Line] = []
        self._said: dict[str, bool] = {}  # scanner -> online

    def take(self, line: str, number: int = 0) -> Iterator[str]:
        """The lines that this one lets out; raises LineError where it is none."""
        taken = _Line(number, *self._parse(line))
        if taken.at_s - self._at_s <= AHEAD_S:
            self._give_up(self._ahead)
            yield from self._follow(taken)
            return
        self._ahead.append(taken)
        agree = [each for each in self._ahead if abs(each.at_s - taken.at_s) <= AHEAD_S]
        first = self._at_s == float("-inf") and len(agree) > 1  # nothing says otherwise
        if first or len(agree) >= AGREE or len({each.scanner for each in agree}) > 1:
            self._give_up([each for each in self._ahead if each not in agree])
            self._ahead.clear()
            yield from self._follow_all(agree[:-1])
            yield from self._follow(taken)
        else:
            self._give_up(self._ahead[:-MOST_AHEAD])

    def end(self) -> Iterator[str]:
        """The lines that still waited for a later moment."""
        ahead, self._ahead = self._ahead, []
        yield from self._follow_all(ahead)
        yield from self._flush()

    def _give_up(self, lines: list[_Line]) -> None:
        for each in list(lines):
            self._ahead.remove(each)
            self._refuse(each.number, LineError("at: hours ahead of every line around it"))

    def _follow_all(self, waited: list[_Line]) -> Iterator[str]:
        for each in waited:
            try:
                yield from self._follow(each)
            except LineError as error:
                self._refuse(each.number, error)

    def _follow(self, line: _Line) -> Iterator[str]:
        at_s, scanner, found = line.at_s, line.scanner, line.found
        if at_s > self._at_s:
            yield from self._flush()
            self._at_s = at_s
            yield from _lines(self.tracker.pass_time(at_s))
        if isinstance(found, bool):
            self.tracker.health.said(scanner, online=found)
            self._said[scanner] = found
        elif found is None:
            self.tracker.health.heard(scanner, at_s)
            self._said.pop(scanner, None)
        elif at_s == self._at_s:
            self._waiting.append(found)
            self._said.pop(scanner, None)
        else:  # late, but not for this device: it was not heard since
            last_s = self.tracker.last_s(found.device)
            if last_s >= at_s or any(each.device == found.device for each in self._waiting):
                raise LineError("at: before this device's last one; lines come oldest first")
            yield from _lines(self.tracker.hear(at_s, [found]))

    def _flush(self) -> Iterator[str]:
        waiting, self._waiting = self._waiting, []
        if waiting:
            yield from _lines(self.tracker.hear(self._at_s, waiting))
        for scanner, online in self._said.items():  # of one moment the last word holds
            self.tracker.health.said(scanner, online=online)
        self._said.clear()

    def _parse(self, line: str) -> tuple[float, str, Reading | bool | None]:
        """(at, scanner, a reading | whether it says it is online | None for an advert of nobody)."""
        if len(line) > MAX_LINE:
            raise LineError(f"line: longer than {MAX_LINE} characters")
        try:
            found = json.loads(line)
        except (ValueError, RecursionError):
            raise LineError("line: not JSON; write one object a line") from None
        if not isinstance(found, dict):
            raise LineError("line: must be an object")
        at_s, scanner = found.get("at"), found.get("scanner")
        if at_s is None or not is_number(at_s) or abs(at_s) > MOST_S:
            raise LineError("at: must be a number of seconds")
        at_s = float(at_s)
        if not isinstance(scanner, str) or not scanner:
            raise LineError("scanner: must be a text that is not empty")
        if "status" in found:
            if found["status"] not in ("offline", "online"):
                raise LineError("status: must be offline or online")
            return at_s, scanner, found["status"] == "online"
        if not is_dbm(found.get("rssi")):
            raise LineError("rssi: must be a number of dBm, from -126 to 20")
        device = self._device(found, at_s)
        return at_s, scanner, Reading(at_s, scanner, device, float(found["rssi"])) if device else None

    def _device(self, found: dict[str, Any], at_s: float) -> str | None:
        device = found.get("device")
        if device is not None:
            if not isinstance(device, str) or not device:
                raise LineError("device: must be a text that is not empty")
            return device
        if "raw" not in found:
            raise LineError("device: is missing, and raw too; give one of them")
        if self._resolve is None:
            raise LineError("raw: needs --keys to be resolved")
        try:
            raw = bytes.fromhex(found["raw"])
        except (ValueError, TypeError):
            raise LineError("raw: must be hex") from None
        said = find_eid(raw)
        return None if said is None else self._resolve(said, at_s)


def _lines(said: list[Out] | list[Happened]) -> Iterator[str]:
    for each in said:
        match each:
            case Place():
                yield json.dumps(_place(each))
            case Happened(kind="entered" | "moved" | "left"):
                yield json.dumps(_event(each))
            case _:
                pass  # no line of the contract


def _place(place: Place) -> dict[str, Any]:
    estimate = place.estimate
    line: dict[str, Any] = {
        "at": place.at_s,
        "device": place.device,
        "zone": estimate.zone,
        "confidence": round(estimate.confidence, 4),
    }
    if estimate.xy is not None:
        line |= {"x": round(estimate.xy[0], 2), "y": round(estimate.xy[1], 2)}
    return line


def _event(event: Happened) -> dict[str, Any]:
    return {
        "at": event.at_s,
        "device": event.device,
        "event": event.kind,
        "zone": event.zone,
        "visit": event.visit,
    }
