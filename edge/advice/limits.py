"""What may never be suggested, or never with its price: data with a law, a country and a date a line, read once."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import Final, Literal

EVERYWHERE: Final = "EU"
HOME: Final = "NL"


@dataclass(frozen=True, slots=True)
class Limit:
    """`law` and `shield`: never suggested; `price`: never with its price."""

    kind: Literal["law", "shield", "price"]
    countries: tuple[str, ...]
    words: tuple[str, ...]
    law: str
    since: date


@cache
def limits(country: str = "") -> tuple[Limit, ...]:
    """The lines that hold in a country (ISO 3166-1); all of them where it is empty or has none of its own."""
    table = tomllib.loads((files("edge.advice") / "limits.toml").read_text(encoding="utf-8"))
    lists = ("words", "countries")
    every = tuple(Limit(**{**line, **{name: tuple(line[name]) for name in lists}}) for line in table["limit"])
    if not any(country in limit.countries for limit in every):
        return every
    return tuple(limit for limit in every if not {country, EVERYWHERE}.isdisjoint(limit.countries))


@cache
def barred_words(country: str = HOME) -> frozenset[str]:
    """Every word of a category that bars a product."""
    return frozenset(word for limit in limits(country) if limit.kind != "price" for word in limit.words)


@cache
def price_laws(country: str = HOME) -> dict[str, str]:
    """Word of a category -> the law by which the price of such a product is no part of an offer."""
    return {word: limit.law for limit in limits(country) if limit.kind == "price" for word in limit.words}


def spelt(category: str) -> Iterator[str]:
    """The words of a category in lower case, and each two in a row."""
    plain = "".join(letter if letter.isalnum() else " " for letter in category.casefold()).split()
    yield from plain
    yield from map(" ".join, pairwise(plain))


def price_law(category: str, country: str = HOME) -> str:
    """The law that holds the price of a product of this category fixed; empty where there is none."""
    laws = price_laws(country)
    return next((laws[word] for word in spelt(category) if word in laws), "")
