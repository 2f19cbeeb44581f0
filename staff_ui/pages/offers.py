"""Suggestions in words: an offer, with the reason that is true of it, never a claim that somebody needs something."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final, assert_never

from edge.advice import tables
from edge.advice.advisor import Advice
from edge.advice.reasons import (
    DueAgain,
    DueAgainVisits,
    GoesWith,
    Often,
    OthersLikeYou,
    PopularHere,
    Reason,
    Suggestion,
)
from edge.advice.rules import Item
from staff_ui.words import Words, key

# Below this many days a rhythm is said in days, below the next in weeks, then in months.
DAYS_TO: Final = 14
WEEKS_TO: Final = 70
SHORT: Final[dict[str, str]] = {
    "due_again": key("offer.short.due_again"),
    "due_again_visits": key("offer.short.due_again"),
    "often": key("offer.short.often"),
    "goes_with": key("offer.short.goes_with"),
    "others_like_you": key("offer.short.others_like_you"),
    "popular_here": key("offer.short.popular_here"),
}
BEFORE: Final = key("offer.short.before")


@dataclass(frozen=True, slots=True)
class Offer:
    """One line on the card."""

    item: str
    sentence: str = field(repr=False)


def on_card(advice: Advice, conn: Connection, words: Words) -> Offer | None:
    """The first suggestion that nobody said yet, as one line."""
    left = [each for each in advice.suggestions if each.item not in advice.said]
    if not left:
        return None
    best = left[0]
    return Offer(best.item, short(best, titles(conn, [best]), words))


def titles(conn: Connection, found: Collection[Suggestion]) -> Mapping[str, Item]:
    """The products of suggestions and of their reasons."""
    named = {each.item for each in found}
    reasons = (reason for each in found for reason in (each.reason, *each.also))
    named |= {reason.item for reason in reasons if isinstance(reason, GoesWith)}
    return tables.items(conn, named)


def _title(item: str, items: Mapping[str, Item]) -> str:
    return items[item].title if item in items else item


def short(each: Suggestion, items: Mapping[str, Item], words: Words) -> str:
    """At most some dozen words, to be said aloud."""
    other = _title(each.reason.item, items) if isinstance(each.reason, GoesWith) else ""
    seldom = isinstance(each.reason, Often) and not each.reason.habit
    return words.say(BEFORE if seldom else SHORT[each.code], title=each.title, other=other)


def why(reason: Reason, items: Mapping[str, Item], words: Words, *, now_ms: int) -> str:
    """A reason with its numbers."""
    match reason:
        case DueAgain(every_days, last_days_ago, times):
            ago = words.ago(now_ms - last_days_ago * 24 * 3_600_000, now_ms=now_ms)
            return words.count("reason.due_again", times, every=_every(every_days, words), ago=ago)
        case DueAgainVisits(every_visits, last_visits_ago, times):
            every = words.count("every.visits", every_visits)
            ago = words.count("ago.visits", last_visits_ago)
            return words.count("reason.due_again_visits", times, every=every, ago=ago)
        case Often(bought, of):
            return words.count("reason.often", of, bought=words.number(bought))
        case GoesWith(item, together, baskets, customers):
            return words.count(
                "reason.goes_with",
                customers,
                other=_title(item, items),
                together=words.number(together),
                baskets=words.number(baskets),
            )
        case OthersLikeYou(customers):
            return words.count("reason.others_like_you", customers)
        case PopularHere(_, baskets, bought):
            return words.count("reason.popular_here", baskets, bought=words.number(bought))
        case _:
            assert_never(reason)


def _every(days: int, words: Words) -> str:
    if days < DAYS_TO:
        return words.count("every.days", days)
    if days < WEEKS_TO:
        return words.count("every.weeks", round(days / 7))
    return words.count("every.months", round(days / 30))
