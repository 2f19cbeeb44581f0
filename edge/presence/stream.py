"""The lines of `welkom presence`: readings and status in, places and what happened out, in order, none lost.

A line that cannot be used raises `LineError`, which names the field and never repeats a value; the next one goes on.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from drivers.codecs.advert import find_eid
from edge.presence.fingerprints import is_dbm
from edge.presence.floor import is_number
from edge.presence.rules import Happened
from edge.presence.tracker import Out, Place, Reading, Tracker

MAX_LINE: Final = 16_384  # an extended advertisement has 1,650 bytes; the rest is names
MOST_S: Final = 1e11  # the year 5138: beyond it a clock counts something else
Resolve = Callable[[bytes, float], str | None]  # (8 bytes of an identifier, when) -> a device of ours


class LineError(ValueError):
    """Not a line of readings; the text names the field."""


class Stream:
    """Lines into a tracker. Readings of one moment are gathered until a later moment comes, or `end`."""

    def __init__(self, tracker: Tracker, *, resolve: Resolve | None = None) -> None:
        self.tracker = tracker
        self._resolve = resolve
        self._at_s = float("-inf")
        self._waiting: list[Reading] = []
        self._said: dict[str, bool] = {}  # scanner -> online
        self.unresolved = 0  # adverts of nobody: a total, and that is all that is kept

    def take(self, line: str) -> Iterator[str]:
        """The lines that this one lets out; raises LineError where it is none."""
        at_s, scanner, found = self._parse(line)
        if at_s > self._at_s:
            yield from self._flush()
            self._at_s = at_s
            yield from _lines(self.tracker.pass_time(at_s))
        if isinstance(found, bool):
            self.tracker.health.said(scanner, online=found)
            self._said[scanner] = found
        elif found is None:
            self.unresolved += 1
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

    def end(self) -> Iterator[str]:
        """The lines that still waited for a later moment."""
        yield from self._flush()

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
        if isinstance(each, Happened) and each.kind == "dwelt":
            continue  # no line of the contract
        yield json.dumps(_place(each) if isinstance(each, Place) else _event(each))


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
