"""Stock: lines with an item number or a GTIN, a count, and the instant of counting. CSV or JSON lines."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from edge.catalogue.importers.draft import Refusal, Why
from edge.catalogue.importers.jsonl import parse, said
from edge.catalogue.importers.lines import BadFile, Mapping_, decode, first_line, table
from edge.catalogue.rules import Stock, gtin14, item_id

MOST_COUNT: Final = 1_000_000
AHEAD_MS: Final = 10 * 60_000  # clocks differ; a count of tomorrow is a wrong one
NAMES: Final = ("item", "gtin", "count", "as_of")


@dataclass(frozen=True, slots=True)
class Counted:
    """What a stock file holds."""

    stocks: tuple[Stock, ...] = ()
    refusals: tuple[Refusal, ...] = ()


def read(body: bytes, mapping: Mapping_, *, items: Mapping[str, str], now_ms: int) -> Counted:
    """Counts of known products; `items`: item number and 14-digit GTIN -> item. Raises BadFile.

    A line without `as_of` is counted now; a time without a zone is UTC.
    """
    text = decode(body, mapping.encoding)
    stocks: dict[str, Stock] = {}
    refusals: list[Refusal] = []
    for line, values in _lines(text, body, mapping):
        if values is None:
            refusals.append(Refusal(line, "line", "not one JSON object on one line"))
            continue
        found = _stock(values, items, now_ms=now_ms)
        if not isinstance(found, Stock):
            refusals += [Refusal(line, why, what) for why, what in found]
        elif found.item in stocks:
            refusals.append(Refusal(line, "twice", f"item {found.item} stands there already"))
        else:
            stocks[found.item] = found
    if not stocks and not refusals:
        raise BadFile(0, "there is no line with a count")
    return Counted(tuple(stocks.values()), tuple(refusals))


def _lines(text: str, body: bytes, mapping: Mapping_) -> Iterator[tuple[int, dict[str, str] | None]]:
    if first_line(body).lstrip().startswith("{"):
        for line, each in enumerate(text.splitlines(), 1):
            if each.strip():
                value = parse(each)
                yield (
                    line,
                    None if value is None else {name: said(name, value.get(name)) for name in NAMES},
                )
        return
    columns = {name: mapping.columns.get(name, name).casefold() for name in NAMES}
    for line, row in table(text, delimiter=mapping.delimiter):
        if columns["count"] not in row or not {columns["item"], columns["gtin"]} & set(row):
            raise BadFile(1, "a stock file has the columns item or gtin, count, and as_of")
        yield line, {name: row.get(theirs, "") for name, theirs in columns.items()}


def _stock(values: dict[str, str], items: Mapping[str, str], *, now_ms: int) -> Stock | list[tuple[Why, str]]:
    wrong: list[tuple[Why, str]] = []
    number = item_id(values["item"]) if values["item"] else gtin14(re.sub(r"[\s-]", "", values["gtin"]))
    item = items.get(number or "")
    if number is None:
        wrong.append(("gtin", "neither an item number nor a GTIN with a right check digit"))
    elif item is None:
        wrong.append(("item", f"{number} is not in the catalogue"))
    count = int(values["count"]) if re.fullmatch(r"[0-9]{1,7}", values["count"]) else None
    if count is None or count > MOST_COUNT:
        wrong.append(("count", "the count is no whole number from 0 to 1000000"))
    at_ms = _at_ms(values["as_of"]) if values["as_of"] else now_ms
    if at_ms is None or at_ms > now_ms + AHEAD_MS:
        wrong.append(("time", "as_of is no time such as 2026-11-22T09:10:00+01:00, or has not been yet"))
    if wrong or item is None or count is None or at_ms is None:
        return wrong
    return Stock(item, count, min(at_ms, now_ms))


def _at_ms(text: str) -> int | None:
    try:
        at = datetime.fromisoformat(text)
        return int((at if at.tzinfo else datetime.fromisoformat(text + "+00:00")).timestamp() * 1000)
    except (ValueError, OverflowError):
        return None
