"""Histories, questions and catalogues as lines of JSON: what `welkom advise` reads (contract.md, `welkom advise`)."""

import gzip
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from math import isfinite
from pathlib import Path
from sys import intern
from typing import Any, Final

from edge.advice.ranking.numbering import Visit
from edge.advice.ranking.ranker import Ask
from edge.kit.errors import WelkomError

GZIP: Final = b"\x1f\x8b"
ZERO: Final = "0000-00-00"


@dataclass(frozen=True, slots=True)
class History:
    customer: str = field(repr=False)
    visits: tuple[Visit, ...] = field(repr=False)
    group: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Product:
    name: str
    category: str
    department: str
    durable: bool
    sensitive: bool
    price: float | None = None  # in any currency; for the bias report alone


class LineWrong(WelkomError):
    """A line that is not what the contract says; the place, never what it holds."""


def lines_of(path: Path) -> Iterator[tuple[str, Any]]:
    """Each line with where it stands; raises LineWrong, or WelkomError where the file cannot be read."""
    try:
        with path.open("rb") as raw:
            packed = raw.read(2) == GZIP
        with gzip.open(path, "rt", encoding="utf-8") if packed else path.open(encoding="utf-8") as text:
            for number, line in enumerate(text, 1):
                if not line.strip():
                    continue
                where = f"{path.name} line {number}"
                try:
                    read = json.loads(line)
                except ValueError:
                    raise _wrong(where, "is no JSON") from None
                if not isinstance(read, dict):
                    raise _wrong(where, "is no object")
                yield where, read
    except UnicodeDecodeError:
        raise WelkomError(
            f"{path.name or path} is not text", code="A02", hint="give JSON lines in UTF-8"
        ) from None
    except (OSError, EOFError, zlib.error) as error:
        why = getattr(error, "strerror", None) or "it is damaged"
        raise WelkomError(
            f"{path.name or path} cannot be read: {why}",
            code="A02",
            hint="check the path, and that it is readable",
        ) from None


def histories(path: Path) -> Iterator[History]:
    for where, line in lines_of(path):
        group = line.get("group")
        yield History(
            _customer(where, line),
            _visits(where, line),
            {str(name): str(value) for name, value in group.items()} if isinstance(group, dict) else {},
        )


def asks(path: Path) -> Iterator[Ask]:
    for where, line in lines_of(path):
        yield Ask(
            _visits(where, line),
            _day(where, line.get("t")),
            _store(where, line.get("store")),
            _items(where, line.get("basket") or []),
            _customer(where, line),
        )


def products(path: Path) -> dict[str, Product]:
    found: dict[str, Product] = {}
    for where, line in lines_of(path):
        item = line.get("item")
        if not isinstance(item, str) or not item:
            raise _wrong(where, "has no item")
        name, category, department = (str(line.get(key) or "") for key in ("name", "category", "department"))
        found[item] = Product(
            name or item,
            category,
            department,
            durable=line.get("durable") is True,
            sensitive=line.get("sensitive") is True,
            price=_price(line.get("price")),
        )
    return found


def kinds(catalogue: Mapping[str, Product]) -> dict[str, str]:
    """The category of each product, within its department."""
    return {
        item: f"{each.department} / {each.category}"
        for item, each in catalogue.items()
        if each.department or each.category
    }


def _wrong(where: str, what: str) -> LineWrong:
    return LineWrong(f"{where} {what}", code="A03", hint="`welkom advise --help` shows how lines look")


def _price(price: object) -> float | None:
    if not isinstance(price, int | float) or isinstance(price, bool):
        return None
    return float(price) if isfinite(price) and price > 0 else None


def _customer(where: str, line: Mapping[str, Any]) -> str:
    name = line.get("customer")
    if not isinstance(name, str):
        raise _wrong(where, "has no customer")
    return name


def _visits(where: str, line: Mapping[str, Any]) -> tuple[Visit, ...]:
    """Oldest first, whatever order they came in where all are dated; without items there was no basket."""
    baskets = line.get("baskets")
    if not isinstance(baskets, list) or not all(isinstance(each, dict) for each in baskets):
        raise _wrong(where, "has no list of baskets")
    found = [
        Visit(_day(where, each.get("t")), _store(where, each.get("store")), _items(where, each.get("items")))
        for each in baskets
    ]
    if all(each.day is not None for each in found):
        found.sort(key=lambda visit: visit.day or 0)
    return tuple(each for each in found if each.items)


def _items(where: str, items: object) -> tuple[str, ...]:
    if not isinstance(items, list) or not all(isinstance(each, str) for each in items):
        raise _wrong(where, "has items that are no list of texts")
    # One text object a product, however often it was bought.
    return tuple(map(intern, dict.fromkeys(items)))


def _store(where: str, store: object) -> str | None:
    if store is not None and not isinstance(store, str):
        raise _wrong(where, "has a store that is no text")
    return store


def _day(where: str, when: object) -> int | None:
    """A day as a number; a time of day is cut off. All zeros, as a till writes that lost its clock, is no day."""
    if when is None or (isinstance(when, str) and when[:10] == ZERO):
        return None
    try:
        return date.fromisoformat(when[:10]).toordinal() if isinstance(when, str) else _no_day(where)
    except ValueError:
        return _no_day(where)


def _no_day(where: str) -> int:
    raise _wrong(where, "has a date that is none")
