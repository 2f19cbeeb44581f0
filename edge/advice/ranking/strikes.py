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
# In which basket a product's company lies, its column, and how many products lie there.
Company = Mapping[str, tuple[frozenset[str], int]]


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
    _lifts: dict[str, list[tuple[float, bool]]] = field(default_factory=dict, repr=False)

    def by_own(self, name: str) -> tuple[float, bool]:
        """By how much the customer's own purchases of it lift a product, and whether over another."""
        return self._once("own", self._without_own)[self.names.index(name)]

    def by_alike(self, name: str) -> tuple[float, bool]:
        """By how much people like the customer lift it, and whether over another."""
        return self._once("alike", self._without_alike)[self.names.index(name)]

    def by_company(self, name: str, others: Sequence[str]) -> dict[str, float]:
        """By how much each of some products in hand or in the last basket lifts it over another; only those."""
        place = self.names.index(name)
        lifts = {other: self._beside(other)[place] for other in others if self.cosine(other, name) > 0}
        return {other: by for other, (by, over) in lifts.items() if over}

    def falls_without(self, name: str, other: str) -> bool:
        """Whether others pass it where a product keeps company with none: what it lifted as much does not count."""
        if other not in self._places:
            self._places[other] = _places(self._order_without(other), but=other)
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

    def _once(self, source: str, without: Callable[[], Floats]) -> list[tuple[float, bool]]:
        """Of every product at once: to ask a net costs more than what it is asked."""
        if source not in self._lifts:
            scores = self.score(np.concatenate([self.values, without()])).tolist()
            whole, struck = scores[: len(self.names)], scores[len(self.names) :]
            next_ = [*whole[1:], *whole[-1:]]
            self._lifts[source] = [
                (mine - less, less < other) for mine, less, other in zip(whole, struck, next_, strict=True)
            ]
        return self._lifts[source]

    def _beside(self, other: str) -> list[tuple[float, bool]]:
        return self._once(other, lambda: self._without(other))

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

    def _order_without(self, other: str) -> list[str]:
        scores = self.score(self._without(other))
        return [self.names[place] for place in np.argsort(-scores, kind="stable")]


def _places(names: list[str] | tuple[str, ...], *, but: str) -> dict[str, int]:
    return {name: place for place, name in enumerate(name for name in names if name != but)}
