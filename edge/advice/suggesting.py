"""From a ranking to what is said: the first that may be suggested, each with the reason that moved it. Pure."""

from collections.abc import Callable, Iterable
from itertools import islice
from typing import Final, Protocol

from edge.advice.guards import Guard, guard_of
from edge.advice.rules import (
    TOP,
    Ask,
    Counts,
    GoesWith,
    Look,
    OthersLikeYou,
    PopularHere,
    Reason,
    Scored,
    Seen,
    Suggestion,
    alike,
    barred,
    candidates,
    reasons_of,
)

AT_ONCE: Final = 32
Why = Callable[[str], Reason | None]


class Ranked(Protocol):
    """A learnt order, and by how much evidence lifted a product in it; `ranking.strikes` has one."""

    @property
    def names(self) -> tuple[str, ...]: ...
    def by_own(self, name: str) -> float: ...
    def by_alike(self, name: str) -> float: ...
    def by_beside(self, name: str, other: str) -> float: ...
    def falls_without(self, name: str, other: str) -> bool: ...


def named(ranked: Iterable[str], look: Look, guard: Guard, why: Why, *, most: int) -> list[Suggestion]:
    """The first `most` of `ranked` that the guard lets pass and that have a reason; fewer where there are fewer."""
    found: list[Suggestion] = []
    left = iter(dict.fromkeys(ranked))
    while some := list(islice(left, AT_ONCE)):
        seen = look(some)
        for name in some:
            item = seen.get(name)
            if item is None or guard.objection(name, item) is not None:
                continue
            if (reason := why(name)) is None:
                continue
            found.append(Suggestion(name, item.title, reason))
            if len(found) == most:
                return found
    return found


def suggest(
    ask: Ask,
    counts: Counts,
    look: Look,
    *,
    words: frozenset[str],
    top: int = TOP,
    ranked: Ranked | None = None,
) -> list[Suggestion]:
    """A shop's own: what was ranked, then what the rules speak for; without a ranking the rules alone."""
    known = look({item for basket in ask.own for item in basket.items} | {*ask.in_hand})
    usable = frozenset(name for name, item in known.items() if not barred(item, words))
    guard = guard_of(ask, words)
    first: list[Suggestion] = []
    if ranked is not None:
        first = named(ranked.names, look, guard, moving(ask, counts, usable, ranked), most=top)
        if len(first) == top:
            return first
    best: dict[str, Scored] = {}
    for score, name, reason in candidates(ask, counts, usable):
        if score > best.get(name, (0.0,))[0]:
            best[name] = score, reason
    said = {each.item for each in first}
    order = sorted(best.keys() - said, key=lambda name: (-best[name][0], name))
    return first + named(order, look, guard, lambda name: best[name][1], most=top - len(first))


def moving(ask: Ask, counts: Seen, usable: frozenset[str], ranked: Ranked, *, faint: bool = False) -> Why:
    """Of a product's true reasons the one whose evidence moved it up most; where none did, the one that says least.

    None for a product of which nothing can be said.
    """
    people = alike(ask, counts, usable)

    def why(name: str) -> Reason | None:
        true = [reason for _, reason in reasons_of(name, ask, counts, usable, people, faint=faint)]
        moved = sorted(
            ((_moved(name, each, ranked), -place, each) for place, each in enumerate(true)), reverse=True
        )
        for by, _, reason in moved:
            if by > 0 and (not isinstance(reason, GoesWith) or ranked.falls_without(name, reason.item)):
                return reason
        return next((each for each in true if isinstance(each, PopularHere)), None)

    return why


def _moved(name: str, reason: Reason, ranked: Ranked) -> float:
    """By how much the evidence of a reason lifted a product; what is popular speaks last."""
    match reason:
        case GoesWith(item):
            return ranked.by_beside(name, item)
        case OthersLikeYou():
            return ranked.by_alike(name)
        case PopularHere():
            return 0.0
        case _:
            return ranked.by_own(name)
