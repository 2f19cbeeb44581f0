"""What the nets say, mixed with a simple rule as far as the shop's own latest baskets ask for it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking.features import NAMES, SOURCES, WITHOUT_HAND, Table
from edge.advice.ranking.log import Bools, Floats
from edge.advice.ranking.net import Net

# How much of the rule is tried beside the nets; the last is the rule alone.
MIXES: Final = (0.0, 0.3, 1.0, 3.0, 1e6)
TOP: Final = 10
_PLACE: Final = {name: place for place, name in enumerate(NAMES)}


@dataclass(frozen=True, slots=True)
class Mixed:
    """`plain` and `hand`: nets of the same kind that are averaged, without and with a basket in hand."""

    plain: tuple[Net, ...] = ()
    hand: tuple[Net, ...] = ()
    plain_rule: float = MIXES[-1]
    hand_rule: float = MIXES[-1]

    def score(self, rows: Table, *, hand: bool) -> Floats:
        """Of each row; what only the hand speaks for is nothing without it."""
        score = self.of(rows.values, hand=hand)
        return score if hand else np.where(rows.by_hand, -np.inf, score).astype(np.float32)

    def of(self, values: NDArray[np.floating], *, hand: bool) -> Floats:
        """Of each row by its columns alone."""
        nets, rule = (self.hand, self.hand_rule) if hand else (self.plain, self.plain_rule)
        return mixed(values, nets, rule, hand=hand)

    def struck(self, rows: Table, *, neighbours: bool, shop: bool) -> Table:
        """The rows as if other people, or the shop's figures, said nothing for any of them."""
        values = rows.values.copy()
        for names, wanted in ((SOURCES["neighbours"], neighbours), (SOURCES["shop"], shop)):
            for name in names if wanted else ():
                values[:, _PLACE[name]] = values[:, _PLACE[name]].min(initial=0)
        return replace(rows, values=values)


def rule_score(values: NDArray[np.floating], *, hand: bool) -> Floats:
    """How often, the lately more (decay 0.95 a visit); then what goes with the hand; then what is popular."""
    own = values[:, _PLACE["visits_95"]].astype(np.float32)
    rest = 0.05 * values[:, _PLACE["popular"]].astype(np.float32)
    beside = values[:, _PLACE["beside_hand"]].astype(np.float32) if hand else np.float32(0)
    score: Floats = np.log(own + 1e-2) + rest + beside
    return score


def mixed(values: NDArray[np.floating], nets: Sequence[Net], rule: float, *, hand: bool) -> Floats:
    width = values.shape[1] if hand else WITHOUT_HAND
    if not nets or rule >= MIXES[-1]:
        return rule_score(values, hand=hand)
    score = sum((net.score(values[:, :width]) for net in nets), np.zeros(len(values), np.float32)) / len(nets)
    return (score + rule * rule_score(values, hand=hand) if rule else score).astype(np.float32)


def chosen(
    values: NDArray[np.floating],
    starts: NDArray[np.int64],
    found: Bools,
    truth: NDArray[np.int64],
    nets: Sequence[Net],
    *,
    hand: bool,
) -> float:
    """The mix with the best mean of recall and NDCG among TOP, on lists that the nets did not see."""
    if not len(truth):
        return MIXES[-1]
    return max(MIXES, key=lambda rule: _worth(mixed(values, nets, rule, hand=hand), starts, found, truth))


def _worth(score: Floats, starts: NDArray[np.int64], found: Bools, truth: NDArray[np.int64]) -> float:
    sizes = np.diff(starts)
    of = np.repeat(np.arange(len(sizes)), sizes)
    order = np.lexsort((-score, of))
    rank = np.arange(len(order)) - starts[of[order]]
    hit = (rank < TOP) & found[order]
    gain = 1 / np.log2(rank[hit] + 2)
    ideal = np.cumsum(1 / np.log2(np.arange(2, int(truth.max()) + 2)))
    return float((1 / truth[of[order][hit]]).sum() + (gain / ideal[truth[of[order][hit]] - 1]).sum()) / len(
        truth
    )
