"""A CSV file of any system, with a mapping that says which of its columns is which of our fields."""

from edge.catalogue.importers.draft import FIELDS, Drafts, Read
from edge.catalogue.importers.lines import BadFile, Mapping_, decode, table

NEEDED = ("item", "title", "price")


def read(body: bytes, mapping: Mapping_) -> Read:
    """Products of a CSV file; without a mapping its headers are our own field names. Raises BadFile."""
    text = decode(body, mapping.encoding)
    columns = {name: theirs.casefold() for name, theirs in mapping.columns.items()} or {
        name: name for name in FIELDS
    }
    drafts = Drafts(language=mapping.language)
    lines = table(text, delimiter=mapping.delimiter)
    for number, (line, row) in enumerate(lines):
        if number == 0:
            _know(columns, row, mapped=bool(mapping.columns))
        drafts.add(line, {name: row.get(theirs, "") for name, theirs in columns.items()})
    if not drafts.products and not drafts.refusals:
        raise BadFile(0, "there is no line under the headers")
    return drafts.done()


def _know(columns: dict[str, str], row: dict[str, str], *, mapped: bool) -> None:
    """Raise BadFile when a column that the mapping names, or that every product needs, is not there."""
    wanted = columns if mapped else {name: columns[name] for name in NEEDED}
    for name in NEEDED:
        if name not in columns:
            raise BadFile(0, f"the mapping says no column for {name!r}")
    for name, theirs in wanted.items():
        if theirs not in row:
            hint = "correct the mapping" if mapped else "write a mapping: our field -> their column"
            raise BadFile(1, f"there is no column {theirs!r} (for {name}): {hint}")
