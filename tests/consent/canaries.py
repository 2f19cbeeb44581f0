"""A value for every personal field that is known again wherever it is shown, another one for every customer."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from edge.kit.clock import utc

MOST: Final = 150  # customers; their years of joining are from 1801 on
_MONTHS: Final = (  # as pages of either language write them, shortened and whole
    ("jan", "januari", "january"), ("feb", "februari", "february"), ("mrt", "maart", "mar", "march"),
    ("apr", "april"),
    ("mei", "may"), ("jun", "juni", "june"), ("jul", "juli", "july"), ("aug", "augustus", "august"),
    ("sep", "september"), ("okt", "oktober", "oct", "october"), ("nov", "november"), ("dec", "december"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Canary:
    """`value` as the hub would seal it; `marks` are the words by which it is known again, in small letters."""

    value: Any = field(repr=False)
    marks: tuple[str, ...]


def _word(*texts: str) -> tuple[str, ...]:
    return tuple(each.lower() for each in texts)


# Everything that may be a mark: words of ours, years, balances, days of a month.
_ALIKE: Final = re.compile(
    r"(?<![0-9a-z])(?:kanarie[a-z]+\d{3}|k(?:jong|ouder|bon|afh|wens|mand|zone|ord|wacht)\d{3}|ŧ\d{3}|1[89]\d\d|\d[.,]?\d{3}[.,]?\d{3}"
    r"|\d{1,2} [a-z]{3,9}|[a-z]{3,9} \d{1,2}|\"month\":\d+,\"day\":\d+)(?![0-9a-z])"
)


def _name(n: int, now_ms: int) -> Canary:
    call = f"mevrouw Zoek{n:03d} Kanariename{n:03d}"
    value = {"call": call, "short": call[0].upper() + call[1:], "initials": f"Ŧ{n:03d}", "full": call}
    return Canary(value, _word(f"Kanariename{n:03d}", f"Ŧ{n:03d}"))


def _since(n: int, now_ms: int) -> Canary:
    return Canary({"year": 1801 + n}, _word(str(1801 + n)))


def _birthday(n: int, now_ms: int) -> Canary:
    # No month that anything else on a page is dated in: from the third after this one on.
    month, day = (utc(now_ms).month + 2 + n // 25) % 12 + 1, 1 + n % 25
    names = _MONTHS[month - 1]
    texts = [f"{day} {name}" for name in names] + [f"{name} {day}" for name in names]
    return Canary({"month": month, "day": day}, _word(*texts, f'"month":{month},"day":{day}'))


def _points(n: int, now_ms: int) -> Canary:
    balance = 6_000_017 + 1009 * n
    grouped = f"{balance:,}"
    return Canary({"balance": balance}, _word(str(balance), grouped, grouped.replace(",", ".")))


def _stamps(n: int, now_ms: int) -> Canary:
    reward = f"kanariebeloning{n:03d}"
    return Canary({"have": 8, "of": 8, "reward": reward}, _word(reward))


def _vouchers(n: int, now_ms: int) -> Canary:
    label, code = f"kanariebon{n:03d}", f"KBON{n:03d}"
    return Canary(
        {"items": [{"label": label, "code": code, "until_ms": now_ms + 20 * 86_400_000}]}, _word(label, code)
    )


def _giftcards(n: int, now_ms: int) -> Canary:
    label = f"kanariecadeau{n:03d}"
    return Canary({"items": [{"label": label, "balance_cents": 2550}]}, _word(label))


def _pickup(n: int, now_ms: int) -> Canary:
    number = f"KAFH{n:03d}"
    return Canary(
        {"orders": [{"number": number, "place": "vak B3", "ready_ms": now_ms - 1000}]}, _word(number)
    )


def _last(n: int, now_ms: int) -> Canary:
    what = f"kanarieschoenen{n:03d}"
    return Canary({"what": what, "at_ms": now_ms - 36 * 86_400_000}, _word(what))


def _wishlist(n: int, now_ms: int) -> Canary:
    item = f"kwens{n:03d}"
    return Canary({"items": [{"item": item}]}, _word(item, f"kanariewens{n:03d}"))


def _baskets(n: int, now_ms: int) -> Canary:
    """On no page as it is; advice is made of it, and names the product."""
    item = f"kmand{n:03d}"
    baskets = [{"t_ms": now_ms - days * 86_400_000, "items": [item]} for days in (60, 30)]
    return Canary({"baskets": baskets}, _word(item, f"kanariemand{n:03d}"))


def _zone(n: int, now_ms: int) -> Canary:
    return Canary(f"kzone{n:03d}", _word(f"kzone{n:03d}"))


def _guarded(n: int, now_ms: int) -> Canary:
    return Canary({"why": f"kwacht{n:03d}"}, _word(f"kwacht{n:03d}"))


def _age_band(n: int, now_ms: int) -> Canary:
    return Canary(f"kjong{n:03d}", _word(f"kjong{n:03d}"))


def _guardian(n: int, now_ms: int) -> Canary:
    return Canary({"name": f"kouder{n:03d}", "how": "x"}, _word(f"kouder{n:03d}"))


def _order(n: int, now_ms: int) -> Canary:
    """The number of an order of another channel, which the hub keeps beside the traits."""
    return Canary(f"KORD{n:03d}", _word(f"KORD{n:03d}"))


MADE: Final[dict[str, Callable[[int, int], Canary]]] = {
    "name": _name,
    "since": _since,
    "points": _points,
    "stamps": _stamps,
    "vouchers": _vouchers,
    "giftcards": _giftcards,
    "birthday": _birthday,
    "pickup": _pickup,
    "last": _last,
    "wishlist": _wishlist,
    "baskets": _baskets,
    "guarded": _guarded,
    "age_band": _age_band,
    "guardian": _guardian,
    "zone": _zone,
    "order": _order,
}


@cache
def canary(name: str, n: int, now_ms: int) -> Canary:
    """The value of a field for customer `n`."""
    assert n < MOST
    return MADE[name](n, now_ms)


@cache
def _whose(now_ms: int) -> dict[str, tuple[str, int]]:
    return {mark: (name, n) for name in MADE for n in range(MOST) for mark in canary(name, n, now_ms).marks}


def shown(text: str, now_ms: int) -> dict[int, set[str]]:
    """Whose fields stand in a text: customer -> names of fields."""
    found: dict[int, set[str]] = {}
    known = _whose(now_ms)
    for each in _ALIKE.finditer(text.lower()):
        if whose := known.get(each[0]):
            found.setdefault(whose[1], set()).add(whose[0])
    return found
