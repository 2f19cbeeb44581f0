"""The ranking itself: what it was trained on, its nets, and the answer to one question."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain
from typing import Final

import numpy as np

from edge.advice.ranking import sparse
from edge.advice.ranking.crowd import Crowd, count
from edge.advice.ranking.features import Table, table
from edge.advice.ranking.habits import Questions
from edge.advice.ranking.log import NO_STORE, Log, log_of
from edge.advice.ranking.mixing import Mixed
from edge.advice.ranking.net import Pause, at_once
from edge.advice.ranking.numbering import Numbered, Visit, numbered
from edge.advice.ranking.strikes import Ranked
from edge.advice.ranking.training import learn

VISIT_DAYS: Final = 7  # between two visits of whom nothing is dated, in a shop where the rest is


@dataclass(frozen=True, slots=True)
class Ask:
    """`customer` as in training, so that nobody is their own neighbour; `day` None: as if at their next visit."""

    visits: Sequence[Visit]
    day: int | None = None
    store: str | None = None
    hand: tuple[str, ...] = ()
    customer: str | None = None


@dataclass(frozen=True, slots=True)
class Without:
    """Evidence struck out: purchases of `items` (in baskets of the customer), what is in hand, other people."""

    visits: frozenset[int] = frozenset()  # places in `Ask.visits`, with `items`; none given: in all of them
    items: frozenset[str] = frozenset()
    hand: frozenset[str] = frozenset()
    neighbours: bool = False
    shop: bool = False


@dataclass(frozen=True, slots=True)
class Ranker:
    """Read by any number of questions; trained anew rather than changed, but for `forget`."""

    names: tuple[str, ...]
    number: Mapping[str, int]
    stores: Mapping[str, int]
    customers: dict[str, int]
    crowd: Crowd
    mixed: Mixed
    dated: bool
    last_day: int

    def forget(self, customer: str) -> None:
        """Hold neither the id nor the purchases of a customer; nothing for somebody who is not in it."""
        number = self.customers.pop(customer, None)
        if number is not None:
            self.crowd.anchors.forget(number)

    def rank(self, asked: Ask, most: int, *, without: Without | None = None) -> list[tuple[str, float]]:
        """The best `most` products with their scores, never one in hand; candidates only, so it may be fewer."""
        names, rows = self._table(asked, without)
        return [(name, score) for name, score, _ in self._best(asked, names, rows, most)]

    def ranked(self, asked: Ask, most: int) -> Ranked:
        """The best `most` products, to be asked what moved them."""
        names, rows = self._table(asked, None)
        best = self._best(asked, names, rows, most)
        hand = bool(asked.hand)
        inside = {
            column: frozenset(item for item in items if item in names)
            for column, items in (
                ("beside_hand", asked.hand),
                ("beside_last", asked.visits[-1].items if asked.visits else ()),
            )
        }
        beside = cache(lambda other: sparse.row(self.crowd.beside, names.get(other, -1)))
        return Ranked(
            tuple(name for name, *_ in best),
            rows.values[[row for *_, row in best]],
            lambda values: self.mixed.of(values, hand=hand),
            rows.values.min(axis=0, initial=0),
            {column: (items, len(items)) for column, items in inside.items()},
            lambda other, name: beside(other).get(self.number.get(name, -1), 0.0),
        )

    def _best(
        self, asked: Ask, names: Mapping[str, int], rows: Table, most: int
    ) -> list[tuple[str, float, int]]:
        """Names, scores and rows of the best `most`."""
        score = self.mixed.score(rows, hand=bool(asked.hand))
        score[np.isin(rows.item, [names[each] for each in asked.hand if each in names])] = -np.inf
        best = np.argpartition(-score, most)[:most] if most < len(score) else np.arange(len(score))
        best = best[np.lexsort((rows.item[best], -score[best]))]
        spare = len(self.names)
        label = {number: name for name, number in names.items() if number >= spare}
        return [
            (self._name(int(rows.item[each]), label), float(score[each]), int(each))
            for each in best
            if np.isfinite(score[each])
        ]

    def scores(self, asked: Ask, items: Sequence[str], *, without: Without | None = None) -> list[float]:
        """Of each item, candidate or not, to compare with and without evidence; -inf of one that nobody knows."""
        names, rows = self._table(asked, without, items)
        score = self.mixed.score(rows, hand=bool(asked.hand))
        found = dict(zip(rows.item.tolist(), score.tolist(), strict=True))
        numbers = [names.get(item, self.number.get(item, -1)) for item in items]
        return [found.get(number, float("-inf")) for number in numbers]

    def moved(self, asked: Ask, item: str) -> dict[str, float]:
        """By how much each source of evidence moved an item up: its score less the score without that evidence."""
        last = frozenset({len(asked.visits) - 1})
        struck = {
            "own": Without(items=frozenset({item})),
            "beside_last": Without(
                visits=last, items=frozenset(asked.visits[-1].items if asked.visits else ())
            ),
            "hand": Without(hand=frozenset(asked.hand)),
            "neighbours": Without(neighbours=True),
            "shop": Without(shop=True),
        }
        (whole,) = self.scores(asked, [item])
        return {name: whole - self.scores(asked, [item], without=each)[0] for name, each in struck.items()}

    def _name(self, item: int, label: Mapping[int, str]) -> str:
        return self.names[item] if item < len(self.names) else label[item]

    def _table(
        self, asked: Ask, without: Without | None, also: Sequence[str] = ()
    ) -> tuple[dict[str, int], Table]:
        """The candidates, and the numbers of every product that the customer or the basket names."""
        named: dict[str, int] = {}
        spare = len(self.names)
        for name in dict.fromkeys(chain(*(visit.items for visit in asked.visits), asked.hand)):
            number = self.number.get(name)
            if number is None and spare < self.crowd.products:
                number, spare = spare, spare + 1
            if number is not None:
                named[name] = number
        visits, hand = list(asked.visits), asked.hand
        if without is not None:
            hand = tuple(each for each in hand if each not in without.hand)
            for place, visit in enumerate(visits):
                if not without.visits or place in without.visits:
                    kept = tuple(each for each in visit.items if each not in without.items)
                    visits[place] = replace(visit, items=kept)
        now, own = self._own(visits, asked.day, named)
        store = self.stores.get(asked.store or "", NO_STORE)
        questions = Questions(
            own,
            np.array([self.customers.get(asked.customer or "", -1)], np.int32),
            np.array([now], np.int32),
            np.array([store], np.int32),
            (np.array([named[each] for each in hand if each in named], np.int32),) if hand else (),
            tuple(number for item in also if (number := named.get(item, self.number.get(item))) is not None),
        )
        rows = table(questions, self.crowd)
        if without is not None and (without.neighbours or without.shop):
            rows = self.mixed.struck(rows, neighbours=without.neighbours, shop=without.shop)
        return named, rows

    def _own(self, visits: Sequence[Visit], day: int | None, named: Mapping[str, int]) -> tuple[int, Log]:
        """The customer's baskets on the days of the crowd, and the day it is."""
        if not self.dated:
            now, days = 0, [place - len(visits) for place in range(len(visits))]
        else:
            now, days = _days([each.day for each in visits], day, default=self.last_day + 1)
        get = named.get
        line = [
            (
                when,
                self.stores.get(visit.store or "", NO_STORE),
                [number for item in visit.items if (number := get(item)) is not None],
            )
            for when, visit in zip(days, visits, strict=True)
        ]
        return now, log_of([line], products=self.crowd.products, dated=True)


def _days(known: list[int | None], day: int | None, *, default: int) -> tuple[int, list[int]]:
    """Every visit on a day that is not after `day`; who has no dates came once a week."""
    dated = [each for each in known if each is not None]
    if day is None:
        day = max(dated) + VISIT_DAYS if dated else default
    days, when = [], day
    for place in range(len(known) - 1, -1, -1):
        each = known[place]
        when = min(when, each) if each is not None else when - VISIT_DAYS
        days.append(when)
    return day, days[::-1]


def trained(
    histories: Mapping[str, Sequence[Visit]], kinds: Mapping[str, str] | None = None, *, seed: int = 0
) -> Ranker:
    """A ranker of these customers' visits, oldest first. `kinds`: product -> category, where a catalogue is given."""
    return trained_on(numbered(histories.items(), kinds), seed=seed)


def trained_on(
    known: Numbered, *, seed: int = 0, given: Mixed | None = None, pause: Pause = at_once
) -> Ranker:
    """`given`: nets that were learnt elsewhere, for a history that is too short for its own."""
    log = known.log
    now = int(np.quantile(log.day, 0.999)) + 1 if log.dated and log.baskets else 0
    mixed = learn(log, known.kinds, seed=seed, pause=pause)
    if given is not None and not mixed.plain:
        mixed = given
    crowd = count(log, known.kinds, now=now, seed=seed)
    return Ranker(
        known.names, known.number, known.stores, dict(known.customers), crowd, mixed, log.dated, now
    )
