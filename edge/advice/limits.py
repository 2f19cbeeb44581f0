"""What may never be suggested, or never with its price: data with a law, a country and a date a line, read once."""

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from itertools import pairwise
from typing import Any, Final, Literal

EVERYWHERE: Final = "EU"
HOME: Final = "NL"
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True, eq=False)
class Wording:
    """What a text may not speak of: whole `words` (or two in a row), `stems` anywhere in a word, `ends` at its end.

    `but` is cut out of a word before stems and ends are looked for in it.
    """

    words: frozenset[str] = frozenset()
    stems: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    but: tuple[str, ...] = ()

    def found(self, text: str) -> str:
        """The first word of the text that is meant, else two in a row, in lower case; empty where none is."""
        plain = _WORD.findall(text.casefold())
        two = (pair for pair in map(" ".join, pairwise(plain)) if pair in self.words)
        return next((word for word in plain if _means(self, word)), "") or next(two, "")


@lru_cache(maxsize=16_384)
def _means(words: Wording, word: str) -> bool:
    """Remembered: titles of a long catalogue are made of few words."""
    if word in words.words:
        return True
    for each in words.but:
        word = word.replace(each, " ")
    return word.endswith(words.ends) or any(stem in word for stem in words.stems)


@dataclass(frozen=True, slots=True)
class Limit:
    """`law` and `shield`: never suggested; `price`: never with its price."""

    kind: Literal["law", "shield", "price"]
    countries: tuple[str, ...]
    wording: Wording
    law: str
    since: date


@cache
def limits(country: str = "") -> tuple[Limit, ...]:
    """The lines that hold in a country (ISO 3166-1); all of them where it is empty or has none of its own."""
    every = _every()
    if not any(country in limit.countries for limit in every):
        return every
    return tuple(limit for limit in every if not {country, EVERYWHERE}.isdisjoint(limit.countries))


@cache
def barred_words(country: str = HOME) -> Wording:
    """Every word of a category that bars a product."""
    return merged(limit.wording for limit in limits(country) if limit.kind != "price")


@lru_cache(maxsize=8192)
def holds(words: Wording, category: str) -> bool:
    """Whether a category speaks of it; remembered, for a shop has few categories and many products."""
    return bool(words.found(category))


def wording(line: Mapping[str, Any]) -> Wording:
    """The words of one line of a list."""
    stems, ends, but = (tuple(line.get(name, ())) for name in ("stems", "ends", "but"))
    return Wording(frozenset(line["words"]), stems, ends, but)


def merged(every: Iterable[Wording]) -> Wording:
    known = tuple(every)
    return Wording(
        frozenset(word for each in known for word in each.words),
        tuple(dict.fromkeys(stem for each in known for stem in each.stems)),
        tuple(dict.fromkeys(end for each in known for end in each.ends)),
        tuple(dict.fromkeys(part for each in known for part in each.but)),
    )


@cache
def _every() -> tuple[Limit, ...]:
    table = tomllib.loads((files("edge.advice") / "limits.toml").read_text(encoding="utf-8"))
    return tuple(_limit(line) for line in table["limit"])


def _limit(line: Mapping[str, Any]) -> Limit:
    return Limit(line["kind"], tuple(line["countries"]), wording(line), line["law"], line["since"])


def spelt(category: str) -> Iterator[str]:
    """The words of a text in lower case, and each two in a row."""
    plain = _WORD.findall(category.casefold())
    yield from plain
    yield from map(" ".join, pairwise(plain))


def price_law(category: str, country: str = HOME) -> str:
    """The law that holds the price of a product of this category fixed; empty where there is none."""
    held = (each for each in limits(country) if each.kind == "price")
    return next((each.law for each in held if holds(each.wording, category)), "")
