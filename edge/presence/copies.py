"""One identifier heard close by in two places at once: it was recorded, and somebody plays it elsewhere. Pure.

An identifier is good for its window, so a recording of it is too (devices.EXPONENTS); what it opens is a greeting and
nothing more. A copy that is alone cannot be told. Beside the first one it can: nobody stands at two scanners at once.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Final

from edge.presence.floor import Floor, Scanner

FAR_M: Final = 10.0
STRONG_DBM: Final = -55.0  # on average: within a step or two of the scanner
# Where no metres are known, zones without a way between them are far, and a small shop's are not: closer still.
STRONGER_DBM: Final = -50.0
SHARE: Final = 0.4  # of the newest reading in a scanner's average
TOGETHER_S: Final = 2.0
AGAIN_S: Final = 10.0  # what is so twice in this time is no freak of the air
APART_S: Final = 0.4  # receptions of one moment are one
SUSPECT_S: Final = 5.0  # nobody comes in so long after it looked like that
HOLD_S: Final = 60.0  # nor so long after it was certain


@dataclass(frozen=True, slots=True)
class Replayed:
    """A device was in these two zones at once: one of the two is a copy, and nobody knows which."""

    at_s: float
    device: str
    zones: tuple[str, str]


class Far:
    """Which scanners of a floor hear nobody at the same time: by metres where they are known, else by zones."""

    def __init__(self, floor: Floor) -> None:
        self._scanners = {each.id: each for each in floor.scanners}
        self._next_to = {each.id: each.next_to for each in floor.zones}

    def zones(self, one: str, other: str, dbm: float) -> tuple[str, str] | None:
        """The zones of two scanners that nobody is at with both of them at least so strong; None where one can."""
        a, b = self._scanners.get(one), self._scanners.get(other)
        return (a.zone, b.zone) if a is not None and b is not None and self._far(a, b, dbm) else None

    def _far(self, a: Scanner, b: Scanner, dbm: float) -> bool:
        if a.xyz is not None and b.xyz is not None:
            return dbm >= STRONG_DBM and math.dist(a.xyz, b.xyz) >= FAR_M
        return dbm >= STRONGER_DBM and a.zone != b.zone and b.zone not in self._next_to[a.zone]


@dataclass(slots=True)
class _Near:
    """How strong one scanner hears the device, on average of so many receptions in a row."""

    dbm: float
    at_s: float
    receptions: int = 1


@dataclass(slots=True)
class Copies:
    """What is remembered of one device for it, for seconds."""

    _near: dict[str, _Near] = field(default_factory=dict)  # scanner -> how
    _suspect_s: float = -math.inf
    _met_s: float = -math.inf
    _held_s: float = -math.inf
    _told_s: float = -math.inf

    def hear(self, at_s: float, dbm: Mapping[str, float], far: Far) -> tuple[str, str] | None:
        """The two zones when this moment makes it certain, once for each time that it is held."""
        for scanner, each in dbm.items():
            near = self._near.get(scanner)
            if near is None or at_s - near.at_s > TOGETHER_S:
                self._near[scanner] = _Near(each, at_s)
            else:
                near.dbm += SHARE * (each - near.dbm)
                near.at_s, near.receptions = at_s, near.receptions + 1
        strong = {
            scanner: near
            for scanner, near in self._near.items()
            if near.dbm >= STRONG_DBM and at_s - near.at_s <= TOGETHER_S
        }
        for one, other in combinations(strong, 2):
            a, b = strong[one], strong[other]
            zones = far.zones(one, other, min(a.dbm, b.dbm))
            if zones is not None:
                self._suspect_s = at_s
                if min(a.receptions, b.receptions) > 1 and at_s - self._met_s >= APART_S:
                    return self._meet(at_s, zones)
        return None

    def _meet(self, at_s: float, zones: tuple[str, str]) -> tuple[str, str] | None:
        again, self._met_s = at_s - self._met_s <= AGAIN_S, at_s
        if not again:
            return None
        self._held_s = at_s
        if at_s - self._told_s <= HOLD_S:
            return None
        self._told_s = at_s
        return zones

    def holds(self, at_s: float) -> bool:
        """Whether nobody comes in by what this device says: it is, or may be, in two places."""
        return at_s - self._held_s <= HOLD_S or at_s - self._suspect_s <= SUSPECT_S
