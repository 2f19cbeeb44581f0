"""What speaks for a product: true reasons, counted from the baskets. Pure.

What is not in the catalogue, or barred by it or by law, is neither named nor used.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt
from statistics import median, quantiles
from typing import Any, Final, Protocol

from edge.advice.limits import Wording, holds
from edge.advice.reasons import (
    DueAgain,
    DueAgainVisits,
    GoesWith,
    Often,
    OthersLikeYou,
    PopularHere,
    Reason,
)

DAY_MS: Final = 24 * 3_600_000
KEEP_DAYS: Final = 395  # purchases count for 13 months, as the trait declares
TOP: Final = 3
GROUP: Final = 10  # fewer people than this behind a statement about others could be recognised in it
PAIR: Final = 20  # baskets with both, from which things are said to go together
SHARED: Final = 3  # products in common that make a customer "like you"
REFUSED_MS: Final = 14 * DAY_MS
# A rhythm may be claimed from four purchases on whose gaps do not scatter wider than the gap itself;
# it is due from 0.8 to 2 times the gap.
TIMES: Final = 4
DUE: Final = (0.8, 2.0)
RESTED_DAYS: Final = 7  # what was bought this week is not "again" yet
LIFT: Final = 1.2  # together must be at least this much more than chance, by its lower bound
_Z: Final = 1.64
EVERYWHERE: Final = "all"
# Each source of candidates is looked at no further than this; three are shown.
MOST_EACH: Final = 200
MOST_HAND: Final = 8
# Popular is what stands in the first fifth of what the shop sells; in a small shop at least so many.
POPULAR: Final = (5, 10)


@dataclass(frozen=True, slots=True)
class Item:
    """A product as far as advice asks; `stock` is None where nobody counts it."""

    item: str
    title: str
    category: str
    durable: bool
    sensitive: bool
    stock: int | None
    place: str = ""
    counted_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Basket:
    """One visit's purchases; without `at_ms` only the order is known."""

    at_ms: int | None
    items: tuple[str, ...]


class Tally(Protocol):
    def __getitem__(self, item: str, /) -> int: ...


class Tallied(Tally, Protocol):
    def most_common(self, most: int, /) -> list[tuple[str, int]]: ...


# How many people are like the customer, and how many of them bought each product.
Alike = tuple[int, Tally]


class Seen(Protocol):
    """What everybody's consented baskets answer of single products; the customer's own are among them."""

    @property
    def baskets(self) -> int: ...
    @property
    def customers(self) -> int: ...
    def bought(self, item: str) -> int: ...
    def buyers(self, item: str) -> int: ...
    def together(self, item: str, other: str) -> tuple[int, int]:
        """Baskets with both, and customers who have such a basket."""

    def alike(self, items: Collection[str], *, but: bytes | None) -> Alike: ...
    def is_popular(self, item: str) -> bool:
        """Whether it is among the `most_popular` in most baskets."""

    def here(self, store: str, item: str) -> tuple[int, int, int]:
        """Baskets of a store with it, all its baskets, and how many customers bought it there."""


class Counts(Seen, Protocol):
    """Whoever answers these too can be asked what to suggest, without a ranking."""

    def beside(self, item: str) -> tuple[Counter[str], Counter[str]]: ...
    def alike(self, items: Collection[str], *, but: bytes | None) -> tuple[int, Tallied]: ...
    def popular(self, most: int) -> list[str]: ...


Look = Callable[[Collection[str]], Mapping[str, Item]]


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom to suggest something to: `own` is oldest first and empty without a basis or a history.

    `now_ms` None: the moment is not known, so visits are counted and not days.
    """

    customer_id: bytes | None = field(repr=False)
    own: Sequence[Basket] = field(repr=False)
    now_ms: int | None
    in_hand: tuple[str, ...] = field(default=(), repr=False)
    refused: frozenset[str] = field(default=frozenset(), repr=False)
    store: str | None = None


def baskets_of(value: Any, *, now_ms: int) -> tuple[Basket, ...]:
    """The purchases of a `baskets` trait, oldest first; lines that are none, too old or of tomorrow are left out."""
    lines = value.get("baskets") if isinstance(value, Mapping) else None
    found: list[Basket] = []
    for line in lines if isinstance(lines, list) else []:
        if not isinstance(line, Mapping):
            continue
        at_ms, items = line.get("at_ms"), line.get("items")
        if at_ms is not None and (
            type(at_ms) is not int or not now_ms - KEEP_DAYS * DAY_MS < at_ms <= now_ms + DAY_MS
        ):
            continue
        named = (
            each for each in (items if isinstance(items, list) else []) if isinstance(each, str) and each
        )
        if kept := tuple(dict.fromkeys(named)):
            found.append(Basket(at_ms, kept))
    if all(basket.at_ms is not None for basket in found):
        found.sort(key=lambda basket: basket.at_ms or 0)
    return tuple(found)


def barred(item: Item, words: Wording) -> bool:
    """Whether a product may be neither named nor used: marked so, or its category or title speaks of what is listed.

    Without a title it is called by its number, which says nothing.
    """
    titled = item.title != item.item
    return item.sensitive or holds(words, item.category) or (titled and bool(words.found(item.title)))


# A reason with how much speaks for its product where nothing was learnt.
Scored = tuple[float, Reason]
Candidate = tuple[float, str, Reason]


def candidates(ask: Ask, counts: Counts, usable: frozenset[str]) -> Iterator[Candidate]:
    """Every product that a rule speaks for, once a reason."""
    last = ask.own[-1].items if ask.own else ()
    for name, at in visits_of(ask.own).items():
        if name in usable and (found := _again(at, ask.own, now_ms=ask.now_ms)):
            yield found[0], name, found[1]
    explored = (
        *(each for item in in_hand(ask, usable) for each in _beside(item, ask, counts)),
        *_alike(ask, counts, usable),
        *_popular(counts),
    )
    # What came along last time is no news.
    yield from (each for each in explored if each[1] not in last)


def again(at: Sequence[int], ask: Ask, *, faint: bool = False) -> Reason | None:
    """What the customer's own visits with a product say; `faint`: also where it is too little to be said aloud."""
    found = _again(at, ask.own, now_ms=ask.now_ms) if at else None
    return found[1] if found else Often(len(at), len(ask.own)) if at and faint else None


def before(at: Sequence[int], ask: Ask) -> Often | None:
    """That they bought it, be it once: where that is what holds its place. None for what was bought this week."""
    today = ask.now_ms // DAY_MS if ask.now_ms is not None else None
    last_ms = ask.own[at[-1]].at_ms
    rested = today is None or last_ms is None or today - last_ms // DAY_MS >= RESTED_DAYS
    return Often(len(at), len(ask.own)) if rested else None


def goes_with(name: str, item: str, ask: Ask, counts: Seen) -> Reason | None:
    """Whether a product may be said to go with an item of theirs."""
    if counts.bought(item) < GROUP:
        return None
    mine = any(item in basket.items and name in basket.items for basket in ask.own)
    found = _pair(item, name, *counts.together(item, name), counts.bought(item), counts, mine=mine)
    return found[1] if found else None


def others_like_you(name: str, people: Alike | None, counts: Seen) -> Reason | None:
    found = _like(name, people[0], people[1][name], counts) if people else None
    return found[1] if found else None


def alike(ask: Ask, counts: Seen, usable: frozenset[str]) -> Alike | None:
    """How many share SHARED products with the customer, and how many of them bought each; None where nobody can."""
    shared = {item for basket in ask.own for item in basket.items if item in usable}
    return counts.alike(shared, but=ask.customer_id) if len(shared) >= SHARED else None


def in_hand(ask: Ask, usable: frozenset[str]) -> list[str]:
    """What other things may be said to go with: what is in hand, then the last basket."""
    last = ask.own[-1].items if ask.own else ()
    return [item for item in dict.fromkeys((*ask.in_hand, *last)) if item in usable][:MOST_HAND]


def visits_of(own: Sequence[Basket], wanted: Collection[str] | None = None) -> dict[str, list[int]]:
    """Each product with the visits that have it; of some products alone in a fraction of the time."""
    visits: dict[str, list[int]] = {}
    some = None if wanted is None else frozenset(wanted)
    for visit, basket in enumerate(own):
        for item in basket.items if some is None else some.intersection(basket.items):
            visits.setdefault(item, []).append(visit)
    return visits


def _again(at: Sequence[int], own: Sequence[Basket], *, now_ms: int | None) -> Scored | None:
    """The customer's own rhythm or habit with a product bought at these visits."""
    days = [dated // DAY_MS for visit in at if (dated := own[visit].at_ms) is not None]
    share = len(at) / len(own)
    dated = now_ms is not None and len(days) == len(at)
    today = now_ms // DAY_MS if now_ms is not None else 0
    if dated:
        every = _due(days, today)
        if every:
            return 0.4 + share / 5, DueAgain(every, today - days[-1], len(at))
    elif every := _due(at, len(own)):
        return 0.4 + share / 5, DueAgainVisits(every, len(own) - at[-1], len(at))
    ago = today - days[-1] if days and now_ms is not None else RESTED_DAYS
    often = Often(len(at), len(own))
    return (share / 2, often) if often.habit and ago >= RESTED_DAYS else None


def _due(at: Sequence[int], now: int) -> int:
    """The rounded median gap of a rhythm that may be claimed and is due at `now`; 0 when there is none."""
    if len(at) < TIMES:
        return 0
    gaps = [later - sooner for sooner, later in pairwise(at)]
    middle = median(gaps)
    low, _, high = quantiles(gaps, n=4, method="inclusive")
    waited = now - at[-1]
    # Twice on one day is one purchase too many to say how often.
    steady = min(gaps) > 0 and high - low <= middle and DUE[0] * middle <= waited <= DUE[1] * middle
    return round(middle) if steady else 0


def _beside(item: str, ask: Ask, counts: Counts) -> Iterator[Candidate]:
    """What is bought together with an item in hand or in the last basket."""
    baskets = counts.bought(item)
    if baskets < GROUP:
        return
    together, customers = counts.beside(item)
    mine = {each for basket in ask.own if item in basket.items for each in basket.items}
    for other, times in together.items():
        if other != item and (
            found := _pair(item, other, times, customers[other], baskets, counts, mine=other in mine)
        ):
            yield found[0], other, found[1]


def _pair(
    item: str, other: str, together: int, customers: int, baskets: int, counts: Seen, *, mine: bool
) -> Scored | None:
    """`other` goes with `item` where at least GROUP others bought both, in PAIR baskets, and more than by chance."""
    if customers - mine < GROUP or together < PAIR:
        return None
    low = _at_least(together, baskets)
    if low <= LIFT * counts.bought(other) / counts.baskets:
        return None
    return 2 * low, GoesWith(item, together, baskets, customers)


def _alike(ask: Ask, counts: Counts, usable: frozenset[str]) -> Iterator[Candidate]:
    """What others bought who share at least SHARED products with the customer, who did not."""
    shared = {item for basket in ask.own for item in basket.items if item in usable}
    if len(shared) < SHARED:
        return
    people, bought = counts.alike(shared, but=ask.customer_id)
    for item, buyers in bought.most_common(MOST_EACH):
        if buyers < GROUP:
            return
        if item not in shared and (found := _like(item, people, buyers, counts)):
            yield found[0], item, found[1]


def _like(name: str, people: int, buyers: int, counts: Seen) -> Scored | None:
    """At least GROUP of them bought it, and more of them than everybody, or it would only be popular."""
    if buyers < GROUP or buyers / people <= LIFT * counts.buyers(name) / counts.customers:
        return None
    return _at_least(buyers, people) / 2, OthersLikeYou(buyers)


def _popular(counts: Counts) -> Iterator[Candidate]:
    for item in counts.popular(MOST_EACH):
        if found := popular_here(item, counts, None):
            yield found[0], item, found[1]


def popular_here(name: str, counts: Seen, store: str | None) -> Scored | None:
    """Among what is bought most, by at least GROUP; said of this shop where it is not less so here."""
    if counts.buyers(name) < GROUP or not counts.is_popular(name):
        return None
    bought, baskets = counts.bought(name), counts.baskets
    share = bought / baskets
    if store is not None:
        here, baskets_here, buyers_here = counts.here(store, name)
        if buyers_here >= GROUP and here / baskets_here >= share:
            return here / baskets_here / 10, PopularHere(store, baskets_here, here)
    return share / 10, PopularHere(EVERYWHERE, baskets, bought)


def most_popular(products: int) -> int:
    """How many of a shop's products may be called popular."""
    part, least = POPULAR
    return min(MOST_EACH, max(least, -(-products // part)))


def _at_least(part: int, whole: int) -> float:
    """The lower end of what share `part` of `whole` stands for (Wilson's interval, 90%)."""
    share, spread = part / whole, _Z * _Z / whole
    return (share + spread / 2 - _Z * sqrt((share * (1 - share) + spread / 4) / whole)) / (1 + spread)
