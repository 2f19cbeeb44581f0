"""Reading other people's product files: bytes in; products, and refusals with the number of their line, out."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from edge.catalogue.importers import jsonl, mapped, shopify
from edge.catalogue.importers.draft import Read
from edge.catalogue.importers.lines import NO_LIST, BadFile, Mapping_, first_line

Importer = Callable[[bytes, Mapping_], Read]
FORMATS: Final[Mapping[str, Importer]] = {
    "shopify": shopify.read,
    "csv": mapped.read,
    "jsonl": jsonl.read,
}


def guess(body: bytes) -> str:
    """The format that the first line looks like; raises BadFile for one that none is read from."""
    first = first_line(body)
    if first.lstrip().startswith("{"):
        return "jsonl"
    if first.lstrip().startswith("["):
        raise BadFile(0, NO_LIST)
    headers = {header.strip().strip('"').casefold() for header in re.split(r"[,;\t]", first)}
    return "shopify" if shopify.is_shopify(headers) else "csv"


__all__ = ["FORMATS", "BadFile", "Read", "guess"]
