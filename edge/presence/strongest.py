"""Where a device is while nobody has walked a calibration: in the zone of the scanner that hears it strongest.

Good enough to greet somebody at the door with a single scanner; it does not know how people walk.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from edge.presence.estimate import Estimate
from edge.presence.floor import Floor

SMOOTH_S: Final = 1.0
FORGET_S: Final = 5.0
CLEAR_DB: Final = 8.0  # stronger by so much: another zone at once
STEADY_S: Final = 2.0  # stronger at all for so long: another zone
NEAR_DBM: Final = -75.0  # weaker than this, somebody passes on the street, or lives next door
# A weak device of somebody who is in is heard at this strength so long without a pause; a neighbour's behind a wall
# is weaker, and whoever passes is gone by then.
LINGER_DBM: Final = -82.0
LINGER_S: Final = 60.0
SPREAD_DB: Final = 5.0  # of one reading about its mean


@dataclass(slots=True)
class Strongest:
    """One device on a floor without a map. Feed it readings in order of time."""

    floor: Floor
    _heard: dict[str, tuple[float, float]] = field(init=False, default_factory=dict)  # scanner -> (dBm, when)
    _zone: str | None = field(init=False, default=None)
    _rival: tuple[str, float] | None = field(init=False, default=None)
    _at_s: float = field(init=False, default=-math.inf)
    _since_s: float | None = field(init=False, default=None)  # heard at LINGER_DBM without a pause

    def hear(self, at_s: float, readings: Mapping[str, float], *, alive: frozenset[str]) -> Estimate:
        """Take in what scanners heard at one moment, in dBm. `alive` is of no use here: silence says nothing."""
        for scanner, dbm in readings.items():
            held, when_s = self._heard.get(scanner, (dbm, at_s))
            fresh = at_s - when_s > FORGET_S
            share = 1.0 if fresh else -math.expm1(-max(at_s - when_s, 0.05) / SMOOTH_S)
            self._heard[scanner] = (held + (dbm - held) * share, at_s)
        by_zone: dict[str, float] = {}
        for each in self.floor.scanners:
            dbm, when_s = self._heard.get(each.id, (-math.inf, -math.inf))
            if at_s - when_s <= FORGET_S:
                by_zone[each.zone] = max(dbm, by_zone.get(each.zone, -math.inf))
        if not by_zone:
            return Estimate(self._zone, 0.0)
        self._choose(at_s, by_zone)
        self._at_s = at_s
        return Estimate(self._zone, _share(by_zone, self._zone))

    def _choose(self, at_s: float, by_zone: Mapping[str, float]) -> None:
        best = max(by_zone, key=lambda zone: by_zone[zone])
        if self._zone is None:
            if by_zone[best] < LINGER_DBM:
                self._since_s = None
            elif self._since_s is None or at_s - self._at_s > FORGET_S:
                self._since_s = at_s
            lingers = self._since_s is not None and at_s - self._since_s >= LINGER_S
            if by_zone[best] >= NEAR_DBM or lingers:
                self._zone = best
        elif best == self._zone:
            self._rival = None
        elif by_zone[best] >= by_zone.get(self._zone, -math.inf) + CLEAR_DB:
            self._zone, self._rival = best, None
        elif self._rival is None or self._rival[0] != best:
            self._rival = (best, at_s)
        elif at_s - self._rival[1] >= STEADY_S:
            self._zone, self._rival = best, None


def _share(by_zone: Mapping[str, float], zone: str | None) -> float:
    """How far this zone's scanner is ahead of the others, 0 to 1; of outside, how far the door's is from near."""
    strongest = max(by_zone.values())
    if zone is None:
        return 1 / (1 + math.exp((strongest - NEAR_DBM) / SPREAD_DB))
    weights = {each: math.exp((dbm - strongest) / SPREAD_DB) for each, dbm in by_zone.items()}
    return weights.get(zone, 0.0) / sum(weights.values())
