"""Gaps between declared groups: by how much one is served otherwise than its customers' own history explains. Pure.

What a customer may expect is taken out first, with slopes from within the groups (analysis of covariance), so that
people who shop less predictably accuse nobody. Intervals hold for all groups and measures at once: customers are
drawn anew within their group, slopes and all, and the widest of the studentised gaps sets the width (max-t; Westfall
& Young 1993).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import isqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

FEWEST: Final = 50  # customers of a group that can be judged; fewer are shown without a verdict
DRAWS: Final = 2_000
AT_ONCE: Final = 250  # draws
RIDGE: Final = 1e-6  # for columns that say the same, or nothing
CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class Measure:
    """One figure a customer, what their own history lets expect of it (columns), and what 1.0 of a gap is."""

    value: NDArray[np.floating[Any]]
    expected: tuple[NDArray[np.floating[Any]], ...]
    limit: float
    unit: float


@dataclass(frozen=True, slots=True)
class Gap:
    """A group against all others, adjusted; in units of the measure."""

    gap: float
    low: float
    high: float
    limit: float

    @property
    def unfair(self) -> bool:
        """Surely a gap, and more of one than is allowed."""
        return abs(self.gap) > self.limit and (self.low > 0 or self.high < 0)

    @property
    def clear(self) -> bool:
        """Whether a gap of twice the limit would have been seen."""
        return (self.high - self.low) / 2 <= 2 * self.limit


def gaps(
    measures: Mapping[str, Measure], of: NDArray[np.int64], *, seed: int = 0, confidence: float = CONFIDENCE
) -> dict[int, dict[str, Gap]]:
    """By group (`of`: each customer's, from 0) with at least FEWEST customers, each of its gaps."""
    sizes = np.bincount(of)
    judged = [each for each in range(len(sizes)) if FEWEST <= sizes[each] <= len(of) - FEWEST]
    if not judged or not measures:
        return {}
    parts = [_moments(each) for each in measures.values()]
    ends = np.cumsum([0, *(each.shape[1] for each in parts)])
    moments = np.concatenate(parts, axis=1)

    def adjusted(totals: Column) -> Column:
        """Draws x judged groups x measures, of draws x groups x moments."""
        split = [totals[..., start:end] for start, end in pairwise(ends)]
        return np.stack([_against(each, sizes, judged) for each in split], axis=-1)

    once: Column = np.stack(
        [np.bincount(of, weights=each, minlength=len(sizes)) for each in moments.T], axis=-1
    )
    (found,) = adjusted(once[None])
    drawn = adjusted(_drawn(moments, of, len(sizes), np.random.default_rng(seed)))
    spread = drawn.std(axis=0, ddof=1)
    studentised = np.abs(drawn - found) / np.where(spread > 0, spread, np.inf)
    width = np.quantile(studentised.max(axis=(1, 2)), confidence) * spread
    return {
        group: {
            name: Gap(
                float(found[row, column]),
                float(found[row, column] - width[row, column]),
                float(found[row, column] + width[row, column]),
                measure.limit,
            )
            for column, (name, measure) in enumerate(measures.items())
        }
        for row, group in enumerate(judged)
    }


def _moments(measure: Measure) -> Column:
    """A row a customer whose sums are all that a regression asks for: columns, figure, and their products."""
    figure = np.asarray(measure.value, np.float64) / measure.unit
    known = [np.asarray(each, np.float64) for each in measure.expected]
    known = [(each - each.mean()) / (each.std() or 1.0) for each in known]
    products = [one * other for one in known for other in known]
    return np.stack([*known, figure, *products, *(each * figure for each in known)], axis=1)


def _against(totals: Column, sizes: NDArray[np.int64], judged: list[int]) -> Column:
    """Of sums of moments (draws x groups x moments): each judged group's adjusted mean less that of all others."""
    count = isqrt(totals.shape[-1]) - 1  # (count + 1)² moments
    known, figure = totals[..., :count], totals[..., count]
    products = totals[..., count + 1 : count + 1 + count * count].reshape(*known.shape, count)
    with_figure = totals[..., count + 1 + count * count :]
    mean = known / sizes[:, None]
    within = (products - mean[..., None] * known[..., None, :]).sum(axis=1)
    slopes = np.linalg.solve(
        within + RIDGE * sizes.sum() * np.eye(count),
        (with_figure - mean * figure[..., None]).sum(axis=1)[..., None],
    )
    left = figure - (known @ slopes)[..., 0]
    own, whole, size = left[:, judged], left.sum(axis=1, keepdims=True), sizes[judged]
    gap: Column = own / size - (whole - own) / (sizes.sum() - size)
    return gap


def _drawn(moments: Column, of: NDArray[np.int64], groups: int, dice: np.random.Generator) -> Column:
    """Sums of DRAWS other samples, each of as many customers of every group."""
    totals = np.zeros((DRAWS, groups, moments.shape[1]))
    for group in range(groups):
        some = moments[of == group]
        for start in range(0, DRAWS, AT_ONCE):
            chosen = dice.integers(0, max(len(some), 1), (AT_ONCE, len(some)))
            chosen += np.arange(AT_ONCE)[:, None] * len(some)
            times = np.bincount(chosen.ravel(), minlength=AT_ONCE * len(some)).reshape(AT_ONCE, len(some))
            totals[start : start + AT_ONCE, group] = times @ some
    return totals
