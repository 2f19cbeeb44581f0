"""The list of what may never be suggested: data with a law and a date a line, read once."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Literal


@dataclass(frozen=True, slots=True)
class Limit:
    kind: Literal["law", "shield"]
    words: tuple[str, ...]
    law: str
    since: date


@cache
def limits() -> tuple[Limit, ...]:
    table = tomllib.loads((files("edge.advice") / "limits.toml").read_text(encoding="utf-8"))
    return tuple(Limit(**{**line, "words": tuple(line["words"])}) for line in table["limit"])


@cache
def barred_words() -> frozenset[str]:
    """Every word of a category that bars a product."""
    return frozenset(word for limit in limits() for word in limit.words)
