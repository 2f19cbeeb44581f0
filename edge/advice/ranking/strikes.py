"""A ranked answer that can be asked what its products owe to which evidence: scores with that struck out. Pure.

Strikes are read off the columns of the rows, and a net is asked of a whole list at once: nothing is looked up again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from edge.advice.ranking.features import NAMES, SOURCES
from edge.advice.ranking.habits import KIND_COLUMNS
from edge.advice.ranking.log import Floats

_PLACE: Final = {name: place for place, name in enumerate(NAMES)}
_OWN: Final = [_PLACE[name] for name in SOURCES["own"]]
_KIND: Final = [_PLACE[name] for name in KIND_COLUMNS]
_ALONE: Final = np.float32(np.log(2.5))  # of `kind_items`: the customer knows no other product of the kind
_NOTHING: Final = 1e-3  # what the logarithm of a column of company is taken with
_OWNED: Final = ("own",)
_ALIKE: Final = ("alike",)
_BESIDE: Final = "beside"
# In which basket a product's company lies, its column, and how many products lie there.
Company = Mapping[str, tuple[frozenset[str], int]]


# Of every product, as it is and with the evidence struck out.
Scores = tuple[list[float], list[float]]


@dataclass(frozen=True, slots=True)
class Ranked:
    """The best products in order. `values`: their rows; `score`: of rows; `lowest`: of each column.

    `cosine`: how much two products keep company.
    """

    names: tuple[str, ...]
    values: Floats
    score: Callable[[Floats], Floats]
    lowest: Floats
    company: Company
    cosine: Callable[[str, str], float]
    _places: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)
    _scores: dict[tuple[str, ...], Scores] = field(default_factory=dict, repr=False)

    def by_own(self, name: str) -> tuple[float, bool]:
        """By how much the customer's own purchases of it lift a product, and whether over another."""
        return self._lift(self._once(_OWNED, self._without_own), self.names.index(name))

    def by_alike(self, name: str) -> tuple[float, bool]:
        """By how much people like the customer lift it, and whether over another."""
        return self._lift(self._once(_ALIKE, self._without_alike), self.names.index(name))

    def by_company(self, name: str, others: Sequence[str]) -> dict[str, float]:
        """By how much each of some products in hand or in the last basket lifts it over another; only those."""
        place = self.names.index(name)
        near = [other for other in others if self.cosine(other, name) > 0]
        lifts = {other: self._lift(self._beside(other, others), place) for other in near}
        return {other: by for other, (by, over) in lifts.items() if over}

    def falls_without(self, name: str, other: str) -> bool:
        """Whether others pass it where a product keeps company with none: what it lifted as much does not count."""
        if other not in self._places:
            _, without = self._beside(other, (other,))
            order = [self.names[place] for place in np.argsort(-np.array(without), kind="stable")]
            self._places[other] = _places(order, but=other)
        return self._places[other][name] > _places(self.names, but=other)[name]

    def _without_own(self) -> Floats:
        rows = self.values.copy()
        known = np.flatnonzero(rows[:, _PLACE["owned"]] > 0)
        beside = known[rows[known, _PLACE["kind_items"]] > _ALONE]  # another product of the kind is known too
        kinds = rows[beside[:, None], _KIND]
        rows[known[:, None], _OWN] = 0
        rows[beside[:, None], _KIND] = kinds
        return rows

    def _without_alike(self) -> Floats:
        rows = self.values.copy()
        rows[:, _PLACE["alike"]] = self.lowest[_PLACE["alike"]]
        return rows

    def _once(self, source: tuple[str, ...], without: Callable[[], Floats]) -> Scores:
        if source not in self._scores:
            self._ask([source], [without()])
        return self._scores[source]

    def _beside(self, other: str, others: Sequence[str]) -> Scores:
        """`others`: what will be asked for as well."""
        if (_BESIDE, other) not in self._scores:
            left = [each for each in others if (_BESIDE, each) not in self._scores]
            self._ask([(_BESIDE, each) for each in left], [self._without(each) for each in left])
        return self._scores[_BESIDE, other]

    def _ask(self, sources: Sequence[tuple[str, ...]], without: Sequence[Floats]) -> None:
        """Of all products and sources at once: to ask a net costs more than what it is asked."""
        scores = self.score(np.concatenate([self.values, *without]))
        whole, *struck = scores.reshape(len(without) + 1, len(self.names)).tolist()
        self._scores.update({source: (whole, each) for source, each in zip(sources, struck, strict=True)})

    def _lift(self, scores: Scores, place: int) -> tuple[float, bool]:
        whole, struck = scores
        next_ = whole[min(place + 1, len(whole) - 1)]
        return whole[place] - struck[place], struck[place] < next_

    def _without(self, other: str) -> Floats:
        """The rows as if a product kept them no company, in hand or in the last basket."""
        rows = self.values.copy()
        cosines = np.array([self.cosine(other, name) for name in self.names], np.float32)
        for column, (items, size) in self.company.items():
            if other in items:
                place = _PLACE[column]
                left = (np.exp(rows[:, place]) - _NOTHING) * size - cosines
                rows[:, place] = np.log(np.maximum(left, 0) / max(size - 1, 1) + _NOTHING)
        return rows


def _places(names: list[str] | tuple[str, ...], *, but: str) -> dict[str, int]:
    return {name: place for place, name in enumerate(name for name in names if name != but)}
