"""Counts of a whole history, looked up product by product: what `welkom advise` counts its reasons from. Pure.

A question's own baskets stand in place of those that the history has of the customer (contract.md, `welkom advise`).
"""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking.log import NO_STORE, Ints
from edge.advice.ranking.numbering import Numbered, Visit
from edge.advice.rules import SHARED, most_popular

_NONE: Final = np.zeros(0, np.int32)
_NOWHERE: Final[frozenset[int]] = frozenset()


class Tally:
    """Of a numbered history; read by any number of questions."""

    def __init__(self, known: Numbered) -> None:
        log = known.log
        self.number, self.people, self.stores = known.number, known.customers, known.stores
        self.customer, self.store = log.customer, log.store
        order = np.argsort(log.items, kind="stable")
        self._basket = np.repeat(np.arange(log.baskets, dtype=np.int32), log.sizes)[order]
        self._starts = np.searchsorted(log.items[order], np.arange(len(known.names) + 1))
        pairs = np.unique(
            log.items.astype(np.int64) * max(log.customers, 1) + np.repeat(log.customer, log.sizes)
        )
        self._buyer = (pairs % max(log.customers, 1)).astype(np.int32)
        self._begins = np.searchsorted(pairs // max(log.customers, 1), np.arange(len(known.names) + 1))
        times = np.diff(self._starts)
        ranked = np.lexsort((np.arange(len(times)), -times))
        self.by_popularity = [known.names[each] for each in ranked]
        self.baskets_of = dict(
            zip(*(each.tolist() for each in np.unique(log.store, return_counts=True)), strict=True)
        )
        self.popular = frozenset(self.by_popularity[: most_popular(len(times))])

    def baskets_with(self, item: str) -> Ints:
        number = self.number.get(item, -1)
        return _NONE if number < 0 else self._basket[self._starts[number] : self._starts[number + 1]]

    def buyers_of(self, item: str) -> Ints:
        number = self.number.get(item, -1)
        return _NONE if number < 0 else self._buyer[self._begins[number] : self._begins[number + 1]]


class Asked:
    """A tally with one customer's baskets replaced; implements `rules.Seen`."""

    def __init__(
        self, tally: Tally, customer: str | None, held: Sequence[Visit], own: Sequence[Visit]
    ) -> None:
        self._tally = tally
        self._me = tally.people.get(customer, -1) if customer is not None else -1
        if self._me < 0:
            held = own = ()
        # Nearly always the question goes on where the history does, or stops before it.
        same = sum(1 for _ in takewhile(lambda each: each[0] == each[1], zip(held, own, strict=False)))
        was, now = Counter(held[same:]), Counter(own[same:])
        self._kept = (*held[:same], *(was & now))
        self._gone, self._come = (_Baskets(tuple(left.elements())) for left in (was - now, now - was))
        self._more_people = bool(own) - bool(held)

    @cached_property
    def baskets(self) -> int:
        return len(self._tally.customer) + len(self._come.visits) - len(self._gone.visits)

    @cached_property
    def customers(self) -> int:
        return len(self._tally.people) + self._more_people

    def bought(self, item: str) -> int:
        come, gone = self._come.having(item), self._gone.having(item)
        return len(self._tally.baskets_with(item)) + len(come) - len(gone)

    def buyers(self, item: str) -> int:
        come, gone = self._come.having(item), self._gone.having(item)
        return len(self._tally.buyers_of(item)) + self._one_more(
            come, gone, lambda visit: item in visit.items
        )

    def together(self, item: str, other: str) -> tuple[int, int]:
        """Baskets with both, and customers who have such a basket."""
        tally = self._tally
        both = np.intersect1d(tally.baskets_with(item), tally.baskets_with(other), assume_unique=True)
        come, gone = (some.having(item) & some.having(other) for some in (self._come, self._gone))
        return (
            len(both) + len(come) - len(gone),
            len(np.unique(tally.customer[both]))
            + self._one_more(come, gone, lambda visit: item in visit.items and other in visit.items),
        )

    def here(self, store: str, item: str) -> tuple[int, int, int]:
        """Baskets of a store with it, all its baskets, and how many customers bought it there."""
        tally = self._tally
        number = tally.stores.get(store, NO_STORE - 1)
        with_it = tally.baskets_with(item)
        with_it = with_it[tally.store[with_it] == number]
        come_here, gone_here = self._come.at(store), self._gone.at(store)
        come, gone = come_here & self._come.having(item), gone_here & self._gone.having(item)
        return (
            len(with_it) + len(come) - len(gone),
            tally.baskets_of.get(number, 0) + len(come_here) - len(gone_here),
            len(np.unique(tally.customer[with_it]))
            + self._one_more(come, gone, lambda visit: visit.store == store and item in visit.items),
        )

    def is_popular(self, item: str) -> bool:
        return item in self._tally.popular

    def alike(self, items: Collection[str], *, but: bytes | None) -> tuple[int, "Buyers"]:
        """Others who share at least SHARED of `items`, and how many of them bought each item."""
        tally = self._tally
        shared = [tally.buyers_of(item) for item in items]
        count = np.bincount(np.concatenate([_NONE, *shared]), minlength=len(tally.people))
        me = tally.people.get(but.decode(), -1) if but is not None else -1
        if me >= 0:
            count[me] = 0
        near = count >= SHARED
        return int(near.sum()), Buyers(tally, near)

    def _one_more(self, come: AbstractSet[int], gone: AbstractSet[int], has: Callable[[Visit], bool]) -> int:
        """Whether the customer now counts who did not; -1 the other way about. Who has a kept basket always does."""
        if bool(come) == bool(gone) or any(map(has, self._kept)):
            return 0
        return 1 if come else -1


class _Baskets:
    """Some baskets of one customer, numbered: by what is in them and by where they were bought."""

    def __init__(self, visits: Sequence[Visit]) -> None:
        self.visits = visits
        self._having: dict[str, set[int]] = {}
        self._at: dict[str | None, set[int]] = {}
        for place, visit in enumerate(visits):
            self._at.setdefault(visit.store, set()).add(place)
            for item in visit.items:
                self._having.setdefault(item, set()).add(place)

    def having(self, item: str) -> AbstractSet[int]:
        return self._having.get(item, _NOWHERE)

    def at(self, store: str) -> AbstractSet[int]:
        return self._at.get(store, _NOWHERE)


@dataclass(frozen=True, slots=True)
class Buyers:
    """How many of some people bought an item."""

    tally: Tally
    people: NDArray[np.bool_]

    def __getitem__(self, item: str) -> int:
        return int(self.people[self.tally.buyers_of(item)].sum())
