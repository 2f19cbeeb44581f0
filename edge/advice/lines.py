"""Histories, questions and catalogues as lines of JSON: what `welkom advise` reads (contract.md, `welkom advise`)."""

import codecs
import gzip
import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from io import BufferedReader
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
    name, number = path.name or str(path), 0
    try:
        with path.open("rb") as raw, _unpacked(raw) as plain:
            for number, line in enumerate(plain, 1):
                text = str(line.removeprefix(codecs.BOM_UTF8) if number == 1 else line, "utf-8")
                if not text.strip():
                    continue
                where = f"{name} line {number}"
                try:
                    read = json.loads(text)
                except (ValueError, RecursionError):
                    raise _wrong(where, "is no JSON") from None
                if not isinstance(read, dict):
                    raise _wrong(where, "is no object")
                yield where, read
    except UnicodeDecodeError:
        raise WelkomError(
            f"{name} line {number} is not text", code="A02", hint="give JSON lines in UTF-8"
        ) from None
    except EOFError:
        raise WelkomError(
            f"{name} is cut off after line {number}", code="A02", hint="copy or pack the whole file again"
        ) from None
    except (OSError, zlib.error) as error:
        why = getattr(error, "strerror", None) or "it is damaged"
        raise WelkomError(
            f"{name} cannot be read: {why}", code="A02", hint="check the path, and that it is readable"
        ) from None


def _unpacked(raw: BufferedReader) -> gzip.GzipFile | BufferedReader:
    """Opened once and looked at without taking: a pipe can be read no second time."""
    return gzip.open(raw) if raw.peek(2)[:2] == GZIP else raw


def histories(path: Path) -> Iterator[History]:
    """Each customer once: what further lines have of them is theirs too."""
    found: dict[str, History] = {}
    for where, line in lines_of(path):
        group = line.get("group")
        each = History(
            _customer(where, line),
            _visits(where, line),
            {str(name): str(value) for name, value in group.items()} if isinstance(group, dict) else {},
        )
        if (before := found.get(each.customer)) is not None:
            visits = _in_order([*before.visits, *each.visits])
            each = History(each.customer, visits, {**before.group, **each.group})
        found[each.customer] = each
    yield from found.values()


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
        _spelt(where, item)
        before = found.get(item)
        durable, sensitive = (_flag(where, line, key) for key in ("durable", "sensitive"))
        # What one line says of it, no other takes back.
        found[item] = Product(
            name or item,
            category,
            department,
            durable=durable or (before is not None and before.durable),
            sensitive=sensitive or (before is not None and before.sensitive),
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


def _flag(where: str, line: Mapping[str, Any], key: str) -> bool:
    value = line.get(key)
    if value is not None and not isinstance(value, bool):
        raise _wrong(where, f"has `{key}` that is neither true nor false")
    return value is True


def _spelt(where: str, text: str) -> str:
    """Half a character (a lone surrogate) can be written nowhere."""
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise _wrong(where, "has half a character (a lone surrogate)")
    return text


def _price(price: object) -> float | None:
    if not isinstance(price, int | float) or isinstance(price, bool):
        return None
    return float(price) if isfinite(price) and price > 0 else None


def _customer(where: str, line: Mapping[str, Any]) -> str:
    name = line.get("customer")
    if name is None:
        raise _wrong(where, "has no customer")
    if not isinstance(name, str):
        raise _wrong(where, "has a customer that is no text")
    return _spelt(where, name)


def _visits(where: str, line: Mapping[str, Any]) -> tuple[Visit, ...]:
    """Oldest first, whatever order they came in where all are dated; without items there was no basket."""
    baskets = line.get("baskets")
    if not isinstance(baskets, list) or not all(isinstance(each, dict) for each in baskets):
        raise _wrong(where, "has no list of baskets")
    found = [
        Visit(_day(where, each.get("t")), _store(where, each.get("store")), _items(where, each.get("items")))
        for each in baskets
    ]
    return _in_order(each for each in found if each.items)


def _in_order(visits: Iterable[Visit]) -> tuple[Visit, ...]:
    found = list(visits)
    if all(each.day is not None for each in found):
        found.sort(key=lambda visit: visit.day or 0)
    return tuple(found)


def _items(where: str, items: object) -> tuple[str, ...]:
    if not isinstance(items, list) or not all(isinstance(each, str) for each in items):
        raise _wrong(where, "has items that are no list of texts")
    # One text object a product, however often it was bought.
    return tuple(intern(_spelt(where, each)) for each in dict.fromkeys(items))


def _store(where: str, store: object) -> str | None:
    if store is not None and not isinstance(store, str):
        raise _wrong(where, "has a store that is no text")
    return _spelt(where, store) if store is not None else None


def _day(where: str, when: object) -> int | None:
    """A day as a number; a time of day is cut off. All zeros, as a till writes that lost its clock, is no day."""
    if when is None or (isinstance(when, str) and when[:10] == ZERO):
        return None
    try:
        return date.fromisoformat(when[:10]).toordinal() if isinstance(when, str) else _no_day(where)
    except ValueError:
        return _no_day(where)


def _no_day(where: str) -> int:
    raise LineWrong(f"{where} has a date that is none", code="A03", hint="write it as 2026-03-01, or null")
