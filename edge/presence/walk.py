"""A calibration walk: what scanners hear of one chosen fob in a zone; and how often each scanner hears. Pure."""

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from edge.presence.fingerprints import Fingerprint
from edge.presence.tracker import Reading

WALK_S: Final = 30.0
ENOUGH: Final = 20  # moments of a zone that make it known; ten more make it hardly better
MINUTE_S: Final = 60.0
APART_S: Final = 600.0  # between two walks in the file: nobody stepped from the one into the other


@dataclass(slots=True)
class Walk:
    """Standing in `zone` with `device` since `began_s`. Nothing of any other device gets in."""

    device: str
    zone: str
    began_s: float
    heard: list[Fingerprint] = field(default_factory=list)

    def take(self, at_s: float, readings: Sequence[Reading]) -> None:
        """What was heard at one moment: one fingerprint, if it is this device's."""
        by_scanner: dict[str, list[float]] = {}
        for each in readings:
            if each.device == self.device:
                by_scanner.setdefault(each.scanner, []).append(each.rssi_dbm)
        if by_scanner and self.began_s <= at_s <= self.began_s + WALK_S:
            rssi = {scanner: sum(each) / len(each) for scanner, each in sorted(by_scanner.items())}
            self.heard.append(Fingerprint(at_s, self.zone, rssi))

    def left_s(self, at_s: float) -> float:
        return max(0.0, self.began_s + WALK_S - at_s)


def walked(before: Iterable[Fingerprint], walk: Walk) -> tuple[Fingerprint, ...]:
    """A calibration with this walk in place of what was known of its zone; in order of time.

    The walk is moved behind the others: what stays on disk says how a zone sounds, and not who stood there when.
    """
    kept = sorted((each for each in before if each.zone != walk.zone), key=lambda each: each.at_s)
    begins_s = (kept[-1].at_s if kept else 0.0) + APART_S
    return (*kept, *(replace(each, at_s=begins_s + each.at_s - walk.began_s) for each in walk.heard))


def lines(fingerprints: Iterable[Fingerprint]) -> str:
    """The file of a calibration: a line each, as `read_fingerprints` reads it."""
    return "".join(json.dumps(_line(each)) + "\n" for each in fingerprints)


def _line(each: Fingerprint) -> dict[str, object]:
    place = {} if each.xy is None else {"x": each.xy[0], "y": each.xy[1]}
    rssi = {scanner: round(dbm, 2) for scanner, dbm in each.rssi_dbm.items()}
    return {"at": round(each.at_s, 3), "zone": each.zone, **place, "rssi": rssi}


@dataclass(slots=True)
class Tally:
    """How often each scanner heard a known fob: moments of the last minute, about nobody."""

    _heard: dict[str, deque[float]] = field(default_factory=dict)

    def heard(self, scanner: str, at_s: float) -> None:
        self._heard.setdefault(scanner, deque(maxlen=10_000)).append(at_s)

    def a_minute(self, scanner: str, at_s: float) -> int:
        held = self._heard.get(scanner, deque())
        return sum(at_s - each <= MINUTE_S for each in held)

    def last_s(self, scanner: str) -> float | None:
        held = self._heard.get(scanner)
        return held[-1] if held else None
