"""Where one device is: a belief over the spots of a map, moved on by time and sharpened by what is heard.

No smoothing delays what comes in: a belief smooths by itself, knows how people walk, and is quicker at the same
steadiness than an average of decibels. What is heard again within a moment says little new, so a reading counts the
less the sooner it follows that scanner's last one: 5 adverts a second are not five times the evidence of one.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from edge.presence.estimate import Estimate
from edge.presence.radio_map import UNHEARD, Floats, RadioMap

FADE_S: Final = 0.3  # how long the same reflections hold; a reading counts 1 - exp(-age / FADE_S)
SMOOTH_S: Final = 0.05  # of the average over a scanner's readings: what comes in one burst is one reading
FORGET_S: Final = 5.0  # after this silence a scanner's average starts anew
SILENT_S: Final = 2.0  # a live scanner that has not heard the device for so long did not hear it
LEAST_STEP_S: Final = 0.05  # moments nearer to each other are one
MOST_STEPS: Final = 40
SURE: Final = 0.6  # of another zone, before it is said
BACK_SURE: Final = 0.9  # of the zone that was just left
BACK_S: Final = 5.0
# What a map has wrong at a spot it has wrong for several scanners at once: beyond so many, each says less.
MANY: Final = 5
TOGETHER_S: Final = 1.0
# How much louder a device is than the tag of the calibration: phones, fobs and pockets differ. Learnt with the place.
OFFSETS_DB: Final = np.array([-9.0, -4.5, 0.0, 4.5, 9.0])
OFFSET_SD_DB: Final = 3.0
USUAL: Final = 2  # the offset of the tag itself
# A turned back looks like a quiet device for a while, so an offset is believed slowly; and more slowly of who may be
# on the street: who is quiet and in is still there in half a minute. Shares of the evidence.
SLOWLY: Final = 0.2
PASSING: Final = 0.02
_LIKELY: Final = np.exp(-0.5 * (OFFSETS_DB / OFFSET_SD_DB) ** 2)
PRIOR: Final = _LIKELY / _LIKELY.sum()


@dataclass(slots=True)
class _Heard:
    """Of one scanner: the running average and when it was heard or missed last."""

    dbm: float
    at_s: float
    missed_s: float


@dataclass(slots=True)
class Belief:
    """One device on one map. Feed it readings in order of time."""

    map: RadioMap
    _p: Floats = field(init=False)  # offsets x spots, each row sums to one
    _louder: Floats = field(init=False)  # how likely each offset is
    _at_s: float = field(init=False, default=-math.inf)
    _zone: int = field(init=False, default=-1)
    _before: int = field(init=False, default=-1)
    _changed_s: float = field(init=False, default=-math.inf)
    _heard: dict[int, _Heard] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._p = np.tile(self.map.start, (len(OFFSETS_DB), 1))
        self._louder = PRIOR

    def hear(self, at_s: float, readings: Mapping[str, float], *, alive: frozenset[str]) -> Estimate:
        """As `Locator`. A scanner that the map does not know says nothing; one that is not alive is masked."""
        self._move_on(at_s)
        evidence = np.zeros(self._p.shape)
        for scanner, row in self.map.rows.items():
            if scanner in readings:
                evidence += self._reading(row, readings[scanner], at_s)
            elif scanner in alive:
                evidence += self._silence(row, at_s)
        hearing = sum(at_s - each.at_s <= TOGETHER_S for each in self._heard.values())
        if hearing > MANY:
            evidence *= math.sqrt(MANY / hearing)
        p = self._p * np.exp(evidence - evidence.max())
        total = p.sum(1)
        self._p = np.where(total[:, None] > 0, p / np.maximum(total, 1e-300)[:, None], self.map.start)
        outside = float(self._p[USUAL, self.map.zone == len(self.map.zones) - 1].sum())
        rate = SLOWLY + (PASSING - SLOWLY) * outside
        louder = self._louder * np.maximum(total, 1e-9) ** rate
        self._louder = louder / louder.sum()
        return self._estimate()

    def _silence(self, scanner: int, at_s: float) -> Floats | float:
        """The log-likelihood of a live scanner's silence at each spot, once each SILENT_S."""
        last = self._heard.setdefault(scanner, _Heard(math.nan, -math.inf, at_s))
        if at_s - max(last.at_s, last.missed_s) < SILENT_S:
            return 0.0
        last.missed_s = at_s
        return np.asarray(np.log(np.maximum(1 - self.map.heard[scanner], UNHEARD)), dtype=np.float64)

    def _move_on(self, at_s: float) -> None:
        if self._at_s == -math.inf:
            self._at_s = at_s
            return
        passed_s = at_s - self._at_s
        if passed_s < LEAST_STEP_S:
            return
        self._at_s = at_s
        steps = min(MOST_STEPS, max(1, math.ceil(passed_s / self.map.step_s)))
        moved = -math.expm1(-passed_s / steps / self.map.step_s)
        for _ in range(steps):
            self._p = (1 - moved) * self._p + moved * (self._p @ self.map.step)

    def _reading(self, scanner: int, dbm: float, at_s: float) -> Floats:
        """The log-likelihood of a reading at each spot."""
        last = self._heard.get(scanner)
        if last is None or at_s - last.at_s > FORGET_S:
            mean, weight = dbm, 1.0
        else:
            age_s = max(0.0, at_s - last.at_s)
            mean = last.dbm + (dbm - last.dbm) * -math.expm1(-max(age_s, LEAST_STEP_S) / SMOOTH_S)
            weight = -math.expm1(-max(age_s, LEAST_STEP_S) / FADE_S)
        self._heard[scanner] = _Heard(mean, at_s, at_s)
        sd = self.map.sd[scanner]
        told = -0.5 * ((mean - OFFSETS_DB[:, None] - self.map.mean[scanner]) / sd) ** 2 - np.log(sd)
        never = math.log(UNHEARD) + float(np.nanmin(told)) if np.isnan(told).any() else 0.0
        return weight * np.where(np.isnan(told), never, told)

    def _estimate(self) -> Estimate:
        p = self._louder @ self._p
        by_zone = np.bincount(self.map.zone, weights=p, minlength=len(self.map.zones))
        best = int(by_zone.argmax())
        if self._zone < 0:
            self._zone = best
        elif best != self._zone:
            back = best == self._before and self._at_s - self._changed_s < BACK_S
            if by_zone[best] > (BACK_SURE if back else SURE):
                self._before, self._zone, self._changed_s = self._zone, best, self._at_s
        zone = self.map.zones[self._zone]
        return Estimate(zone, float(by_zone[self._zone]), self._place(p) if zone is not None else None)

    def _place(self, p: Floats) -> tuple[float, float] | None:
        known = ~np.isnan(self.map.xy[:, 0])
        weight = float(p[known].sum())
        if weight < 0.5:
            return None
        x, y = p[known] @ self.map.xy[known] / weight
        return float(x), float(y)
