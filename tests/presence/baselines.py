"""What the engine has to beat, as the field does it: run again here on the same rows, never quoted."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.presence.fingerprints import Fingerprint
from edge.presence.floor import Floor

SHARE: Final = 0.3  # of a new reading in its scanner's average
FORGET_S: Final = 5.0
TAU_S: Final = 20.0
Floats = NDArray[np.float64]


def averaged(walk: Sequence[Fingerprint], scanners: Sequence[str]) -> Floats:
    """The average of each scanner at each moment, NaN when it was not heard for 5 s."""
    out = np.full((len(walk), len(scanners)), np.nan)
    held: dict[str, tuple[float, float]] = {}
    for row, each in enumerate(walk):
        for column, scanner in enumerate(scanners):
            if scanner in each.rssi_dbm:
                dbm, at_s = held.get(scanner, (0.0, -math.inf))
                new = each.rssi_dbm[scanner]
                old = dbm if each.at_s - at_s <= FORGET_S else new
                held[scanner] = (old + SHARE * (new - old), each.at_s)
            if scanner in held and each.at_s - held[scanner][1] <= FORGET_S:
                out[row, column] = held[scanner][0]
    return out


def strongest_with_votes(floor: Floor, walk: Sequence[Fingerprint], votes: int = 3) -> list[str | None]:
    """The zone of the scanner that is strongest on average, after three such moments in a row."""
    zones = [scanner.zone for scanner in floor.scanners]
    said: list[str | None] = []
    current, candidate, count, last_s = None, None, 0, -math.inf
    for row, each in zip(averaged(walk, [s.id for s in floor.scanners]), walk, strict=True):
        if each.at_s - last_s > FORGET_S:
            current = candidate = None
        last_s = each.at_s
        best = zones[int(np.nanargmax(row))] if not np.isnan(row).all() else current
        count = count + 1 if best == candidate else 1
        candidate = best
        if current is None or count >= votes:
            current = best
        said.append(current)
    return said


def neighbours(
    calibration: Sequence[Fingerprint], walk: Sequence[Fingerprint], k: int
) -> list[Counter[str | None]]:
    """At each moment the zones of the k nearest averaged fingerprints, over the scanners that both heard."""
    scanners = sorted({scanner for each in calibration for scanner in each.rssi_dbm})
    known, asked = averaged(calibration, scanners), averaged(walk, scanners)
    zones = [each.zone for each in calibration]
    found = []
    for row in asked:
        apart = known - row
        both = ~np.isnan(apart)
        distance = np.where(both, apart, 0) ** 2
        mean = distance.sum(1) / np.maximum(both.sum(1), 1) + np.where(both.any(1), 0, 1e9)
        found.append(Counter(zones[i] for i in np.argpartition(mean, k)[:k]))
    return found


def knn(calibration: Sequence[Fingerprint], walk: Sequence[Fingerprint], k: int = 11) -> list[str | None]:
    return [each.most_common(1)[0][0] for each in neighbours(calibration, walk, k)]


def knn_hmm(
    floor: Floor, calibration: Sequence[Fingerprint], walk: Sequence[Fingerprint], k: int = 25
) -> list[str | None]:
    """Shares of the k nearest to the power of a half, in a hidden Markov model with a stay of 20 s."""
    zones = [zone.id for zone in floor.zones]
    next_to = np.array([[other in zone.next_to for other in zones] for zone in floor.zones], dtype=float)
    go = next_to / np.maximum(next_to.sum(1, keepdims=True), 1)
    p, last_s = np.full(len(zones), 1 / len(zones)), -math.inf
    said: list[str | None] = []
    for votes, each in zip(neighbours(calibration, walk, k), walk, strict=True):
        passed_s = each.at_s - last_s
        if passed_s > FORGET_S:
            p = np.full(len(zones), 1 / len(zones))
        else:
            stay = math.exp(-passed_s / TAU_S)
            p = stay * p + (1 - stay) * p @ go
        last_s = each.at_s
        share = np.array([votes[zone] + 0.5 for zone in zones]) / (k + 0.5 * len(zones))
        p = p * np.sqrt(share)
        p /= p.sum()
        said.append(zones[int(p.argmax())])
    return said
