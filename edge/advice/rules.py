"""What to suggest and why: each suggestion carries the evidence that earned its place. Pure.

Evidence is exactly what `welkom advise` promises (codes and counts, recomputable from the baskets). What is not in
the catalogue, or barred by it or by law, is neither named nor used.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from math import sqrt
from statistics import median, quantiles
from typing import Any, Final, Literal, Protocol

DAY_MS: Final = 24 * 3_600_000
KEEP_DAYS: Final = 395  # purchases count for 13 months, as the trait declares
TOP: Final = 3
GROUP: Final = 10  # fewer people than this behind a statement about others could be recognised in it
SHARED: Final = 3  # products in common that make a customer "like you"
REFUSED_MS: Final = 14 * DAY_MS
# A rhythm may be claimed from four purchases on whose gaps do not scatter wider than the gap itself (advice.md 3);
# it is due from 0.8 to 2 times the gap.
TIMES: Final = 4
DUE: Final = (0.8, 2.0)
OFTEN: Final = (3, 0.25)  # baskets, and share of all baskets
RESTED_DAYS: Final = 7  # what was bought this week is not "again" yet
LIFT: Final = 1.2  # together must be at least this much more than chance, by its lower bound
_Z: Final = 1.64
# Each source of candidates is looked at no further than this; three are shown.
MOST_EACH: Final = 200
MOST_HAND: Final = 8


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


@dataclass(frozen=True, slots=True)
class DueAgain:
    every_days: int
    last_days_ago: int
    times: int


@dataclass(frozen=True, slots=True)
class DueAgainVisits:
    every_visits: int
    last_visits_ago: int
    times: int


@dataclass(frozen=True, slots=True)
class Often:
    bought: int
    of: int


@dataclass(frozen=True, slots=True)
class GoesWith:
    item: str
    together: int
    baskets: int
    customers: int


@dataclass(frozen=True, slots=True)
class OthersLikeYou:
    customers: int


@dataclass(frozen=True, slots=True)
class PopularHere:
    store: str
    baskets: int
    bought: int


Reason = DueAgain | DueAgainVisits | Often | GoesWith | OthersLikeYou | PopularHere
Code = Literal["due_again", "due_again_visits", "often", "goes_with", "others_like_you", "popular_here"]
REASONS: Final[dict[Code, type[Reason]]] = {
    "due_again": DueAgain,
    "due_again_visits": DueAgainVisits,
    "often": Often,
    "goes_with": GoesWith,
    "others_like_you": OthersLikeYou,
    "popular_here": PopularHere,
}
_CODES: Final[dict[type[Reason], Code]] = {kind: code for code, kind in REASONS.items()}
# Made from the customer's own purchases; the rest says nothing about them.
PERSONAL: Final[frozenset[Code]] = frozenset(REASONS) - {"popular_here"}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An item with its title, and the reason that put it here. Words are the page's."""

    item: str
    title: str
    reason: Reason = field(repr=False)

    @property
    def code(self) -> Code:
        return _CODES[type(self.reason)]

    @property
    def evidence(self) -> dict[str, int | str]:
        return asdict(self.reason)


def reason_of(code: Code, evidence: Mapping[str, Any]) -> Reason:
    """The reason that a code and its evidence spell."""
    return REASONS[code](**evidence)


class Counts(Protocol):
    """The seam of the recommender: what a model of everybody's consented baskets answers."""

    @property
    def baskets(self) -> int: ...
    @property
    def customers(self) -> int: ...
    def bought(self, item: str) -> int: ...
    def buyers(self, item: str) -> int: ...
    def beside(self, item: str) -> tuple[Counter[str], Counter[str]]: ...
    def alike(self, items: Collection[str], *, but: bytes | None) -> tuple[int, Counter[str]]: ...
    def popular(self, most: int) -> list[str]: ...


Look = Callable[[Collection[str]], Mapping[str, Item]]


@dataclass(frozen=True, slots=True)
class Ask:
    """Whom to suggest something to: `own` is oldest first and empty without a basis or a history."""

    customer_id: bytes | None = field(repr=False)
    own: Sequence[Basket] = field(repr=False)
    now_ms: int
    in_hand: tuple[str, ...] = field(default=(), repr=False)
    refused: frozenset[str] = field(default=frozenset(), repr=False)


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


def barred(item: Item, words: frozenset[str]) -> bool:
    """Whether a product may be neither named nor used: marked so, or its category holds a word of the list."""
    spelt = "".join(letter if letter.isalnum() else " " for letter in item.category.casefold())
    return item.sensitive or not words.isdisjoint(spelt.split())


def suggest(
    ask: Ask,
    counts: Counts,
    look: Look,
    *,
    words: frozenset[str],
    top: int = TOP,
    ranked: Sequence[str] = (),
) -> list[Suggestion]:
    """The best `top` suggestions with true reasons, those of `ranked` first; fewer where fewer may be made."""
    bought = {item for basket in ask.own for item in basket.items}
    known = look({*bought, *ask.in_hand})
    usable = frozenset(name for name, item in known.items() if not barred(item, words))
    best: dict[str, tuple[float, Reason]] = {
        name: found
        for name, found in _best(_candidates(ask, counts, usable)).items()
        if name not in ask.refused and name not in ask.in_hand
    }
    rest = sorted(best, key=lambda name: (-best[name][0], name))
    order = list(dict.fromkeys((*(name for name in ranked if name in best), *rest)))
    found: list[Suggestion] = []
    for start in range(0, len(order), 32):
        seen = look(order[start : start + 32])
        for name in order[start : start + 32]:
            item = seen.get(name)
            if item is None or barred(item, words) or item.stock == 0 or (item.durable and name in bought):
                continue
            found.append(Suggestion(name, item.title, best[name][1]))
            if len(found) == top:
                return found
    return found


def reasons(ask: Ask, counts: Counts, usable: frozenset[str]) -> dict[str, Reason]:
    """The best true reason of every product that has one; what was ranked is said with these."""
    return {name: reason for name, (_, reason) in _best(_candidates(ask, counts, usable)).items()}


Candidate = tuple[float, str, Reason]


def _best(candidates: Iterable[Candidate]) -> dict[str, tuple[float, Reason]]:
    best: dict[str, tuple[float, Reason]] = {}
    for score, name, reason in candidates:
        if score > best.get(name, (0.0,))[0]:
            best[name] = (score, reason)
    return best


def _candidates(ask: Ask, counts: Counts, usable: frozenset[str]) -> Iterator[Candidate]:
    last = ask.own[-1].items if ask.own else ()
    yield from _again(ask.own, usable, now_ms=ask.now_ms)
    hand = [item for item in dict.fromkeys((*ask.in_hand, *last)) if item in usable][:MOST_HAND]
    explored = (
        *(each for item in hand for each in _beside(item, ask, counts)),
        *_alike(ask, counts, usable),
        *_popular(counts),
    )
    # What came along last time is no news.
    yield from (each for each in explored if each[1] not in last)


def _again(own: Sequence[Basket], usable: frozenset[str], *, now_ms: int) -> Iterator[Candidate]:
    """The customer's own rhythm and habits."""
    visits: dict[str, list[int]] = {}
    for visit, basket in enumerate(own):
        for item in basket.items:
            visits.setdefault(item, []).append(visit)
    for item, at in visits.items():
        if item not in usable:
            continue
        days = [dated // DAY_MS for visit in at if (dated := own[visit].at_ms) is not None]
        share, ago = len(at) / len(own), now_ms // DAY_MS - days[-1] if days else RESTED_DAYS
        if len(days) == len(at):
            every = _due(days, now_ms // DAY_MS)
            if every:
                yield 0.4 + share / 5, item, DueAgain(every, ago, len(at))
        elif every := _due(at, len(own)):
            yield 0.4 + share / 5, item, DueAgainVisits(every, len(own) - at[-1], len(at))
        if len(at) >= OFTEN[0] and share >= OFTEN[1] and ago >= RESTED_DAYS:
            yield share / 2, item, Often(len(at), len(own))


def _due(at: Sequence[int], now: int) -> int:
    """The rounded median gap of a rhythm that may be claimed and is due at `now`; 0 when there is none."""
    if len(at) < TIMES:
        return 0
    gaps = [later - sooner for sooner, later in pairwise(at)]
    middle = median(gaps)
    low, _, high = quantiles(gaps, n=4, method="inclusive")
    waited = now - at[-1]
    steady = high - low <= middle and DUE[0] * middle <= waited <= DUE[1] * middle
    return round(middle) if steady else 0


def _beside(item: str, ask: Ask, counts: Counts) -> Iterator[Candidate]:
    """What is bought together with an item in hand or in the last basket, by at least GROUP others."""
    baskets = counts.bought(item)
    if baskets < GROUP:
        return
    together, customers = counts.beside(item)
    mine = {each for basket in ask.own if item in basket.items for each in basket.items}
    for other, times in together.items():
        if other == item or customers[other] - (other in mine) < GROUP:
            continue
        low = _at_least(times, baskets)
        if low > LIFT * counts.bought(other) / counts.baskets:
            yield 2 * low, other, GoesWith(item, times, baskets, customers[other])


def _alike(ask: Ask, counts: Counts, usable: frozenset[str]) -> Iterator[Candidate]:
    """What others bought who share at least SHARED products with the customer."""
    shared = {item for basket in ask.own for item in basket.items if item in usable}
    if len(shared) < SHARED:
        return
    people, bought = counts.alike(shared, but=ask.customer_id)
    for item, buyers in bought.most_common(MOST_EACH):
        if buyers < GROUP:
            return
        # More than everybody buys it, or it would only be popular.
        if item not in shared and buyers / people > LIFT * counts.buyers(item) / counts.customers:
            yield _at_least(buyers, people) / 2, item, OthersLikeYou(buyers)


def _popular(counts: Counts) -> Iterator[Candidate]:
    for item in counts.popular(MOST_EACH):
        if counts.buyers(item) >= GROUP:
            bought = counts.bought(item)
            # Baskets do not say yet in which shop they were: so it is said of all.
            yield bought / counts.baskets / 10, item, PopularHere("all", counts.baskets, bought)


def _at_least(part: int, whole: int) -> float:
    """The lower end of what share `part` of `whole` stands for (Wilson's interval, 90%)."""
    share, spread = part / whole, _Z * _Z / whole
    return (share + spread / 2 - _Z * sqrt((share * (1 - share) + spread / 4) / whole)) / (1 + spread)
