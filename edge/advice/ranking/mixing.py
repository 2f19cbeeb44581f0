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
BETTER: Final = 1.01  # by so much a rule must beat the plainest one to be taken for it
CHOSEN_ON: Final = 600  # lists, of the rule
_PLACE: Final = {name: place for place, name in enumerate(NAMES)}
_DECAY: Final = {"times": 1.0, "visits_95": 0.95, "visits_80": 0.8}


@dataclass(frozen=True, slots=True)
class Rule:
    """What is added up: how often by visit (`habit`), what people alike buy, what is popular now."""

    habit: str = "visits_95"
    alike: float = 0.0
    popular: float = 0.0


PLAIN: Final = Rule()
RULES: Final = (
    PLAIN,
    *(
        Rule(habit, alike, popular)
        for habit in _DECAY
        for alike in (0.0, 0.3, 1.0, 9.0)
        for popular in (0.03, 1.0, 30.0)
    ),
)


@dataclass(frozen=True, slots=True)
class Mix:
    """`share` of a rule beside the nets' score."""

    share: float = MIXES[-1]
    rule: Rule = PLAIN


@dataclass(frozen=True, slots=True)
class Mixed:
    """`plain` and `hand`: nets of the same kind that are averaged, without and with a basket in hand."""

    plain: tuple[Net, ...] = ()
    hand: tuple[Net, ...] = ()
    plain_mix: Mix = Mix()
    hand_mix: Mix = Mix()

    def score(self, rows: Table, *, hand: bool) -> Floats:
        """Of each row; what only the hand speaks for is nothing without it."""
        score = self.of(rows.values, hand=hand)
        return score if hand else np.where(rows.by_hand, -np.inf, score).astype(np.float32)

    def of(self, values: NDArray[np.floating], *, hand: bool) -> Floats:
        """Of each row by its columns alone."""
        nets, mix = (self.hand, self.hand_mix) if hand else (self.plain, self.plain_mix)
        return _mixed(_of_nets(values, nets, hand=hand), values, mix, hand=hand)

    def struck(self, rows: Table, *, neighbours: bool, shop: bool) -> Table:
        """The rows as if other people, or the shop's figures, said nothing for any of them."""
        values = rows.values.copy()
        for names, wanted in ((SOURCES["neighbours"], neighbours), (SOURCES["shop"], shop)):
            for name in names if wanted else ():
                values[:, _PLACE[name]] = values[:, _PLACE[name]].min(initial=0)
        return replace(rows, values=values)


def rule_score(values: NDArray[np.floating], rule: Rule, *, hand: bool) -> Floats:
    """How often, the lately more; what others like them buy and what is popular; and what goes with the hand."""
    column = {name: values[:, _PLACE[name]].astype(np.float32) for name in (rule.habit, "visits", "popular")}
    beside = values[:, _PLACE["beside_hand"]].astype(np.float32) if hand else np.float32(0)
    score: Floats
    if rule == PLAIN:
        score = np.log(column[rule.habit] + 1e-2) + 0.05 * column["popular"] + beside
        return score
    decay, visits = _DECAY[rule.habit], np.maximum(np.expm1(column["visits"]), 1)
    most = visits if decay == 1 else (1 - decay**visits) / (1 - decay)
    alike, month = (values[:, _PLACE[name]].astype(np.float32) for name in ("alike", "month"))
    score = np.log(
        np.expm1(column[rule.habit]) / most
        + rule.alike * np.exp(alike)
        + rule.popular * np.exp(column["popular"] + month)
        + 1e-6
    )
    return score + beside


def _of_nets(values: NDArray[np.floating], nets: Sequence[Net], *, hand: bool) -> Floats | None:
    if not nets:
        return None
    width = values.shape[1] if hand else WITHOUT_HAND
    score = sum((net.score(values[:, :width]) for net in nets), np.zeros(len(values), np.float32)) / len(nets)
    return score.astype(np.float32)


def _mixed(nets: Floats | None, values: NDArray[np.floating], mix: Mix, *, hand: bool) -> Floats:
    if nets is None or mix.share >= MIXES[-1]:
        return rule_score(values, mix.rule, hand=hand)
    if not mix.share:
        return nets
    return (nets + mix.share * rule_score(values, mix.rule, hand=hand)).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Kept:
    """Lists to choose by, which the nets did not see; rows were thinned to the chance `kept`."""

    values: NDArray[np.floating]
    starts: NDArray[np.int64]
    found: Bools
    kept: Floats
    truth: NDArray[np.int64]

    def some(self, most: int) -> "Kept":
        """At most so many of the lists, from all over."""
        step = -(-len(self.truth) // most)
        if step <= 1:
            return self
        sizes = np.diff(self.starts)
        taken = np.zeros(len(sizes), bool)
        taken[::step] = True
        rows = np.repeat(taken, sizes)
        starts = np.concatenate([[0], np.cumsum(sizes[taken])])
        return Kept(self.values[rows], starts, self.found[rows], self.kept[rows], self.truth[taken])


def chosen(lists: Kept, nets: Sequence[Net], *, hand: bool) -> Mix:
    """The mix with the best mean of recall and NDCG among TOP: first the rule, then how much of it."""
    if not len(lists.truth):
        return Mix()

    some = lists.some(CHOSEN_ON)
    alone = {rule: _worth(rule_score(some.values, rule, hand=hand), some) for rule in RULES}
    best = max(RULES, key=lambda rule: alone[rule])
    rules = (PLAIN, best) if alone[best] > BETTER * alone[PLAIN] else (PLAIN,)
    said = _of_nets(lists.values, nets, hand=hand)
    mixes = [Mix(share, rule) for share in (MIXES if nets else MIXES[-1:]) for rule in rules]
    return max(mixes, key=lambda mix: _worth(_mixed(said, lists.values, mix, hand=hand), lists))


def _worth(score: Floats, lists: Kept) -> float:
    """Each row counts for all that it stands for, so that a rank is what it would be among all."""
    starts, truth = lists.starts, lists.truth
    of = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    order = np.lexsort((-score, of))
    stands = 1 / lists.kept[order].astype(np.float64)
    above = np.cumsum(stands) - stands
    rank = above - above[starts[of[order]]]
    hit = (rank < TOP) & lists.found[order]
    gain = 1 / np.log2(rank[hit] + 2)
    ideal = np.cumsum(1 / np.log2(np.arange(2, int(truth.max()) + 2)))
    wanted = truth[of[order][hit]]
    return float((1 / wanted).sum() + (gain / ideal[wanted - 1]).sum()) / len(truth)
