"""What a customer's own history lets expect: the plainest rule, asked for baskets that are known already. Pure.

A few baskets after the cut measure only roughly how predictable somebody is, and what is measured roughly explains
too little: groups that shop less predictably would seem served worse than they are. So the rule is asked for their
last baskets before the cut too, and what is still rough of these is reckoned with (regression calibration within
groups; Carroll, Ruppert, Stefanski & Crainiceanu, Measurement Error in Nonlinear Models, 2006, chapter 4).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking.numbering import Visit
from edge.bench.exam import FEWEST_BEFORE, TOP, marked

DECAY: Final = 0.95  # a visit: what they bought, the lately more, then what is popular
MOST_TRIED: Final = 20  # baskets before the cut, a customer
MOST_BELIEF: Final = 100.0  # baskets' worth of the group's mean, where people hardly differ
LEAST_RELIABLE: Final = 0.5


def plain(own: Sequence[Visit], popular: Sequence[str]) -> tuple[str, ...]:
    """A rule that knows nobody's group: frequency with a decay, then popularity."""
    weight: dict[str, float] = {}
    for visit in own:
        _add(weight, visit)
    return _best(weight, popular)


@dataclass(frozen=True, slots=True)
class Usual:
    """What the plain rule found in earlier baskets: a mean a customer, over so many `times`.

    `belief`: how many baskets tell as much of a customer as their being one of their group does.
    """

    mean: NDArray[np.float64]
    times: NDArray[np.int64]
    belief: float

    def of(self, rows: NDArray[np.int64]) -> "Usual":
        return Usual(self.mean[rows], self.times[rows], self.belief)

    def calibrated(self, group: NDArray[np.int64]) -> NDArray[np.float64]:
        """The mean that is to be expected of each: their own, pulled to their group's as far as it is rough.

        Nothing, where it tells more of chance than of people: what is left would be the group alone.
        """
        if not len(self.times) or float((self.times / (self.times + self.belief)).mean()) < LEAST_RELIABLE:
            return np.zeros(len(group))
        baskets = np.bincount(group, weights=self.times)
        middle = np.bincount(group, weights=self.times * self.mean) / np.maximum(baskets, 1)
        own = self.times / (self.times + self.belief)
        return np.asarray(own * self.mean + (1 - own) * middle[group])


def usual(values: NDArray[np.floating[Any]], of: NDArray[np.int64], customers: int) -> Usual:
    """Of a value a basket; `of`: whose it is. The belief is the variance of baskets over that of people."""
    times = np.bincount(of, minlength=customers)
    mean = np.bincount(of, weights=values, minlength=customers) / np.maximum(times, 1)
    known = times[times > 0]
    within = float(((values - mean[of]) ** 2).sum()) / max(len(values) - len(known), 1)
    between = float(mean[times > 0].var()) - within * float((1 / known).mean()) if len(known) else 0.0
    return Usual(mean, times, min(within / between, MOST_BELIEF) if between > 0 else MOST_BELIEF)


def tried(histories: Sequence[Sequence[Visit]], popular: Sequence[str]) -> Mapping[str, Usual]:
    """By figure: the plain rule's marks, and its ceiling, over the last known baskets of each history."""
    trials = [(number, *each) for number, own in enumerate(histories) for each in _trials(own, popular)]
    truths, owned = [truth for _, _, truth, _ in trials], [known for *_, known in trials]
    marks = marked([answer for _, answer, _, _ in trials], truths, owned)
    of = np.array([number for number, *_ in trials], np.int64)
    found: dict[str, NDArray[np.floating[Any]]] = {
        "recall": marks.recall,
        "ndcg": marks.ndcg,
        "ceiling": ceiling(truths, owned),
    }
    return {name: usual(each, of, len(histories)) for name, each in found.items()}


def ceiling(truths: Sequence[Sequence[str]], owned: Sequence[set[str]]) -> NDArray[np.float64]:
    """The best recall that TOP products they know could reach, of each basket."""
    wanted = [set(truth) for truth in truths]
    again = [min(len(truth & own), TOP) for truth, own in zip(wanted, owned, strict=True)]
    return np.array(again, np.float64) / np.array([len(truth) for truth in wanted], np.float64)


def _trials(
    own: Sequence[Visit], popular: Sequence[str]
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...], set[str]]]:
    """What the rule would have said before each of the last baskets, what it was, and what was known."""
    weight: dict[str, float] = {}
    for place, visit in enumerate(own):
        if place >= max(FEWEST_BEFORE, len(own) - MOST_TRIED) and visit.items:
            yield _best(weight, popular), visit.items, set(weight)
        _add(weight, visit)


def _add(weight: dict[str, float], visit: Visit) -> None:
    for item in weight:
        weight[item] *= DECAY
    for item in visit.items:
        weight[item] = weight.get(item, 0.0) + 1.0


def _best(weight: Mapping[str, float], popular: Sequence[str]) -> tuple[str, ...]:
    best = sorted(weight, key=lambda item: (-weight[item], item))[:TOP]
    return tuple(dict.fromkeys((*best, *popular)))[:TOP]
