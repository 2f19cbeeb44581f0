"""Products and stock in the replica: every statement about their rows."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import astuple, fields
from sqlite3 import Connection
from typing import Any, Final

from edge.catalogue.facts import ProductGapMet
from edge.catalogue.rules import Product, Stock, gtin14, item_id

_LISTS: Final = ("sizes", "alternatives")  # a line each
_NAMES: Final = tuple(each.name for each in fields(Product))
_COLUMNS: Final = ", ".join(_NAMES)
_PUT: Final = f"""
    INSERT INTO replica.product ({_COLUMNS}, ver) VALUES ({", ".join(f":{name}" for name in _NAMES)}, :ver)
    ON CONFLICT (item) DO UPDATE SET
        {", ".join(f"{name}=excluded.{name}" for name in (*_NAMES, "ver"))}
    WHERE excluded.ver > ver"""
_MOST_AT_ONCE: Final = 500  # below SQLite's cap on parameters, also of old builds


def put_product(conn: Connection, product: Product, *, ver: int) -> None:
    """Write a product, unless a version at least as new is there."""
    conn.execute(_PUT, _values(product) | {"ver": ver})


def drop_product(conn: Connection, item: str) -> None:
    """Forget a product and its stock."""
    conn.execute("DELETE FROM replica.product WHERE item=?", (item,))
    conn.execute("DELETE FROM replica.stock WHERE item=?", (item,))


def put_stock(conn: Connection, stock: Stock, *, ver: int) -> None:
    conn.execute(
        """
        INSERT INTO replica.stock (item, count, as_of_ms, ver) VALUES (?, ?, ?, ?)
        ON CONFLICT (item) DO UPDATE SET count=excluded.count, as_of_ms=excluded.as_of_ms, ver=excluded.ver
        WHERE excluded.ver > ver
        """,
        (*astuple(stock), ver),
    )


def drop_stock(conn: Connection, item: str) -> None:
    conn.execute("DELETE FROM replica.stock WHERE item=?", (item,))


def product(conn: Connection, item: str) -> Product | None:
    row = conn.execute(f"SELECT {_COLUMNS} FROM replica.product WHERE item=?", (item,)).fetchone()
    return _product(row) if row else None


def products(conn: Connection, items: Sequence[str]) -> list[Product]:
    """Those of `items` that are there, in the order given."""
    found: dict[str, Product] = {}
    for start in range(0, len(items), _MOST_AT_ONCE):
        some = items[start : start + _MOST_AT_ONCE]
        marks = ", ".join("?" * len(some))
        for row in conn.execute(f"SELECT {_COLUMNS} FROM replica.product WHERE item IN ({marks})", some):
            found[row[0]] = _product(row)
    return [found[item] for item in items if item in found]


def after(conn: Connection, item: str, *, most: int) -> list[Product]:
    """Products behind `item` in order, for going through all of them in slices."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM replica.product WHERE item>? ORDER BY item LIMIT ?", (item, most)
    )
    return [_product(row) for row in rows]


def scanned(conn: Connection, code: str) -> list[str]:
    """Items whose GTIN or item number a scanned code is, whole."""
    gtin = gtin14(code)
    rows = conn.execute(
        """
        SELECT item FROM replica.product WHERE gtin=? AND gtin!=''
        UNION SELECT item FROM replica.product WHERE item=?
        """,
        (gtin or "", item_id(code) or ""),
    )
    return [item for (item,) in rows]


def exact(conn: Connection, text: str) -> list[str]:
    """Items whose GTIN (EAN, UPC) or item number `text` is, or begins with it; the exact ones first."""
    asked = "".join(text.split())
    items: list[str] = []
    if (gtin := gtin14(asked)) is not None:
        rows = conn.execute("SELECT item FROM replica.product WHERE gtin=? ORDER BY item", (gtin,))
        items += [item for (item,) in rows]
    if number := item_id(text):
        # The sign behind "~" is above all signs of an item number, so this is every item that begins with it.
        rows = conn.execute(
            "SELECT item FROM replica.product WHERE item>=? AND item<? ORDER BY item LIMIT 8",
            (number, number + "\x7f"),
        )
        items += [item for (item,) in rows if item == number or any(map(str.isdigit, number))]
    return list(dict.fromkeys(items))


def stock(conn: Connection, item: str) -> Stock | None:
    row = conn.execute("SELECT item, count, as_of_ms FROM replica.stock WHERE item=?", (item,)).fetchone()
    return Stock(*row) if row else None


def stocks(conn: Connection, items: Sequence[str]) -> dict[str, Stock]:
    """What was counted of `items`, by item."""
    return {item: found for item in items if (found := stock(conn, item))}


def gap_told(conn: Connection, item: str) -> tuple[str, ...]:
    """The empty fields of a product that headquarters was last told of."""
    row = conn.execute("SELECT lacking FROM product_gap WHERE item=?", (item,)).fetchone()
    return tuple(row[0].split()) if row else ()


def gap_met(conn: Connection, fact: ProductGapMet) -> None:
    conn.execute(
        """
        INSERT INTO product_gap (item, lacking) VALUES (?, ?)
        ON CONFLICT DO UPDATE SET lacking=excluded.lacking
        """,
        (fact.item, " ".join(fact.lacking)),
    )


def count(conn: Connection) -> int:
    (found,) = conn.execute("SELECT count(*) FROM replica.product").fetchone()
    return int(found)


def mark(conn: Connection) -> int:
    """How often this shop's own catalogue was imported: another number when it is another."""
    row = conn.execute("SELECT seq FROM replica.feed_cursor WHERE part='import'").fetchone()
    return int(row[0]) if row else 0


def held(conn: Connection) -> dict[str, Product]:
    """The whole catalogue, for comparing an import with it."""
    return {row[0]: _product(row) for row in conn.execute(f"SELECT {_COLUMNS} FROM replica.product")}


def replace(conn: Connection, put: Iterable[Product], gone: Iterable[str]) -> None:
    """Write these products as newer than what is held, and forget others: for an appliance without a hub."""
    for each in put:
        row = conn.execute("SELECT ver FROM replica.product WHERE item=?", (each.item,)).fetchone()
        put_product(conn, each, ver=row[0] + 1 if row else 1)
    for item in gone:
        drop_product(conn, item)
    conn.execute(
        """
        INSERT INTO replica.feed_cursor (part, seq) VALUES ('import', 1)
        ON CONFLICT (part) DO UPDATE SET seq=seq+1
        """
    )


def count_here(conn: Connection, stocks: Iterable[Stock]) -> None:
    """Write these counts as newer than what is held: for an appliance without a hub."""
    for each in stocks:
        row = conn.execute("SELECT ver FROM replica.stock WHERE item=?", (each.item,)).fetchone()
        put_stock(conn, each, ver=row[0] + 1 if row else 1)


def numbers(rows: Iterable[Product]) -> dict[str, str]:
    """Item number and GTIN -> item, for reading a stock file."""
    found: dict[str, str] = {}
    for each in rows:
        if each.gtin:
            found.setdefault(each.gtin, each.item)
        found[each.item] = each.item
    return found


def _values(product: Product) -> dict[str, Any]:
    values: dict[str, Any] = {name: getattr(product, name) for name in _NAMES}
    return values | {name: "\n".join(values[name]) for name in _LISTS}


def _product(row: tuple[Any, ...]) -> Product:
    values = dict(zip(_NAMES, row, strict=False))
    lists: Iterator[tuple[str, tuple[str, ...]]] = (
        (name, tuple(values[name].split("\n")) if values[name] else ()) for name in _LISTS
    )
    marks = {name: bool(values[name]) for name in ("durable", "sensitive")}
    return Product(**values | dict(lists) | marks)
