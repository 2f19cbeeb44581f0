"""Shopify's product CSV, both generations of its headers: `Title, URL handle, …` and `Handle, Title, Body (HTML), …`.

Lines of one handle are one product there: what is the same for all stands on its first line only, and a line
without a variant is a further picture. Here each variant is a product, with the others as its alternatives.
Source: Shopify Help Center, "Using CSV files to import and export products".
"""

import html
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from edge.catalogue.importers.draft import Drafts, Read
from edge.catalogue.importers.lines import BadFile, Mapping_, decode, table
from edge.catalogue.rules import MOST_ALTERNATIVES, item_id

# Our name -> header of the newer, header of the older generation, in lower case.
HEADERS: Final[dict[str, tuple[str, str]]] = {
    "handle": ("url handle", "handle"),
    "title": ("title", "title"),
    "description": ("description", "body (html)"),
    "brand": ("vendor", "vendor"),
    "category": ("product category", "product category"),
    "type": ("type", "type"),
    "status": ("status", "status"),
    "sku": ("sku", "variant sku"),
    "barcode": ("barcode", "variant barcode"),
    "price": ("price", "variant price"),
    "taxed": ("charge tax", "variant taxable"),
    "gift": ("gift card", "gift card"),
    "option1": ("option1 value", "option1 value"),
    "option2": ("option2 value", "option2 value"),
    "option3": ("option3 value", "option3 value"),
}
OPTIONS: Final = ("option1", "option2", "option3")
NO_OPTION: Final = "default title"  # what Shopify writes for a product without variants
# Metafields that hold what we tell about a product; the header ends in `(product.metafields.<space>.<key>)`.
METAFIELDS: Final[dict[str, str]] = {
    "care": "care",
    "care-guide": "care",
    "care-instructions": "care",
    "onderhoud": "care",
    "origin": "origin",
    "country-of-origin": "origin",
    "herkomst": "origin",
    "sustainability": "sustainability",
    "duurzaamheid": "sustainability",
    "place": "place",
    "schap": "place",
}
_METAFIELD: Final = re.compile(r"\(product\.metafields\.[\w-]+\.([\w-]+)\)$")


@dataclass(slots=True)
class _Group:
    """One handle: its first line, and every line with a variant."""

    handle: str
    first: dict[str, str]
    more: dict[str, str]
    variants: list[tuple[int, dict[str, str]]] = field(default_factory=list)


def is_shopify(headers: Iterable[str]) -> bool:
    """Whether these headers, in lower case, are of a Shopify file of either generation."""
    known = set(headers)
    return "title" in known and (
        {"url handle", "option1 value"} <= known
        or {"handle", "variant price"} <= known
        or ({"handle"} <= known and "body (html)" in known)
    )


def read(body: bytes, mapping: Mapping_) -> Read:
    """Products of a Shopify export; drafts, archived ones and gift cards are left out. Raises BadFile."""
    groups: dict[str, _Group] = {}
    drafts = Drafts(language=mapping.language)
    columns: dict[str, str] = {}
    last = ""
    for line, row in table(decode(body, mapping.encoding), delimiter=mapping.delimiter or ","):
        columns = columns or _columns(row)
        values = {name: row.get(theirs, "") for name, theirs in columns.items()}
        handle = values["handle"] or last
        if not handle:
            drafts.refuse(line, "line", "no handle, and no line with one before it")
            continue
        last = handle
        group = groups.setdefault(handle, _Group(handle, values, _told(row)))
        if values["sku"] or values["price"] or values["barcode"]:
            group.variants.append((line, values))
        elif group.first is values:
            group.variants.append((line, values))  # a product without any price: refused with its line
    if not groups and not drafts.refusals:
        raise BadFile(0, "there is no product under the headers")
    for group in groups.values():
        _add(drafts, group)
    return drafts.done()


def _columns(row: dict[str, str]) -> dict[str, str]:
    """Our names -> headers of the generation that this file is of."""
    newer = "url handle" in row
    columns = {name: pair[0 if newer else 1] for name, pair in HEADERS.items()}
    for name in ("handle", "title", "price"):
        if columns[name] not in row:
            raise BadFile(1, f"there is no column {columns[name]!r}: is this a product export of Shopify?")
    return columns


def _told(row: dict[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for header, value in row.items():
        if value and (key := _METAFIELD.search(header)):
            name = METAFIELDS.get(key[1].replace("_", "-"))
            if name:
                found.setdefault(name, value)
    return found


def _add(drafts: Drafts, group: _Group) -> None:
    first = group.first
    if first["status"].casefold() in ("draft", "archived", "unlisted") or first["gift"].casefold() == "true":
        drafts.left_out += len(group.variants)
        return
    items = [_item(group.handle, values) for _, values in group.variants]
    category = first["type"] or first["category"].split(">")[-1].strip()
    for (line, values), item in zip(group.variants, items, strict=True):
        others = [each for each in items if each != item and item_id(each)]
        drafts.add(
            line,
            {
                **group.more,
                "item": item,
                "title": first["title"],
                "brand": first["brand"],
                "category": category,
                "description": plain(first["description"]),
                "price": values["price"],
                "gtin": values["barcode"],
                "vat": "0"
                if values["taxed"].casefold() == "false"
                else "",  # the rate stands nowhere in this file
                "sizes": "|".join(_options(values)),
                "alternatives": "|".join(others[:MOST_ALTERNATIVES]),
            },
        )


def _options(values: dict[str, str]) -> list[str]:
    said = (values[name] for name in OPTIONS)
    return [each.replace("|", "/") for each in said if each and each.casefold() != NO_OPTION]


def _item(handle: str, values: dict[str, str]) -> str:
    """The SKU; where a shop does not use them, the handle and the options."""
    if values["sku"].lstrip("'"):
        return values["sku"].lstrip("'")  # spreadsheets keep leading zeros with an apostrophe
    return re.sub(r"[^a-z0-9._-]+", "-", "-".join([handle, *_options(values)]).casefold())[:64]


def plain(text: str) -> str:
    """HTML as the words in it: tags out, entities in, one space between words."""
    spaced = re.sub(r"(?is)<(script|style)\b.*?(</\1\s*>|$)", " ", text)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", spaced)).split())
