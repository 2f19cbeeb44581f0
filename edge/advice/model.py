"""Counts of everybody's consented baskets, kept in the worker's memory: put in, taken out, never on disk.

Nothing is precomputed that taking a customer out again would have to unpick: a withdrawal leaves exactly the model
that would have been made without them.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from edge.advice.rules import SHARED, Basket, most_popular

# What is often in hand is counted once; each is a few kilobytes.
MOST_COUNTED: Final = 500


@dataclass(frozen=True, slots=True)
class _Person:
    number: int
    times: tuple[int | None, ...]
    baskets: tuple[tuple[str, ...], ...]
    items: frozenset[str]
    until_ms: int

    def own(self) -> tuple[Basket, ...]:
        return tuple(Basket(*each) for each in zip(self.times, self.baskets, strict=True))


class Model:
    """Implements `rules.Counts`."""

    def __init__(self) -> None:
        self._people: dict[bytes, _Person] = {}
        self._numbers: dict[int, _Person] = {}
        self._buyers: dict[str, set[int]] = {}
        self._bought: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        self._ends: list[tuple[int, bytes]] = []
        self._next = 0
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

    def people(self) -> list[bytes]:
        return list(self._people)

    def put(self, customer_id: bytes, own: Sequence[Basket], *, until_ms: int) -> None:
        """A customer's whole known history, in place of what was here of them."""
        # One text object an item, whoever bought it.
        lines = tuple(tuple(self._names.setdefault(item, item) for item in basket.items) for basket in own)
        held = self._people.get(customer_id)
        times = tuple(basket.at_ms for basket in own)
        if held is not None and (held.baskets, held.times, held.until_ms) == (lines, times, until_ms):
            return
        self.forget(customer_id)
        if not lines:
            return
        self._next += 1
        person = _Person(self._next, times, lines, frozenset(chain.from_iterable(lines)), until_ms)
        self._people[customer_id] = self._numbers[person.number] = person
        for item in person.items:
            self._buyers.setdefault(item, set()).add(person.number)
            self._beside.pop(item, None)
        self._bought.update(chain.from_iterable(lines))
        self._baskets += len(lines)
        self._popular = None
        heapq.heappush(self._ends, (until_ms, customer_id))

    def known(self) -> list[tuple[bytes, Callable[[], tuple[Basket, ...]]]]:
        """Everybody at this moment, their baskets on demand; another thread may read it."""
        return [(who, person.own) for who, person in self._people.items()]

    def forget(self, customer_id: bytes) -> None:
        person = self._people.pop(customer_id, None)
        if person is None:
            return
        del self._numbers[person.number]
        self._bought.subtract(chain.from_iterable(person.baskets))
        for item in person.items:
            buyers = self._buyers[item]
            buyers.discard(person.number)
            self._beside.pop(item, None)
            if not buyers:
                del self._buyers[item], self._bought[item], self._names[item]
        self._baskets -= len(person.baskets)
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
        return others

    def bought(self, item: str) -> int:
        """Baskets with it."""
        return self._bought[item]

    def buyers(self, item: str) -> int:
        return len(self._buyers.get(item, ()))

    def beside(self, item: str) -> tuple[Counter[str], Counter[str]]:
        """Baskets, and customers, that have each other item in one basket with `item`."""
        if counted := self._beside.get(item):
            return counted
        baskets: list[tuple[str, ...]] = []
        sets: list[Iterable[str]] = []
        for number in self._buyers.get(item, ()):
            with_it = [line for line in self._numbers[number].baskets if item in line]
            baskets += with_it
            sets.append(with_it[0] if len(with_it) == 1 else set(chain.from_iterable(with_it)))
        if len(self._beside) >= MOST_COUNTED:
            self._beside.clear()
        counted = Counter(chain.from_iterable(baskets)), Counter(chain.from_iterable(sets))
        self._beside[item] = counted
        return counted

    def together(self, item: str, other: str) -> tuple[int, int]:
        """Baskets with both, and customers who have such a basket."""
        baskets, customers = self.beside(item)
        return baskets[other], customers[other]

    def here(self, store: str, item: str) -> tuple[int, int, int]:
        """Nothing: baskets of a trait do not say in which shop they were."""
        return 0, 0, 0

    def alike(self, items: Collection[str], *, but: bytes | None) -> tuple[int, Counter[str]]:
        """How many others share at least SHARED of `items`, and how many of them bought each item."""
        shared = Counter(chain.from_iterable(self._buyers.get(item, ()) for item in items))
        me = self._people.get(but) if but is not None else None
        if me is not None:
            shared.pop(me.number, None)
        near = [number for number, count in shared.items() if count >= SHARED]
        return len(near), Counter(chain.from_iterable(self._numbers[number].items for number in near))

    def popular(self, most: int) -> list[str]:
        """Items in order of the baskets that have them."""
        if self._popular is None:
            self._popular = sorted(self._bought, key=lambda item: (-self._bought[item], item))
            self._best = frozenset(self._popular[: most_popular(len(self._popular))])
        return self._popular[:most]

    def is_popular(self, item: str) -> bool:
        self.popular(0)
        return item in self._best
