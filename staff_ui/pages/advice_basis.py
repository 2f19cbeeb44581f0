"""What advice rests on, in plain words with dates: a customer's purchases, and the data behind a reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.advice.interests import Interest, interests
from edge.advice.limits import barred_words
from edge.advice.reasons import (
    DueAgain,
    DueAgainVisits,
    GoesWith,
    Often,
    OthersLikeYou,
    PopularHere,
    Reason,
)
from edge.advice.rules import Item, barred
from edge.advice.tables import Own
from staff_ui.words import Words

MOST_DATES: Final = 5
MOST_PURCHASES: Final = 3
MOST_ITEMS: Final = 5


@dataclass(frozen=True, slots=True)
class Purchase:
    when: str
    what: str = field(repr=False)


def in_hand(reason: Reason, items: Mapping[str, Item], hand: Sequence[str], say: Words) -> str:
    """That it goes with what they look at now, where that is the reason."""
    if not isinstance(reason, GoesWith) or reason.item not in hand or reason.item not in items:
        return ""
    return say.say("advice.hand", other=items[reason.item].title)


def used(
    named: str,
    reason: Reason,
    items: Mapping[str, Item],
    own: Own | None,
    say: Words,
    *,
    hand: Sequence[str],
    now_ms: int,
) -> tuple[str, ...]:
    """The data behind a reason, in plain words with dates."""
    baskets = own.baskets if own else ()
    match reason:
        case DueAgain() | DueAgainVisits() | Often():
            dates = _dates([b.at_ms for b in baskets if named in b.items], say, now_ms=now_ms)
            return (say.say("used.own"), *([say.say("used.dates", dates=dates)] if dates else []))
        case GoesWith(item):
            dates = _dates([b.at_ms for b in baskets if item in b.items], say, now_ms=now_ms)
            other = items[item].title if item in items else item
            own_line = (
                say.say("used.bought", other=other, dates=dates)
                if dates and item not in hand
                else say.say("used.hand", other=other)
            )
            return own_line, say.say("used.together")
        case OthersLikeYou():
            dated = [b.at_ms for b in baskets if b.at_ms is not None]
            since = say.when(min(dated), now_ms=now_ms) if dated else ""
            own_line = say.say("used.own_since", since=since) if since else say.say("used.own")
            return own_line, say.say("used.others")
        case PopularHere():
            return (say.say("used.popular.order") if baskets else say.say("used.popular"),)


def _dates(at_ms: Sequence[int | None], say: Words, *, now_ms: int) -> str:
    dated = [each for each in at_ms if each is not None][-MOST_DATES:]
    return ", ".join(say.when(each, now_ms=now_ms) for each in dated)


def comes_back_for(
    own: Own, items: Mapping[str, Item], say: Words, *, country: str, now_ms: int
) -> tuple[str, ...]:
    """What they come back for, each with what it rests on."""
    found = interests(own.baskets, items, barred_words(country), now_ms=now_ms)
    return tuple(_interest(each, say, now_ms=now_ms) for each in found)


def _interest(each: Interest, say: Words, *, now_ms: int) -> str:
    tag = each.tag[:1].upper() + each.tag[1:]
    if each.last_ms is None:
        return say.count("advice.interest", each.times, tag=tag, of=say.number(each.of))
    when = say.ago(each.last_ms, now_ms=now_ms)
    return say.count("advice.interest.last", each.times, tag=tag, of=say.number(each.of), when=when)


def purchases(
    own: Own, items: Mapping[str, Item], say: Words, *, country: str, now_ms: int
) -> tuple[Purchase, ...]:
    """The last purchases in words; what is sensitive, or not in the catalogue, is not named."""
    found: list[Purchase] = []
    for basket in reversed(own.baskets):
        named = [
            items[item].title
            for item in basket.items
            if item in items and not barred(items[item], barred_words(country))
        ]
        if not named:
            continue
        when = say.ago(basket.at_ms, now_ms=now_ms) if basket.at_ms is not None else say.say("advice.once")
        what = ", ".join(named[:MOST_ITEMS])
        found.append(Purchase(when[:1].upper() + when[1:], what))
        if len(found) == MOST_PURCHASES:
            break
    return tuple(found)
