"""What is bought together in this shop, for whoever decides on the range (S066): counts of two products, of nobody.

Only of baskets that may be used for advice. A line stands for at least GROUP customers and PAIR baskets; whole weeks,
and every count rounded down to fives, so that two nights' files do not tell what one customer bought or took back.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from sqlite3 import Connection
from typing import Any, Final

from edge.advice import tables
from edge.advice.learnt import SETTLED_MS, weeks
from edge.advice.limits import barred_words
from edge.advice.model import Model
from edge.advice.rules import GROUP, PAIR, barred
from edge.kit.errors import Corrupt
from edge.recognition import tables as recognition

WEEKS: Final = 52
STEP: Final = 5
SLICE: Final = 500
COLUMNS: Final = {
    "shop": "text",
    "first_day": "text",
    "last_day": "text",
    "item": "text",
    "other": "text",
    "together": "whole",
    "customers": "whole",
    "item_baskets": "whole",
    "other_baskets": "whole",
    "all_baskets": "whole",
    "lift_percent": "whole",
}


@dataclass(frozen=True, slots=True)
class Pair:
    """`lift_percent`: 100 where they lie together as often as chance would have it."""

    item: str
    other: str
    together: int
    customers: int
    item_baskets: int
    other_baskets: int
    all_baskets: int
    lift_percent: int


@dataclass(frozen=True, slots=True)
class Counted:
    """`first` is the first day that counts, `end` the day after the last."""

    first: str
    end: str
    model: Model


def gather(
    conn: Connection, *, recipient: str, now_ms: int, kek: bytes, day: Callable[[int], str], country: str
) -> Counted:
    """The baskets of whole weeks with what may be named of them; `day`: the shop's, of an instant."""
    first, end = weeks(day(now_ms - SETTLED_MS), WEEKS)
    words, model = barred_words(country), Model()
    after: bytes | None = b""
    while after is not None:
        after, rows = recognition.baskets_after(conn, after, recipient=recipient, now_ms=now_ms, most=SLICE)
        opened = []
        for row in rows:
            try:
                opened.append((row[0], tables.opened(row, now_ms=now_ms, kek=kek)))
            except Corrupt:
                continue  # the hub sends the key again
        known = tables.items(conn, {item for _, own in opened for each in own.baskets for item in each.items})
        named = {item for item, each in known.items() if not barred(each, words)}
        for who, own in opened:
            lately = [
                replace(each, items=tuple(item for item in each.items if item in named))
                for each in own.baskets
                if each.at_ms is not None and first <= day(each.at_ms) < end
            ]
            model.put(who, lately, until_ms=own.until_ms)
    return Counted(first, end, model)


def pairs(model: Model) -> list[Pair]:
    """Every pair that may be told, the most bought first."""
    found = list(_pairs(model))
    found.sort(key=lambda each: (-each.together, each.item, each.other))
    return found


def _pairs(model: Model) -> Iterator[Pair]:
    often = [item for item in model.popular(model.products) if model.bought(item) >= PAIR]
    for item in often:
        baskets, customers = model.beside(item)
        for other in often:
            if item < other and baskets[other] >= PAIR and customers[other] >= GROUP:
                yield _pair(model, item, other, baskets[other], customers[other])


def _pair(model: Model, item: str, other: str, together: int, customers: int) -> Pair:
    both, of, beside, all_baskets = (
        _step(each) for each in (together, model.bought(item), model.bought(other), model.baskets)
    )
    lift = round(100 * both * all_baskets / (of * beside))
    return Pair(item, other, both, _step(customers), of, beside, all_baskets, lift)


def _step(count: int) -> int:
    return count - count % STEP


def rows(counted: Counted, shop: str) -> Iterator[tuple[Any, ...]]:
    """A line a pair, as COLUMNS."""
    last = date.fromordinal(date.fromisoformat(counted.end).toordinal() - 1).isoformat()
    for each in pairs(counted.model):
        yield (
            shop,
            counted.first,
            last,
            each.item,
            each.other,
            each.together,
            each.customers,
            each.item_baskets,
            each.other_baskets,
            each.all_baskets,
            each.lift_percent,
        )
