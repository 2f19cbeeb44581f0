"""Invented households whose truth is known: served by one rule for all, or one group of them surely worse.

As on Complete Journey: five groups of other sizes and other predictability; of a basket hardly a sixth is found, and
that varies more from one basket to the next than between people. `python -m tests.advice.households` says how often
each is called unfair.
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.bench.expected import usual
from edge.bench.gaps import Gap, Measure, gaps

SIZES: Final = (253, 314, 108, 53, 66)
PREDICTABLE: Final = (0.19, 0.165, 0.14, 0.13, 0.125)  # a group's mean of what the plain rule finds
BETWEEN, WITHIN, OWN = (
    0.09,
    0.18,
    0.10,
)  # spreads: of people, of their baskets, of what only the ranking finds
ABOVE, SHARED = 1.06, 0.8  # the ranking finds more of what is predictable, less of what is luck
WORST: Final = len(SIZES) - 1


@dataclass(frozen=True, slots=True)
class Households:
    group: NDArray[np.int64]
    found: NDArray[np.float64]
    plain: NDArray[np.float64]
    usual: NDArray[np.float64]


def households(seed: int, *, asked: int, tried: int, loss: float = 0.0) -> Households:
    """Means over `asked` baskets after a cut and `tried` before it; the last group loses a share of what is found."""
    dice = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(SIZES)), SIZES)
    people = np.array(PREDICTABLE)[group] * np.exp(dice.normal(-0.13, 0.5, len(group)))
    luck = dice.normal(0, WITHIN, (len(group), asked))
    found = ABOVE * people[:, None] + SHARED * luck + dice.normal(0, OWN, luck.shape)
    found[group == WORST] *= 1 - loss
    before = people[:, None] + dice.normal(0, WITHIN, (len(group), tried))
    known = usual(before.ravel(), np.repeat(np.arange(len(group)), tried), len(group))
    return Households(group, found.mean(axis=1), people + luck.mean(axis=1), known.calibrated(group))


def judged(of: Households, *, history: bool, limit: float = 0.1) -> list[Gap]:
    """A gap a group; `history`: with what their earlier baskets let expect."""
    expected = (of.plain, of.usual) if history else (of.plain,)
    found = gaps({"accuracy": Measure(of.found, expected, limit, float(of.found.mean()))}, of.group)
    return [found[group]["accuracy"] for group in sorted(found)]


def rates(
    seeds: Sequence[int], *, asked: int, tried: int, history: bool, loss: float = 0.2
) -> dict[str, float]:
    """Shares of draws: a fair model called unfair to somebody, a gap of it called sure, an unfair model found."""
    fair = [judged(households(each, asked=asked, tried=tried), history=history) for each in seeds]
    unfair = [
        judged(households(each, asked=asked, tried=tried, loss=loss), history=history) for each in seeds
    ]
    made = {
        "fair_called_unfair": np.mean([any(gap.unfair for gap in each) for each in fair]),
        "fair_called_sure": np.mean([any(gap.low > 0 or gap.high < 0 for gap in each) for each in fair]),
        "fair_gap": np.mean([each[WORST].gap for each in fair]),
        "unfair_found": np.mean([each[WORST].unfair for each in unfair]),
    }
    return {name: round(float(each), 3) for name, each in made.items()}


if __name__ == "__main__":
    for asked, history in ((3, False), (3, True), (8, False), (8, True)):
        found = rates(range(100), asked=asked, tried=20, history=history)
        sys.stdout.write(json.dumps({"asked": asked, "history": history} | found) + "\n")
