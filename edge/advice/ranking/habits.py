"""What a customer's own purchases say of each product they know: how often, how lately, in what rhythm. Pure.

A question is a customer at a moment in a store. Every figure is a column over (question, product) pairs; days are
visits where nothing is dated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking.crowd import Crowd
from edge.advice.ranking.log import Floats, Ints, Log

GAP_BELIEF: Final = 3.0  # purchases worth of belief in the product's gap, against the customer's own gaps
Column = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Questions:
    """`own` holds the known baskets of question q as its customer q; `hand` what lies in the basket already.

    `also`: what is a candidate in every question, whoever speaks for it.
    """

    own: Log
    customer: Ints  # as the crowd numbers them; -1: somebody else
    now: Ints
    store: Ints
    hand: tuple[Ints, ...] = ()
    also: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.now)


@dataclass(frozen=True, slots=True)
class Habits:
    """Pairs in order of question and product, with their columns; and the same for (question, kind)."""

    question: NDArray[np.int64]
    item: NDArray[np.int64]
    columns: Mapping[str, Column]
    kind_key: NDArray[np.int64]
    kind_columns: Mapping[str, Column]


def ln1(value: Column) -> Column:
    return np.log1p(np.maximum(value, 0))


def _ratio(part: Column, whole: Column) -> Column:
    """How far past its time: log of (waited + 1) over (usual + 1), within e^±4."""
    return np.clip(np.log((part + 1) / (whole + 1)), -4, 4)


def visits_ago(log: Log) -> Ints:
    """0 for each customer's last basket, 1 for the one before."""
    starts = log.starts()
    return (starts[log.customer + 1] - 1 - np.arange(log.baskets)).astype(np.int32)


def habits(asked: Questions, crowd: Crowd) -> Habits:
    own, products = asked.own, asked.own.products
    sizes = own.sizes
    question = np.repeat(own.customer, sizes).astype(np.int64)
    key = question * products + own.items
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.r_[True, key[1:] != key[:-1]] if len(key) else np.zeros(0, bool)
    begin = np.flatnonzero(first)
    if not len(begin):
        return Habits(
            begin, begin, dict.fromkeys(COLUMNS, np.zeros(0)), begin, dict.fromkeys(KIND_COLUMNS, np.zeros(0))
        )
    end = np.r_[begin[1:], len(key)] - 1
    pair, item = key[begin] // products, key[begin] % products
    times = (end - begin + 1).astype(np.float64)
    ago = (asked.now[question] - np.repeat(own.day, sizes))[order].astype(np.float64)
    visits = np.repeat(visits_ago(own), sizes)[order].astype(np.float64)
    count = np.bincount(own.customer, minlength=len(asked)).astype(np.float64)[pair]
    at = Purchases(begin, end, times, ago, visits, count)
    columns = at.frequency() | at.recency() | at.rhythm(crowd.gap[item], crowd.gap_spread[item], first)
    columns |= at.place(asked, question[order], order, sizes)
    kind_key, place = np.unique(pair * crowd_kinds(crowd) + crowd.kinds[item], return_inverse=True)
    kind = at.kinds(place, len(kind_key), np.expm1(columns["within_45"]))
    columns |= {
        "kind_share": times / kind["total"][place],
        "kind_share_45": np.expm1(columns["within_45"]) / np.maximum(kind["late"][place], 1e-6),
        "kind_newer": (kind["since"][place] < ago[end]).astype(np.float64),
    }
    shown = {
        "kind_times": ln1(kind["total"]),
        "kind_items": ln1(kind["items"]),
        "kind_days": ln1(kind["since"]),
        "kind_visits": ln1(kind["visits"]),
        "kind_due": _ratio(kind["since"], (kind["first"] - kind["since"] + 7) / kind["total"]),
        "kind_known": np.ones(len(kind_key)),
    }
    return Habits(pair, item, columns, kind_key, shown)


def crowd_kinds(crowd: Crowd) -> int:
    return int(crowd.kinds.max(initial=0)) + 1


@dataclass(frozen=True, slots=True)
class Purchases:
    """Purchases in order of pair and time; `begin` and `end` are each pair's first and last."""

    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    times: Column
    ago: Column  # days before now, a purchase
    visits: Column  # visits after it, a purchase
    count: Column  # visits of the customer, a pair

    def _sum(self, value: Column) -> Column:
        return np.add.reduceat(value, self.begin)

    def frequency(self) -> dict[str, Column]:
        first = self.visits[self.begin]
        return {
            "times": ln1(self.times),
            "share": self.times / self.count,
            "log_share": np.log((self.times + 0.1) / (self.count + 2)),
            "rate": self.times / (first + 3),
            "once": (self.times == 1).astype(np.float64),
            "of_5": self._sum((self.visits < 5).astype(np.float64)) / np.minimum(self.count, 5),
            "of_10": self._sum((self.visits < 10).astype(np.float64)) / np.minimum(self.count, 10),
            "in_28": ln1(self._sum((self.ago <= 28).astype(np.float64))),
        }

    def recency(self) -> dict[str, Column]:
        return {
            "visits_95": ln1(self._sum(0.95**self.visits)),
            "visits_80": ln1(self._sum(0.8**self.visits)),
            "visits_50": self._sum(0.5**self.visits),
            "within_14": ln1(self._sum(0.5 ** (self.ago / 14))),
            "within_45": ln1(self._sum(0.5 ** (self.ago / 45))),
            "within_120": ln1(self._sum(0.5 ** (self.ago / 120))),
            "visits_since": ln1(self.visits[self.end]),
            "days_since": ln1(self.ago[self.end]),
            "days_known": ln1(self.ago[self.begin]),
        }

    def rhythm(self, gap: Floats, spread: Floats, first: NDArray[np.bool_]) -> dict[str, Column]:
        """The customer's own gap, believed as far as it was seen; and how far past it the moment is."""
        again = np.zeros(len(self.ago))
        again[1:] = np.where(~first[1:], np.log(np.maximum(self.ago[:-1] - self.ago[1:], 1)), 0)
        usual = (GAP_BELIEF * gap + self._sum(again)) / (GAP_BELIEF + self.times - 1)
        since, known = self.ago[self.end], self.ago[self.begin]
        visits, first_visit = self.visits[self.end], self.visits[self.begin]
        more = np.maximum(self.times - 1, 1)
        seen = self.times > 1
        mean_visits = np.where(seen, (first_visit - visits) / more, first_visit + 2)
        previous = np.maximum(self.end - 1, self.begin)
        return {
            "gap": usual,
            "gap_z": (np.log(np.maximum(since, 0) + 0.5) - usual) / spread,
            "due": _ratio(np.maximum(since, 0), np.exp(usual)),
            "due_own": np.where(seen, _ratio(np.maximum(since, 0), (known - since) / more), 0),
            "due_visits": _ratio(visits, mean_visits),
            "gap_visits": ln1(mean_visits),
            "gap_last": np.where(seen, ln1(self.ago[previous] - since), ln1(known) + 1),
        }

    def place(
        self, asked: Questions, question: NDArray[np.int64], order: NDArray[np.int64], sizes: Ints
    ) -> dict[str, Column]:
        own, pair = asked.own, question[self.begin]
        store = np.repeat(own.store, sizes)[order]
        here = self._sum(((store == asked.store[question]) & (store >= 0)).astype(np.float64))
        same = (own.store == asked.store[own.customer]) & (own.store >= 0)
        visits_here = np.bincount(own.customer[same], minlength=len(asked)).astype(np.float64)[pair]
        weekday = self._sum((self.ago % 7 == 0).astype(np.float64)) if own.dated else np.zeros(len(pair))
        return {
            "here": (here + 0.5 * self.times / self.count) / (visits_here + 0.5),
            "weekday": (weekday + 1) / (self.times + 7),
            "basket_size": self._sum(np.repeat(np.log(np.maximum(sizes, 1)), sizes)[order]) / self.times,
        }

    def kinds(self, place: NDArray[np.int64], length: int, late: Column) -> dict[str, Column]:
        since, visits, first = np.full(length, 1e6), np.full(length, 1e6), np.zeros(length)
        np.minimum.at(since, place, self.ago[self.end])
        np.minimum.at(visits, place, self.visits[self.end])
        np.maximum.at(first, place, self.ago[self.begin])
        return {
            "since": since,
            "visits": visits,
            "first": first,
            "items": np.bincount(place, minlength=length).astype(np.float64),
            "total": np.bincount(place, weights=self.times, minlength=length),
            "late": np.bincount(place, weights=late, minlength=length),
        }


COLUMNS: Final = (
    "times", "share", "log_share", "rate", "once", "of_5", "of_10", "in_28",
    "visits_95", "visits_80", "visits_50", "within_14", "within_45", "within_120",
    "visits_since", "days_since", "days_known",
    "gap", "gap_z", "due", "due_own", "due_visits", "gap_visits", "gap_last",
    "here", "weekday", "basket_size", "kind_share", "kind_share_45", "kind_newer",
)  # fmt: skip
KIND_COLUMNS: Final = ("kind_times", "kind_items", "kind_days", "kind_visits", "kind_due", "kind_known")
