"""A CSV file of any system, with a mapping that says which of its columns is which of our fields."""

import re
from collections.abc import Collection

from edge.catalogue.importers.draft import FIELDS, Drafts, Read
from edge.catalogue.importers.jsonl import price
from edge.catalogue.importers.lines import MAP_IT, BadFile, Mapping_, decode, table

CENTS = "price_cents"


def read(body: bytes, mapping: Mapping_) -> Read:
    """Products of a CSV file; without a mapping its headers are our own field names, as an export has them.

    Raises BadFile.
    """
    text = decode(body, mapping.encoding)
    columns = {name: theirs.casefold() for name, theirs in mapping.columns.items()} or {
        name: name for name in (*FIELDS, CENTS)
    }
    drafts = Drafts(language=mapping.language)

    def know(names: Collection[str]) -> None:
        _know(columns, names, mapped=bool(mapping.columns))

    for line, row in table(text, delimiter=mapping.delimiter, know=know):
        values = {name: row.get(theirs, "") for name, theirs in columns.items()}
        drafts.add(line, values | _price(values))
    if not drafts.products and not drafts.refusals:
        raise BadFile(0, "there is no line under the headers")
    return drafts.done()


def _price(values: dict[str, str]) -> dict[str, str]:
    """The price in cents, where that is what the file has."""
    cents = values.get(CENTS, "")
    if not cents or values.get("price"):
        return {}
    return price({CENTS: int(cents) if re.fullmatch(r"[0-9]{1,12}", cents) else cents})


def _know(columns: dict[str, str], names: Collection[str], *, mapped: bool) -> None:
    """Raise BadFile when a column that the mapping names, or that every product needs, is not there."""
    priced = CENTS if columns.get(CENTS) in names else "price"
    needed = ("item", "title", priced)
    wanted = columns if mapped else {name: columns[name] for name in needed}
    for name in needed:
        if name not in columns:
            raise BadFile(0, f"the mapping says no column for {name!r}")
    for name, theirs in wanted.items():
        if theirs not in names:
            hint = "correct the mapping" if mapped else MAP_IT
            raise BadFile(1, f"there is no column {theirs!r} (for {name}): {hint}")
