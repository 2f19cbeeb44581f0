"""What happens to the catalogue at the centre: products and counts come, change and go, and each shop hears it."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final

import msgspec

from edge.catalogue.rules import Product, Stock, missing
from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync import wire
from sync.hub.tables import catalogue as tables
from sync.hub.tables import feed as partitions
from sync.hub.tables.feed import Line, Moved

SLICE: Final = 500  # products a transaction, times the number of shops in rows


def put_products(conn: Connection, products: Sequence[Product]) -> list[Moved]:
    """Add or change products; what is the same already is not sent again."""
    tables.hold(conn)
    lines: list[Line] = []
    shops = tables.shop_ids(conn)
    for each in products:
        d = _fit(product_body(each))
        held = tables.product(conn, each.item)
        if held and held[1] == d:
            continue
        ver = held[0] + 1 if held else 1
        tables.put_product(conn, each.item, ver=ver, d=d)
        lines += [_line(shop_id, "product", each.item, ver=ver, d=d) for shop_id in shops]
    return partitions.publish(conn, lines)


def drop_products(conn: Connection, items: Sequence[str]) -> list[Moved]:
    """Take products out of the catalogue, with their counts."""
    tables.hold(conn)
    lines: list[Line] = []
    shops = tables.shop_ids(conn)
    for item in items:
        held = tables.product(conn, item)
        if held is None or held[1] is None:
            continue
        tables.put_product(conn, item, ver=held[0] + 1, d=None)
        lines += [_line(shop_id, "product", item, ver=held[0] + 1, d=None) for shop_id in shops]
        lines += _uncounted(conn, item)
    return partitions.publish(conn, lines)


def set_stock(conn: Connection, stocks: Sequence[Stock], *, shop_ids: Sequence[str] | None) -> list[Moved]:
    """Take counts of these shops (None: of all); raises Refused for a shop or product nobody knows."""
    tables.hold(conn)
    lines: list[Line] = []
    known = tables.shop_ids(conn)
    if unknown := set(shop_ids or ()) - set(known):
        raise Refused(
            f"no shop is called {sorted(unknown)[0]!r}", code="UNKNOWN_SHOP", hint="nothing was changed"
        )
    for each in stocks:
        found = tables.product(conn, each.item)
        if found is None or found[1] is None:
            raise Refused(
                f"no product is called {each.item!r}", code="UNKNOWN_PRODUCT", hint="import products first"
            )
        d = msgspec.json.encode(wire.Stock(each.count, each.as_of_ms))
        for shop_id in known if shop_ids is None else shop_ids:
            held = tables.stock(conn, shop_id, each.item)
            if held and held[1] == d:
                continue
            ver = held[0] + 1 if held else 1
            tables.put_stock(conn, shop_id, each.item, ver=ver, d=d)
            lines.append(_line(shop_id, "stock", each.item, ver=ver, d=d))
    return partitions.publish(conn, lines)


def restored(conn: Connection, item: str, *, d: bytes | None) -> list[Line]:
    """A product as it was before (None: not there, and so no counts of it either), under a new version."""
    tables.hold(conn)
    held = tables.product(conn, item)
    ver = held[0] + 1 if held else 1
    tables.put_product(conn, item, ver=ver, d=d)
    uncounted = _uncounted(conn, item) if d is None else []
    return [
        *(_line(shop_id, "product", item, ver=ver, d=d) for shop_id in tables.shop_ids(conn)),
        *uncounted,
    ]


def recounted(conn: Connection, shop_id: str, item: str, *, d: bytes | None) -> list[Line]:
    """A count as it was before, under a new version; nothing of a product that is gone."""
    tables.hold(conn)
    held = tables.stock(conn, shop_id, item)
    product = tables.product(conn, item)
    if held is None or product is None or product[1] is None:
        return []
    tables.put_stock(conn, shop_id, item, ver=held[0] + 1, d=d)
    return [_line(shop_id, "stock", item, ver=held[0] + 1, d=d)]


def greet(conn: Connection, shop_id: str) -> list[Moved]:
    """Send the whole catalogue to a shop that is new."""
    lines: Iterable[Line] = (
        _line(shop_id, "product", item, ver=ver, d=bytes(d)) for item, ver, d in tables.products(conn)
    )
    return partitions.publish(conn, lines)


def bodies(conn: Connection) -> dict[str, bytes]:
    """The catalogue that is held: item -> body, for comparing an import with it."""
    return {item: bytes(d) for item, _, d in tables.products(conn)}


def product_body(product: Product) -> bytes:
    """A product as the body of its feed row; the same product is always the same bytes."""
    values = {name: getattr(product, name) for name in wire.Product.__struct_fields__}
    return msgspec.json.encode(wire.Product(**values))


def gaps(conn: Connection) -> list[Product]:
    """Products of which shops needed what still nobody filled in; those that most shops met first."""
    met = (
        Product(item=item, **msgspec.structs.asdict(wire.decode_as(body, wire.Product)))
        for item, body in tables.gaps(conn)
    )
    return [product for product in met if missing(product)]


def numbers(conn: Connection) -> dict[str, str]:
    """Item number and GTIN -> item, for reading a stock file."""
    found: dict[str, str] = {}
    gtin_of: Callable[[bytes], wire.Product] = msgspec.json.Decoder(wire.Product).decode
    for item, _, d in tables.products(conn):
        if gtin := gtin_of(d).gtin:
            found.setdefault(gtin, item)
        found[item] = item
    return found


def _uncounted(conn: Connection, item: str) -> list[Line]:
    """The counts of a product that is gone, taken away in rows of their own.

    A box drops them with the product too. But the row of the product is overtaken once it is there again, and taken
    out once every box had it: then a count without a row of its own would come back where the replica is new.
    """
    return [_line(shop_id, "stock", item, ver=ver, d=None) for shop_id, ver in tables.drop_stocks(conn, item)]


def _line(shop_id: str, t: str, item: str, *, ver: int, d: bytes | None) -> Line:
    return Line(wire.main_part(shop_id), "del" if d is None else "put", t, item, ver, d or b"{}", None)


def _fit(d: bytes) -> bytes:
    if len(d) > wire.ROW_BYTES - 512:
        raise Refused("a product is over a row of the feed", code="TOO_LARGE", hint="shorten its texts")
    wire.decode_as(d, wire.Product)
    return d
