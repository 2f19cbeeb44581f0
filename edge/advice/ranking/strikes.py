"""A ranked answer that can be asked what its products owe to which evidence: scores with that struck out. Pure.

Most strikes are read off the columns of a product's own row; what one thing in hand did to the list is ranked again.
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

    `cosine`: how much two products keep company; `again`: the order with one struck out of hand and last basket.
    """

    names: tuple[str, ...]
    values: Floats
    score: Callable[[Floats], Floats]
    lowest: Floats
    company: Company
    cosine: Callable[[str, str], float]
    again: Callable[[str], list[str]]
    _places: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)

    def by_own(self, name: str) -> tuple[float, bool]:
        """By how much the customer's own purchases of it lift a product, and whether over another."""
        row = self._row(name)
        if row[_PLACE["owned"]] <= 0:
            return 0.0, False
        known = row[_KIND].copy()
        row[_OWN] = 0
        if known[KIND_COLUMNS.index("kind_items")] > _ALONE:
            row[_KIND] = known
        return self._lifted(name, row)[0]

    def by_alike(self, name: str) -> tuple[float, bool]:
        """By how much people like the customer lift it, and whether over another."""
        row = self._row(name)
        row[_PLACE["alike"]] = self.lowest[_PLACE["alike"]]
        return self._lifted(name, row)[0]

    def by_company(self, name: str, others: Sequence[str]) -> dict[str, float]:
        """By how much each of some products in hand or in the last basket lifts it over another; only those."""
        cosines = {other: cosine for other in others if (cosine := self.cosine(other, name)) > 0}
        rows = []
        for other, cosine in cosines.items():
            row = self._row(name)
            for column, (items, size) in self.company.items():
                if other in items:
                    place = _PLACE[column]
                    left = (np.exp(row[place]) - _NOTHING) * size - cosine
                    row[place] = np.log(max(left, 0) / max(size - 1, 1) + _NOTHING)
            rows.append(row)
        lifts = zip(cosines, self._lifted(name, *rows), strict=True) if rows else ()
        return {other: by for other, (by, over) in lifts if over}

    def falls_without(self, name: str, other: str) -> bool:
        """Whether it comes later, or no more, with a product struck out of hand and last basket."""
        if other not in self._places:
            self._places[other] = _places(self.again(other), but=other)
        before = _places(self.names, but=other)
        after = self._places[other]
        return name not in after or after[name] > before[name]

    def _row(self, name: str) -> Floats:
        row: Floats = self.values[self.names.index(name)].copy()
        return row

    def _lifted(self, name: str, *rows: Floats) -> list[tuple[float, bool]]:
        """By each changed row; and whether it would lose its place."""
        place = self.names.index(name)
        kept = self.values[place : place + 2]
        scores = self.score(np.concatenate([kept, np.stack(rows)])).tolist()
        whole, next_ = scores[0], scores[len(kept) - 1]
        return [(whole - struck, struck < next_) for struck in scores[len(kept) :]]


def _places(names: list[str] | tuple[str, ...], *, but: str) -> dict[str, int]:
    return {name: place for place, name in enumerate(name for name in names if name != but)}
