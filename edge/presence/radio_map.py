"""The map that a calibration makes: spots, what each scanner hears of a tag there, and the ways between spots.

A spot is a patch of floor within one zone. What is heard at it is estimated from the fingerprints nearest to it (a
Gaussian a scanner, wide where the calibration varied); a scanner that was not heard is no number at all, and never
"-100 dBm". How near is near is chosen by leaving out stretches of the calibration and predicting them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.presence.fingerprints import Fingerprint
from edge.presence.floor import Floor

Floats = NDArray[np.float64]

MOST_SPOTS: Final = 400  # a step costs their square: with 400 a moment of one device costs some 0.3 ms
SPOT_M: Final = 0.4  # a stride; coarser where that would be more than MOST_SPOTS
WIDTHS_M: Final = (0.25, 0.35, 0.5, 0.75, 1.1, 1.6)  # candidates for "near"
ROWS_A_SPOT: Final = 25  # where nothing is known but the zone
LEAST_ROWS: Final = 6  # below this many the nearest ones are taken, however far
PRIOR_ROWS: Final = 5.0  # the spread of the whole map counts as much as this many rows
LEAST_SD_DB: Final = 1.0  # RSSI comes in whole dB
UNHEARD: Final = 0.05  # a scanner that always hears a tag here still misses it so often
WANDER_M2_S: Final = 1.6  # variance a second and axis of a stroll: 1.3 m/s with a turn each second
CROSSING: Final = 0.05  # a border is mostly wall or shelf: few steps that could cross it do
STAY_S: Final = 20.0  # of the walk from zone to zone that holds where no spots are near each other
UNPLACED_S: Final = 25.0  # so often the zone alone decides where somebody is next, and not the distance
LOST: Final = 1e-3  # a step of anywhere to anywhere: an estimate that went astray finds back
OUTSIDE_DB: Final = 15.0  # a front and a body weaker than just inside
OUTSIDE_SD_DB: Final = 8.0
OUTSIDE_FIRST: Final = 0.5  # share of those heard for the first time who are still on the street


@dataclass(frozen=True, slots=True)
class RadioMap:
    """S scanners (`rows`), N spots, zones with outside as the last. `mean`, `sd` (dB), `heard` (share) are S x N, NaN
    where a scanner was never heard near a spot; `zone` N; `xy` N x 2, NaN unknown; `step` N x N for every `step_s`.
    """

    rows: Mapping[str, int]
    zones: tuple[str | None, ...]
    mean: Floats
    sd: Floats
    heard: Floats
    zone: NDArray[np.intp]
    xy: Floats
    step: Floats
    step_s: float
    start: Floats


def build(floor: Floor, fingerprints: Sequence[Fingerprint]) -> RadioMap | None:
    """The map of these fingerprints; None where they say nothing (then the strongest scanner decides)."""
    heard_of = sorted({scanner for each in fingerprints for scanner in each.rssi_dbm})
    zones: tuple[str | None, ...] = (*(zone.id for zone in floor.zones), None)
    if not heard_of or len({each.zone for each in fingerprints}) < 2:
        return None
    rows = _rows(fingerprints, heard_of, zones)
    spots = _spots(rows)
    width_m = _width(rows) if spots.placed.any() else WIDTHS_M[0]
    mean, sd, heard = _heard_at(rows, spots, width_m)
    if not (spots.zone == len(zones) - 1).any():
        mean, sd, heard, spots = _with_outside(floor, zones, (mean, sd, heard), spots)
    step_s = _step_s(spots)
    return RadioMap(
        rows={scanner: row for row, scanner in enumerate(heard_of)},
        zones=zones,
        mean=mean,
        sd=sd,
        heard=heard,
        zone=spots.zone,
        xy=spots.xy,
        step=_step(floor, zones, spots, step_s),
        step_s=step_s,
        start=_start(spots, len(zones) - 1),
    )


@dataclass(frozen=True, slots=True)
class _Rows:
    """Of n fingerprints: `rssi` n x S with NaN, `zone` n, `xy` n x 2 with NaN, in order of time."""

    rssi: Floats
    zone: NDArray[np.intp]
    xy: Floats


@dataclass(frozen=True, slots=True)
class _Spots:
    """`members` says of each row to which spot it belongs."""

    zone: NDArray[np.intp]
    xy: Floats
    members: NDArray[np.intp]

    @property
    def placed(self) -> NDArray[np.bool_]:
        return ~np.isnan(self.xy[:, 0])


def _rows(fingerprints: Sequence[Fingerprint], scanners: list[str], zones: tuple[str | None, ...]) -> _Rows:
    ordered = sorted(fingerprints, key=lambda each: each.at_s)
    nan = float("nan")
    return _Rows(
        rssi=np.array([[each.rssi_dbm.get(scanner, nan) for scanner in scanners] for each in ordered]),
        zone=np.array([zones.index(each.zone) for each in ordered], dtype=np.intp),
        xy=np.array([each.xy or (nan, nan) for each in ordered]),
    )


def _spots(rows: _Rows) -> _Spots:
    """Squares of floor where places are known, else stretches of a zone's fingerprints in order of time."""
    placed = ~np.isnan(rows.xy[:, 0])
    size_m = SPOT_M
    while True:
        square = np.where(placed[:, None], np.round(rows.xy / size_m), 0.0)
        keys = np.column_stack([rows.zone, placed, square])
        for zone in np.unique(rows.zone):
            mine = np.flatnonzero((rows.zone == zone) & ~placed)
            keys[mine, 2] = np.arange(len(mine)) // max(ROWS_A_SPOT, len(mine) // 30)
        found, members = np.unique(keys, axis=0, return_inverse=True)
        if len(found) <= MOST_SPOTS or not placed.any():
            break
        size_m *= 1.25
    members = members.reshape(-1)
    count = np.bincount(members).astype(float)
    xy = np.column_stack([np.bincount(members, weights=rows.xy[:, axis]) / count for axis in (0, 1)])
    return _Spots(zone=found[:, 0].astype(np.intp), xy=xy, members=members)


def _width(rows: _Rows) -> float:
    """The width at which stretches of the calibration that were left out are predicted best (log-likelihood)."""
    placed = np.flatnonzero(~np.isnan(rows.xy[:, 0]))
    stretch = np.arange(len(placed)) // max(20, len(placed) // 24)
    out = stretch % 4 == 3
    if not out.any():
        return WIDTHS_M[2]
    asked, told = placed[out][:: max(1, int(out.sum()) // 400)], placed[~out]
    told_rows = _Rows(rows.rssi[told], rows.zone[told], rows.xy[told])
    best, best_score = WIDTHS_M[0], -np.inf
    for width_m in WIDTHS_M:
        mean, sd, _ = _near(told_rows, rows.xy[asked], rows.zone[asked], width_m)
        miss = (rows.rssi[asked].T - mean) / sd
        score = float(np.nanmean(-(miss**2) / 2 - np.log(sd)))
        if score > best_score:
            best, best_score = width_m, score
    return best


def _heard_at(rows: _Rows, spots: _Spots, width_m: float) -> tuple[Floats, Floats, Floats]:
    shape = (rows.rssi.shape[1], len(spots.zone))
    mean, sd, heard = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape)
    placed = np.flatnonzero(spots.placed)
    mean[:, placed], sd[:, placed], heard[:, placed] = _near(
        rows, spots.xy[placed], spots.zone[placed], width_m
    )
    overall = _overall(rows)
    for spot in np.flatnonzero(~spots.placed):
        mine = rows.rssi[spots.members == spot]
        mean[:, [spot]], sd[:, [spot]], heard[:, [spot]] = _gaussians(np.ones((1, len(mine))), mine, overall)
    return mean, sd, heard


def _near(rows: _Rows, xy: Floats, zone: NDArray[np.intp], width_m: float) -> tuple[Floats, Floats, Floats]:
    """What is heard at these places, S x N, from the fingerprints of the same zone that are near them."""
    shape = (rows.rssi.shape[1], len(xy))
    mean, sd, heard = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(shape)
    overall = _overall(rows)
    for each in np.unique(zone):
        mine, asked = (
            np.flatnonzero((rows.zone == each) & ~np.isnan(rows.xy[:, 0])),
            np.flatnonzero(zone == each),
        )
        if not len(mine):
            continue
        for some in np.array_split(asked, len(asked) // 64 + 1):
            distance = np.hypot(*(xy[some, None, :] - rows.xy[None, mine, :]).transpose(2, 0, 1))
            nearest = min(LEAST_ROWS, len(mine)) - 1
            reach = np.maximum(width_m, np.partition(distance, nearest, axis=1)[:, nearest, None])
            weight = np.exp(-0.5 * (distance / reach) ** 2)
            mean[:, some], sd[:, some], heard[:, some] = _gaussians(weight, rows.rssi[mine], overall)
    return mean, sd, heard


def _overall(rows: _Rows) -> Floats:
    """The variance of each scanner within zones: what is believed of a spot with hardly any rows."""
    spread = np.zeros(rows.rssi.shape[1])
    count = np.zeros(rows.rssi.shape[1])
    for zone in np.unique(rows.zone):
        mine = rows.rssi[rows.zone == zone]
        told = ~np.isnan(mine)
        n = told.sum(0)
        centre = np.where(told, mine, 0).sum(0) / np.maximum(n, 1)
        spread += (np.where(told, mine - centre, 0) ** 2).sum(0)
        count += n
    return np.maximum(spread / np.maximum(count, 1), LEAST_SD_DB**2)


def _gaussians(weight: Floats, rssi: Floats, overall: Floats) -> tuple[Floats, Floats, Floats]:
    """Mean, spread and share heard of each scanner: `weight` is N x n, `rssi` n x S; S x N each."""
    told = ~np.isnan(rssi)
    known = np.where(told, rssi, 0.0)
    n = weight @ told
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(n > 1e-6, weight @ known / n, np.nan)
        square = np.where(n > 1e-6, weight @ known**2 / n, np.nan)
    variance = (np.maximum(square - mean**2, 0) * n + PRIOR_ROWS * overall) / (n + PRIOR_ROWS)
    heard = n / weight.sum(1, keepdims=True)
    return mean.T, np.sqrt(variance + LEAST_SD_DB**2).T, heard.T


def _with_outside(
    floor: Floor, zones: tuple[str | None, ...], told: tuple[Floats, Floats, Floats], spots: _Spots
) -> tuple[Floats, Floats, Floats, _Spots]:
    """Nobody calibrates the pavement: it sounds as just inside the entrance, through a front and a body."""
    mean, sd, heard = told
    inside = np.isin(spots.zone, [zones.index(zone) for zone in floor.entrances])
    if not inside.any():
        inside[:] = True
    known = ~np.isnan(mean[:, inside])
    n = known.sum(1)
    middle = np.where(n > 0, np.where(known, mean[:, inside], 0).sum(1) / np.maximum(n, 1), np.nan)
    return (
        np.column_stack([mean, middle - OUTSIDE_DB]),
        np.column_stack([sd, np.where(n > 0, OUTSIDE_SD_DB, np.nan)]),
        np.column_stack([heard, heard[:, inside].mean(1) / 2]),
        _Spots(
            zone=np.append(spots.zone, len(zones) - 1),
            xy=np.vstack([spots.xy, [np.nan, np.nan]]),
            members=spots.members,
        ),
    )


def _step_s(spots: _Spots) -> float:
    """How long somebody strolls from a spot to the next: distances decide, not zones."""
    xy = spots.xy[spots.placed]
    if len(xy) < 2:
        return STAY_S / 4
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    return float(np.clip((0.6 * np.median(distance.min(1))) ** 2 / WANDER_M2_S, 0.25, STAY_S / 4))


def _step(floor: Floor, zones: tuple[str | None, ...], spots: _Spots, step_s: float) -> Floats:
    """Where somebody at a spot is a step later, N x N, each row sums to one."""
    n, placed = len(spots.zone), spots.placed
    same = spots.zone[:, None] == spots.zone[None]
    adjacent = _adjacent(floor, zones, known=set(spots.zone.tolist()))[spots.zone[:, None], spots.zone[None]]
    # By zone: stay among the spots of this one, or go through a door to any of the next.
    within = same / np.maximum(same.sum(1, keepdims=True), 1)
    through = adjacent / np.maximum(adjacent.sum(1, keepdims=True), 1)
    go = np.where(adjacent.any(1), 1 - np.exp(-step_s / STAY_S), 0.0)[:, None]
    by_zone = (1 - go) * within + go * through
    # By place: a stroll, that seldom leads through a border and never past a zone.
    stroll = np.zeros((n, n))
    if placed.any():
        xy = spots.xy[placed]
        square = ((xy[:, None] - xy[None]) ** 2).sum(2)
        both = np.ix_(placed, placed)
        stroll[both] = np.exp(-square / (2 * WANDER_M2_S * step_s)) * (same[both] + CROSSING * adjacent[both])
        stroll[placed] /= stroll[placed].sum(1, keepdims=True)
    away = min(0.5, step_s / UNPLACED_S)
    step: Floats = np.where(placed[:, None], (1 - away) * stroll + away * by_zone, by_zone)
    return (1 - LOST) * step + LOST / n


def _adjacent(floor: Floor, zones: tuple[str | None, ...], *, known: set[int]) -> NDArray[np.bool_]:
    """Which zones are a step apart; one that nobody calibrated is passed through unseen."""
    found = np.zeros((len(zones), len(zones)), dtype=bool)
    for zone in floor.zones:
        for other in zone.next_to:
            found[zones.index(zone.id), zones.index(other)] = True
    for entrance in floor.entrances:
        found[zones.index(entrance), -1] = found[-1, zones.index(entrance)] = True
    for unknown in set(range(len(zones))) - known:
        around = np.flatnonzero(found[unknown])
        found[np.ix_(around, around)] = True
    np.fill_diagonal(found, False)
    return found


def _start(spots: _Spots, outside: int) -> Floats:
    """Who is heard for the first time comes in from the street, or may be anywhere: as likely as there is room."""
    out = spots.zone == outside
    inside = (1 - OUTSIDE_FIRST) * ~out / max(1, (~out).sum())
    return np.asarray(inside + OUTSIDE_FIRST * out / max(1, out.sum()), dtype=np.float64)
