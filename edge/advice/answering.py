"""One answer of `welkom advise`: the ranking decides what, the counted evidence says why. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final

from edge.advice import rules
from edge.advice.limits import barred_words
from edge.advice.lines import History, Product, kinds
from edge.advice.model import Model
from edge.advice.ranking.numbering import Visit
from edge.advice.ranking.packing import pack
from edge.advice.ranking.ranker import Ask, trained
from edge.advice.rules import DAY_MS, Basket, Item, Often, PopularHere, Reason, Suggestion, barred

FOREVER_MS: Final = 1 << 62
# Of what was ranked, so many times the asked number is looked at, for some may not be named.
SPARE_RANKS: Final = 4


class Answering:
    """Holds a trained ranking, and the counts that its reasons are recomputed from."""

    def __init__(
        self, histories: Iterable[History], catalogue: Mapping[str, Product] | None, *, seed: int
    ) -> None:
        known = {each.customer: each.visits for each in histories}
        self._known = known
        self._ranker = trained(known, kinds(catalogue or {}), seed=seed)
        self._catalogue = catalogue
        self._words = barred_words() if catalogue is not None else frozenset[str]()
        self._counts = Model()
        for customer, visits in known.items():
            self._counts.put(customer.encode(), baskets(visits), until_ms=FOREVER_MS)
        self._filler = [*self._counts.popular(len(self._ranker.names)), *sorted(catalogue or ())]

    def packed(self) -> bytes | None:
        """What was learnt, to be sent to shops; None where it is the rule alone."""
        return pack(self._ranker.mixed) if self._ranker.mixed.plain else None

    def answer(self, asked: Ask, k: int) -> list[Suggestion]:
        """Exactly `k` suggestions, fewer only where there are not so many products that may be named."""
        with self._as_asked(asked):
            return self._answer(asked, k)

    def _answer(self, asked: Ask, k: int) -> list[Suggestion]:
        own = baskets(asked.visits)
        bought = {item for basket in own for item in basket.items}
        ranked = [item for item, _ in self._ranker.rank(asked, SPARE_RANKS * k)]
        ask = rules.Ask(
            asked.customer.encode() if asked.customer is not None else None,
            own,
            self._now_ms(asked),
            in_hand=asked.hand,
        )
        usable = frozenset(item for item in {*bought, *asked.hand} if not self._barred(item))
        reasons = rules.reasons(ask, self._counts, usable)
        found: list[Suggestion] = []
        hand = frozenset(asked.hand)
        for item in dict.fromkeys((*ranked, *self._filler)):
            if item in hand or self._barred(item) or (item in bought and self._durable(item)):
                continue
            reason = reasons.get(item) or self._plain(item, own)
            found.append(Suggestion(item, self._title(item), reason))
            if len(found) == k:
                break
        return found

    @contextmanager
    def _as_asked(self, asked: Ask) -> Iterator[None]:
        """The query's baskets stand in place of the customer's own in the counts."""
        held = self._known.get(asked.customer or "")
        if held is None or asked.customer is None or held == tuple(asked.visits):
            yield
            return
        name = asked.customer.encode()
        self._counts.put(name, baskets(asked.visits), until_ms=FOREVER_MS)
        try:
            yield
        finally:
            self._counts.put(name, baskets(held), until_ms=FOREVER_MS)

    def _plain(self, item: str, own: Sequence[Basket]) -> Reason:
        """What is always true: how often they bought it, or else how often everybody did."""
        times = sum(item in basket.items for basket in own)
        if times:
            return Often(times, len(own))
        return PopularHere("all", self._counts.baskets, self._counts.bought(item))

    def _now_ms(self, asked: Ask) -> int:
        day = asked.day
        if day is None:
            day = max((each.day for each in asked.visits if each.day is not None), default=0)
        return day * DAY_MS

    def _product(self, item: str) -> Product | None:
        return self._catalogue.get(item) if self._catalogue is not None else None

    def _title(self, item: str) -> str:
        product = self._product(item)
        return product.name if product else item

    def _durable(self, item: str) -> bool:
        product = self._product(item)
        return product is not None and product.durable

    def _barred(self, item: str) -> bool:
        product = self._product(item)
        if product is None:
            return False
        kind = f"{product.category} / {product.department}"
        return barred(Item(item, product.name, kind, product.durable, product.sensitive, None), self._words)


def baskets(visits: Collection[Visit]) -> tuple[Basket, ...]:
    return tuple(Basket(each.day * DAY_MS if each.day is not None else None, each.items) for each in visits)
