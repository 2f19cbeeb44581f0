"""From customers' visits by name to a log of numbers, and back."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from edge.advice.ranking.log import NO_STORE, Ints, Log

# Products a customer may know and the shop does not: numbers kept free behind the shop's own.
SPARE: Final = 256
FAR_DAYS: Final = 800  # so far from the middle of all baskets every day is believed
YEAR: Final = 365
UNKNOWN: Final = 2**31 - 1
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


def numbered(
    histories: Iterable[tuple[str, Sequence[Visit]]], kinds: Mapping[str, str] | None = None
) -> Numbered:
    """Everything by number, read once; a day that is missing or far off is that of the visit before."""
    number: dict[str, int] = {}
    stores: dict[str, int] = {}
    customers: dict[str, int] = {}
    who, day, store, sizes, items = (array("i") for _ in range(5))
    for customer, visits in histories:
        place = customers.setdefault(customer, len(customers))
        for visit in visits:
            who.append(place)
            day.append(min(max(visit.day, 0), UNKNOWN - 1) if visit.day is not None else UNKNOWN)
            store.append(stores.setdefault(visit.store, len(stores)) if visit.store is not None else NO_STORE)
            named = dict.fromkeys(visit.items)
            sizes.append(len(named))
            items.extend(number.setdefault(each, len(number)) for each in named)
    ptr = np.zeros(len(sizes) + 1, np.int64)
    np.cumsum(np.frombuffer(sizes, np.int32), out=ptr[1:])
    people = np.array(who, np.int32)
    days, dated = _days(np.array(day, np.int32), people, len(customers))
    log = Log(
        people,
        days,
        np.array(store, np.int32),
        ptr,
        np.array(items, np.int32),
        len(customers),
        len(number) + SPARE,
        dated,
    )
    return Numbered(log, _kinds(list(number), kinds), tuple(number), number, stores, customers)


def _days(day: Ints, who: Ints, customers: int) -> tuple[Ints, bool]:
    """Never falling within a customer; where too few are dated, places in their order, counted back from the last."""
    known = day != UNKNOWN
    if not len(day) or known.mean() < DATED_SHARE:
        ends = np.cumsum(np.bincount(who, minlength=customers))
        return (np.arange(len(day)) - ends[who]).astype(np.int32), False
    first, last = _believed(day[known])
    trusted = known & (day >= first) & (day <= last)
    since = np.where(trusted, day.astype(np.int64) - first, 0)
    step = last - first + 1
    risen = np.maximum.accumulate(who.astype(np.int64) * step + since) - who.astype(np.int64) * step
    return (risen + first).astype(np.int32), True


def _believed(day: Ints) -> tuple[int, int]:
    """The first and the last day that no wrong clock wrote: a middle half of all on either side of it, and a year."""
    early, middle, late = (int(each) for each in np.quantile(day, (0.25, 0.5, 0.75)))
    room = late - early + YEAR
    return min(early - room, middle - FAR_DAYS), max(late + room, middle + FAR_DAYS)


def _kinds(names: Sequence[str], kinds: Mapping[str, str] | None) -> Ints:
    """A number for the category of each product; what has none is a category of its own."""
    seen: dict[str, int] = {}
    made = [
        seen.setdefault(f"kind {kinds[name]}" if kinds and name in kinds else f"item {name}", len(seen))
        for name in names
    ]
    return np.array([*made, *range(len(seen), len(seen) + SPARE)], np.int32)
