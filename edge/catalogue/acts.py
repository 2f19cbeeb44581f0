"""What happens when a product is looked up: gaps in it are told, each once."""

from sqlite3 import Connection

from edge.catalogue import tables
from edge.catalogue.facts import ProductGapMet
from edge.catalogue.rules import missing


def looked_up(conn: Connection, item: str, *, now_ms: int) -> list[ProductGapMet]:
    """Nothing for a product that is whole or gone, and nothing again for gaps that were told already."""
    product = tables.product(conn, item)
    lacking = missing(product) if product else ()
    if not lacking or tables.gap_told(conn, item) == lacking:
        return []
    return [ProductGapMet(item, lacking, now_ms)]
