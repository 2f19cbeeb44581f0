"""Counts of everybody's consented baskets, kept in the worker's memory: put in, taken out, never on disk.

A history is a few packed numbers, and each product has the numbers of the baskets and the people that hold it.
Nothing is precomputed that taking a customer out again would have to unpick: a withdrawal leaves exactly the model
that would have been made without them.
"""

import heapq
from array import array
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.history import History
from edge.advice.postings import Postings, chosen, once
from edge.advice.ranking.log import Bools, Ints
from edge.advice.rules import SHARED, Basket, most_popular

# What is often in hand is counted once; each is a few kilobytes.
MOST_COUNTED: Final = 500
_NONE: Final = np.zeros(0, np.int32)


@dataclass(frozen=True, slots=True)
class _Person:
    """`first`: the number of their first basket, which the others follow."""

    number: int
    first: int
    history: History
    until_ms: int


class Model:
    """Implements `rules.Counts`."""

    def __init__(self) -> None:
        self._people: dict[bytes, _Person] = {}
        self._number: dict[str, int] = {}
        self._names: list[str] = []  # grows alone: another thread may be reading histories by it
        self._having, self._buyers = Postings(), Postings()
        self._whose: array[int] = array("i")  # the person of each basket
        self._next = 0
        self._ends: list[tuple[int, bytes]] = []
        self._baskets = 0
        self._popular: list[str] | None = None
        self._best: frozenset[str] = frozenset()
        self._beside: dict[str, tuple[Counter[str], Counter[str]]] = {}

    @property
    def baskets(self) -> int:
        return self._baskets

    @property
    def customers(self) -> int:
        return len(self._people)

    @property
    def products(self) -> int:
        """How many it has names for."""
        return len(self._names)

    def people(self) -> list[bytes]:
        return list(self._people)

    def put(self, customer_id: bytes, own: Sequence[Basket], *, until_ms: int) -> None:
        """A customer's whole known history, in place of what was here of them."""
        history = History.of(own, self._numbered)
        held = self._people.get(customer_id)
        if held is not None and (held.history, held.until_ms) == (history, until_ms):
            return
        self.forget(customer_id)
        if own:
            self._enter(customer_id, history, until_ms)
            heapq.heappush(self._ends, (until_ms, customer_id))

    def known(self) -> list[tuple[bytes, Callable[[], tuple[Basket, ...]]]]:
        """Everybody at this moment, their baskets on demand; another thread may read it."""
        return [(who, partial(person.history.own, self._names)) for who, person in self._people.items()]

    def forget(self, customer_id: bytes) -> None:
        person = self._people.pop(customer_id, None)
        if person is None:
            return
        lines = person.history.lines()
        for item in set(chain.from_iterable(lines)):
            self._having.drop(item, person.first, person.first + len(lines))
            self._buyers.drop(item, person.number, person.number + 1)
            self._beside.pop(self._names[item], None)
        self._baskets -= len(lines)
        self._popular = None

    def expire(self, now_ms: int) -> list[bytes]:
        """Forget whose consent has ended, without anybody telling; who that was."""
        ended = []
        while self._ends and self._ends[0][0] <= now_ms:
            _, customer_id = heapq.heappop(self._ends)
            person = self._people.get(customer_id)
            if person is not None and person.until_ms <= now_ms:
                self.forget(customer_id)
                ended.append(customer_id)
        return ended

    def keep_only(self, customer_ids: Collection[bytes]) -> list[bytes]:
        """Forget everybody else; who that was."""
        others = list(self._people.keys() - customer_ids)
        for gone in others:
            self.forget(gone)
        if len(self._whose) > 2 * self._baskets:
            self._number_anew()
        return others

    def bought(self, item: str) -> int:
        """Baskets with it."""
        number = self._number.get(item)
        return self._having.size(number) if number is not None else 0

    def buyers(self, item: str) -> int:
        number = self._number.get(item)
        return self._buyers.size(number) if number is not None else 0

    def beside(self, item: str) -> tuple[Counter[str], Counter[str]]:
        """Baskets, and customers, that have each other item in one basket with `item`."""
        if counted := self._beside.get(item):
            return counted
        baskets, begins = self._having.whole().among(self._with(item))
        whose = np.frombuffer(self._whose, np.int32)[baskets]
        if len(self._beside) >= MOST_COUNTED:
            self._beside.clear()
        counted = self._named(np.diff(begins)), self._named(once(whose, begins))
        self._beside[item] = counted
        return counted

    def together(self, item: str, other: str) -> tuple[int, int]:
        """Baskets with both, and customers who have such a basket."""
        baskets = self._of(self._having, other)
        both = baskets[self._with(item)[baskets]]
        people = np.frombuffer(self._whose, np.int32)[both]
        return len(both), int(once(people, np.array([0, len(people)]))[0])

    def here(self, store: str, item: str) -> tuple[int, int, int]:
        """Nothing: baskets of a trait do not say in which shop they were."""
        return 0, 0, 0

    def alike(self, items: Collection[str], *, but: bytes | None) -> tuple[int, "LikeMinded"]:
        """How many others share at least SHARED of `items`, and how many of them bought each item."""
        shared = np.concatenate([_NONE, *(self._of(self._buyers, item) for item in items)])
        times = np.bincount(shared, minlength=self._next)
        if but is not None and (me := self._people.get(but)):
            times[me.number] = 0
        near = times >= SHARED
        return int(near.sum()), LikeMinded(self, near)

    def popular(self, most: int) -> list[str]:
        """Items in order of the baskets that have them."""
        if self._popular is None:
            sold = [name for name in self._names if self.bought(name)]
            self._popular = sorted(sold, key=lambda item: (-self.bought(item), item))
            self._best = frozenset(self._popular[: most_popular(len(self._popular))])
        return self._popular[:most]

    def buyers_of(self, item: str) -> Ints:
        """Who bought it, by number."""
        return self._of(self._buyers, item)

    def most_bought(self, people: Bools, most: int) -> list[tuple[str, int]]:
        """What most of some people bought, and how many of them."""
        buyers = self._buyers.whole().count(people)
        best = np.argsort(-buyers, kind="stable")[:most]
        return [(self._names[each], int(buyers[each])) for each in best.tolist() if buyers[each]]

    def is_popular(self, item: str) -> bool:
        self.popular(0)
        return item in self._best

    def _numbered(self, name: str) -> int:
        number = self._number.setdefault(name, len(self._names))
        if number == len(self._names):
            self._names.append(name)
        return number

    def _enter(self, customer_id: bytes, history: History, until_ms: int) -> None:
        person = _Person(self._next, len(self._whose), history, until_ms)
        self._next += 1
        self._people[customer_id] = person
        lines = history.lines()
        for basket, line in enumerate(lines, person.first):
            self._whose.append(person.number)
            for item in line:
                self._having.add(item, basket)
        for item in set(chain.from_iterable(lines)):
            self._buyers.add(item, person.number)
            self._beside.pop(self._names[item], None)
        self._baskets += len(lines)
        self._popular = None

    def _number_anew(self) -> None:
        """Most numbers are those of histories that have changed since."""
        people, self._people = self._people, {}
        self._having, self._buyers = Postings(), Postings()
        self._whose, self._next, self._baskets = array("i"), 0, 0
        for who, person in people.items():
            self._enter(who, person.history, person.until_ms)

    def _of(self, postings: Postings, item: str) -> Ints:
        number = self._number.get(item, len(self._names))
        return postings.whole().of(number) if postings.size(number) else _NONE

    def _with(self, item: str) -> Bools:
        """Which baskets have it."""
        return chosen(self._of(self._having, item), len(self._whose))

    def _named(self, counts: NDArray[np.int64]) -> Counter[str]:
        return Counter({self._names[each]: int(counts[each]) for each in np.flatnonzero(counts).tolist()})


@dataclass(frozen=True, slots=True)
class LikeMinded:
    """How many of some people bought an item; true until the model changes."""

    model: Model
    people: Bools

    def __getitem__(self, item: str) -> int:
        return int(self.people[self.model.buyers_of(item)].sum())

    def most_common(self, most: int) -> list[tuple[str, int]]:
        return self.model.most_bought(self.people, most)
