"""From a ranking to what is said: the first that may be suggested, each with the reason that moved it. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Final, Protocol

from edge.advice import rules
from edge.advice.guards import Guard, guard_of
from edge.advice.limits import Wording
from edge.advice.reasons import DueAgain, DueAgainVisits, GoesWith, PopularHere, Reason, Suggestion
from edge.advice.rules import TOP, Ask, Counts, Look, Scored, Seen, barred

AT_ONCE: Final = 32
MOST_REASONS: Final = 3
Why = Callable[[str], Iterator[Reason]]


class Ranked(Protocol):
    """A learnt order, and by how much evidence lifted a product in it; `ranking.strikes` has one."""

    @property
    def names(self) -> tuple[str, ...]: ...
    def by_own(self, name: str) -> tuple[float, bool]: ...
    def by_alike(self, name: str) -> tuple[float, bool]: ...
    def by_company(self, name: str, others: Sequence[str]) -> dict[str, float]: ...
    def falls_without(self, name: str, other: str) -> bool: ...


def named(
    ranked: Iterable[str], look: Look, guard: Guard, why: Why, *, most: int, reasons: int = 1
) -> list[Suggestion]:
    """The first `most` of `ranked` that the guard lets pass and that have a reason, each with at most `reasons`."""
    found: list[Suggestion] = []
    left = _once(ranked)
    while some := list(islice(left, AT_ONCE)):
        seen = look(some)
        for name in some:
            item = seen.get(name)
            if item is None or guard.objection(name, item) is not None:
                continue
            if not (true := list(islice(why(name), reasons))):
                continue
            # That everybody buys it adds nothing to what is said of this customer.
            also = tuple(each for each in true[1:] if not isinstance(each, PopularHere))
            found.append(Suggestion(name, item.title, true[0], also))
            if len(found) == most:
                return found
    return found


def _once(names: Iterable[str]) -> Iterator[str]:
    """Each name where it stands first, asked for as late as it is needed: the rest of an order may be long."""
    seen: set[str] = set()
    for name in names:
        if name not in seen:
            seen.add(name)
            yield name


def suggest(
    ask: Ask,
    counts: Counts,
    look: Look,
    *,
    words: Wording,
    top: int = TOP,
    ranked: Ranked | None = None,
) -> list[Suggestion]:
    """A shop's own: what was ranked, then what the rules speak for; without a ranking the rules alone."""
    known = look({item for basket in ask.own for item in basket.items} | {*ask.in_hand})
    usable = frozenset(name for name, item in known.items() if not barred(item, words))
    guard = guard_of(ask, words)
    first: list[Suggestion] = []
    if ranked is not None:
        why = moving(ask, counts, usable, ranked)
        first = named(ranked.names, look, guard, why, most=top, reasons=MOST_REASONS)
        if len(first) == top:
            return first
    said = {each.item for each in first}
    placed = (
        frozenset(name for name in ranked.names if personal(name, ranked)) if ranked is not None else said
    )
    found: dict[str, list[Scored]] = {}
    for score, name, reason in rules.candidates(ask, counts, usable):
        if name not in said and not (name in placed and isinstance(reason, PopularHere)):
            found.setdefault(name, []).append((score, reason))
    for true in found.values():
        true.sort(key=lambda each: -each[0])
    order = sorted(found, key=lambda name: (-found[name][0][0], name))
    left = top - len(first)
    return first + named(
        order,
        look,
        guard,
        lambda name: (reason for _, reason in found[name]),
        most=left,
        reasons=MOST_REASONS,
    )


def personal(name: str, ranked: Ranked) -> bool:
    """Whether the place of a product hangs on what the customer bought, of it or as others did."""
    return ranked.by_own(name)[1] or ranked.by_alike(name)[1]


def moving(ask: Ask, counts: Seen, usable: frozenset[str], ranked: Ranked, *, faint: bool = False) -> Why:
    """Of a product's true reasons those whose evidence moved it up, the most first; what is popular comes last.

    In a shop of few products an own rhythm may lift the score and no place: it is still said. None for a product of
    which nothing can be said, or that was not ranked. That everybody buys it is no reason where the customer's own
    evidence holds the place. `faint`: also of what was bought this week or came along last time, and of what is
    popular in any case.
    """
    visits, hand = rules.visits_of(ask.own, ranked.names), rules.in_hand(ask, usable)
    last = frozenset[str]() if faint or not ask.own else frozenset(ask.own[-1].items)
    people = cache(lambda: rules.alike(ask, counts, usable))

    def why(name: str) -> Iterator[Reason]:
        moved: list[tuple[float, Reason | None]] = []
        rhythm: Reason | None = None
        if at := visits.get(name, ()):
            by, over = ranked.by_own(name)
            own = rules.again(at, ask, faint=faint)
            if over:
                moved.append((by, own or rules.before(at, ask)))
            elif by > 0 and isinstance(own, (DueAgain, DueAgainVisits)):
                rhythm = own
        elif ranked.by_alike(name)[1]:
            moved.append((ranked.by_alike(name)[0], rules.others_like_you(name, people(), counts)))
        company: dict[str, float] = {}
        if name not in last:
            company = ranked.by_company(name, [item for item in hand if item != name])
            moved += [(by, rules.goes_with(name, item, ask, counts)) for item, by in company.items()]
        for _, reason in sorted(moved, key=lambda each: -each[0]):
            if reason and not (isinstance(reason, GoesWith) and not ranked.falls_without(name, reason.item)):
                yield reason
        if rhythm:
            yield rhythm
        if not faint and (company or personal(name, ranked)):
            return
        if name not in last and (popular := rules.popular_here(name, counts, ask.store)):
            yield popular[1]

    return why
