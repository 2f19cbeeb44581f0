"""One answer of `welkom advise`: the ranking decides what, and what moved it, if true, says why. Pure."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final, Protocol

from edge.advice import rules
from edge.advice.guards import guard_of
from edge.advice.limits import Wording, barred_words
from edge.advice.lines import History, Product, kinds
from edge.advice.ranking.numbering import Numbered, Visit, numbered
from edge.advice.ranking.packing import pack
from edge.advice.ranking.ranker import Ask, Ranker, trained_on
from edge.advice.reasons import Often, PopularHere, Reason, Suggestion
from edge.advice.rules import DAY_MS, EVERYWHERE, Basket, Item, barred
from edge.advice.suggesting import moving, named
from edge.advice.tally import Asked, Tally

# Of what was ranked, so many times the asked number is looked at, for some may not be named.
SPARE_RANKS: Final = 4


class Learn(Protocol):
    def __call__(self, known: Numbered, *, seed: int) -> Ranker: ...


class Answering:
    """Holds a trained ranking, and the counts that its reasons are counted from.

    What is barred is left out before anything is learnt: it is neither named nor an input.
    """

    def __init__(
        self,
        histories: Iterable[History],
        catalogue: Mapping[str, Product] | None,
        *,
        seed: int,
        country: str = "",
        learn: Learn = trained_on,
    ) -> None:
        self._words = barred_words(country) if catalogue is not None else Wording()
        self._items = {item: _item(item, each) for item, each in (catalogue or {}).items()}
        self._barred = barred_items(catalogue, self._words)
        self._known = {each.customer: self._seen(each.visits) for each in histories}
        known = numbered(self._known.items(), kinds(catalogue or {}))
        self._ranker = learn(known, seed=seed)
        self._tally = Tally(known)
        self._filler = [*self._tally.by_popularity, *sorted(self._items)]

    def packed(self, *, day: int) -> bytes | None:
        """What was learnt by that day, to be sent to shops; None where it is the rule alone."""
        return pack(self._ranker.mixed, day=day) if self._ranker.mixed.plain else None

    @property
    def ranker(self) -> Ranker:
        return self._ranker

    def answer(self, asked: Ask, k: int) -> list[Suggestion]:
        """Exactly `k` suggestions, fewer only where there are not so many products that may be named."""
        seen = self._usable(asked)
        ranked = self._ranker.ranked(seen, SPARE_RANKS * k)
        own = baskets(seen.visits)
        ask = _ask(asked, own)
        held = self._known.get(asked.customer or "", ())
        counts = Asked(self._tally, asked.customer, held, seen.visits)
        bought = frozenset(chain.from_iterable(basket.items for basket in own))
        usable = bought | {*seen.hand}
        moved = moving(ask, counts, usable, ranked, faint=True)

        def why(name: str) -> Iterator[Reason]:
            """What is always true in the end: how often they bought it where that lifts it, or how often all did."""
            if name in ranks:
                yield from moved(name)
            if name in bought and (name not in ranks or ranked.by_own(name)[0] > 0):
                yield Often(sum(name in basket.items for basket in own), len(own))
            yield PopularHere(EVERYWHERE, counts.baskets, counts.bought(name))

        ranks = frozenset(ranked.names)
        order = self._order(ranked.names, counts)
        return named(order, self._look, guard_of(ask, self._words), why, most=k)

    def items(self, asked: Ask, k: int) -> list[str]:
        """The products of `answer` alone, in a fraction of its time: no reason has a say in which they are."""
        seen = self._usable(asked)
        ranked = [item for item, _ in self._ranker.rank(seen, SPARE_RANKS * k)]
        guard = guard_of(_ask(asked, baskets(seen.visits)), self._words)
        held = self._known.get(asked.customer or "", ())
        order = self._order(ranked, Asked(self._tally, asked.customer, held, seen.visits))
        unsaid = (PopularHere(EVERYWHERE, 0, 0),)
        found = named(order, self._look, guard, lambda name: iter(unsaid), most=k)
        return [each.item for each in found]

    def _order(self, ranked: Sequence[str], counts: Asked) -> Iterator[str]:
        """What is ranked, then what is bought most; what nobody ever bought only where there is nothing else."""
        yield from (name for name in chain(ranked, self._filler) if counts.bought(name))
        yield from (name for name in chain(ranked, self._filler) if not counts.bought(name))

    def _usable(self, asked: Ask) -> Ask:
        """Without what is barred."""
        hand = tuple(each for each in asked.hand if each not in self._barred)
        return replace(asked, visits=self._seen(asked.visits), hand=hand)

    def _look(self, names: Collection[str]) -> dict[str, Item]:
        """The history sells what it names; the catalogue says more of it."""
        return {name: self._items.get(name) or _item(name, None) for name in names}

    def _seen(self, visits: Iterable[Visit]) -> tuple[Visit, ...]:
        return without(visits, self._barred)


def barred_items(catalogue: Mapping[str, Product] | None, words: Wording) -> frozenset[str]:
    """The products that may not be suggested, to whomever."""
    every = (catalogue or {}).items()
    return frozenset(name for name, product in every if barred(_item(name, product), words))


def without(visits: Iterable[Visit], barred: frozenset[str]) -> tuple[Visit, ...]:
    return tuple(
        each
        if barred.isdisjoint(each.items)
        else replace(each, items=tuple(item for item in each.items if item not in barred))
        for each in visits
    )


def _ask(asked: Ask, own: tuple[Basket, ...]) -> rules.Ask:
    return rules.Ask(
        asked.customer.encode() if asked.customer is not None else None,
        own,
        asked.day * DAY_MS if asked.day is not None else None,
        in_hand=asked.hand,
        store=asked.store,
    )


def _item(name: str, product: Product | None) -> Item:
    """Nobody counts the stock of a history."""
    if product is None:
        return Item(name, name, "", durable=False, sensitive=False, stock=None)
    kind = f"{product.category} / {product.department}"
    return Item(name, product.name, kind, product.durable, product.sensitive, None)


def baskets(visits: Collection[Visit]) -> tuple[Basket, ...]:
    return tuple(Basket(each.day * DAY_MS if each.day is not None else None, each.items) for each in visits)
