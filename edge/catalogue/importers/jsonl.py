"""JSON lines: an object a product, with our own field names."""

import json
from typing import Any

from edge.catalogue.importers.draft import FIELDS, Drafts, Read
from edge.catalogue.importers.lines import MOST_CELL, BadFile, Mapping_, decode

OURS = FIELDS | {"price_cents"}


def read(body: bytes, mapping: Mapping_) -> Read:
    """Products of JSON lines; a line that is none is refused by itself. Raises BadFile."""
    drafts = Drafts(language=mapping.language)
    for line, text in enumerate(decode(body, mapping.encoding).splitlines(), 1):
        if not text.strip():
            continue
        value = parse(text)
        if value is None:
            drafts.refuse(line, "line", "not one JSON object on one line")
        elif unknown := sorted(set(value) - OURS):
            drafts.refuse(line, "line", f"{unknown[0][:40]!r} is no field of a product")
        else:
            drafts.add(line, {name: said(name, each) for name, each in value.items()} | price(value))
    if not drafts.products and not drafts.refusals:
        raise BadFile(0, "there is no line with a product")
    return drafts.done()


def parse(text: str) -> dict[str, Any] | None:
    if len(text) > MOST_CELL:
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def price(value: dict[str, Any]) -> dict[str, str]:
    """`price_cents` as the text that a draft takes; anything but a whole number is no price."""
    amount = value.get("price_cents")
    if amount is None:
        return {}
    fine = type(amount) is int and 0 <= amount < 10**12
    return {"price": f"{amount // 100}.{amount % 100:02}" if fine else "?"}


def said(name: str, value: object) -> str:
    """A JSON value as the text of a cell."""
    if value is None:
        return ""
    if isinstance(value, list):
        return "|".join(str(each) for each in value) or ""
    if isinstance(value, float) and name == "price":
        return f"{value:.2f}" if round(value, 2) == value else "?"
    return str(value)
