"""From customers' visits by name to a log of numbers, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.advice.ranking.log import NO_STORE, Ints, Log, log_of

# Products a customer may know and the shop does not: numbers kept free behind the shop's own.
SPARE: Final = 256
FAR_DAYS: Final = 800  # a basket so far from the middle of all was dated by a wrong clock
DATED_SHARE: Final = 0.9  # of the baskets must have a day, or only their order counts


@dataclass(frozen=True, slots=True)
class Visit:
    """One basket; `day` counts days (None: only the order is known)."""

    day: int | None
    store: str | None
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Numbered:
    log: Log
    kinds: Ints
    names: tuple[str, ...]
    number: Mapping[str, int]
    stores: Mapping[str, int]
    customers: Mapping[str, int]


def numbered(histories: Mapping[str, Sequence[Visit]], kinds: Mapping[str, str] | None = None) -> Numbered:
    """Everything by number; a day that is missing or far off is that of the visit before."""
    number: dict[str, int] = {}
    stores: dict[str, int] = {}
    lines = []
    days = [visit.day for visits in histories.values() for visit in visits]
    known = [day for day in days if day is not None]
    dated = bool(known) and len(known) >= DATED_SHARE * len(days)
    middle = int(np.median(known)) if dated else 0
    for visits in histories.values():
        line, before = [], middle - FAR_DAYS
        for visit in visits:
            if visit.day is not None and abs(visit.day - middle) <= FAR_DAYS:
                before = max(before, visit.day)
            store = stores.setdefault(visit.store, len(stores)) if visit.store is not None else NO_STORE
            items = [number.setdefault(each, len(number)) for each in dict.fromkeys(visit.items)]
            line.append((before, store, items))
        lines.append(line)
    return Numbered(
        log_of(lines, products=len(number) + SPARE, dated=dated),
        _kinds(list(number), kinds),
        tuple(number),
        number,
        stores,
        {name: place for place, name in enumerate(histories)},
    )


def _kinds(names: Sequence[str], kinds: Mapping[str, str] | None) -> Ints:
    """A number for the category of each product; what has none is a category of its own."""
    seen: dict[str, int] = {}
    made = [
        seen.setdefault(f"kind {kinds[name]}" if kinds and name in kinds else f"item {name}", len(seen))
        for name in names
    ]
    return np.array([*made, *range(len(seen), len(seen) + SPARE)], np.int32)
