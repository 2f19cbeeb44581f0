"""Products and counts at the centre, as the bodies that go out to the shops."""

from collections.abc import Iterable, Iterator, Sequence

from edge.kit.sql import Connection, spread


def shop_ids(conn: Connection) -> list[str]:
    return [shop_id for (shop_id,) in conn.execute("SELECT id FROM shop ORDER BY id")]


def is_shop(conn: Connection, shop_id: str) -> bool:
    return conn.execute("SELECT 1 FROM shop WHERE id=:id", {"id": shop_id}).fetchone() is not None


def hold(conn: Connection) -> None:
    """Take catalogue and staff until COMMIT: nobody else changes them, and no shop is added, meanwhile."""
    conn.execute("SELECT epoch FROM hub WHERE id=1 /*! FOR UPDATE */").fetchone()


def product(conn: Connection, item: str) -> tuple[int, bytes | None] | None:
    """Version and body of a product; a body of None: it is gone."""
    found: tuple[int, bytes | None] | None = conn.execute(
        "SELECT ver, d FROM product WHERE item=:item", {"item": item}
    ).fetchone()
    return found


def put_product(conn: Connection, item: str, *, ver: int, d: bytes | None) -> None:
    conn.execute(
        """
        INSERT INTO product (item, ver, d) VALUES (:item, :ver, :d)
        ON CONFLICT (item) DO UPDATE SET ver=excluded.ver, d=excluded.d
        """,
        {"item": item, "ver": ver, "d": d},
    )


def products(conn: Connection) -> Iterator[tuple[str, int, bytes]]:
    """Every product that is there: item, version, body."""
    return conn.execute("SELECT item, ver, d FROM product WHERE d IS NOT NULL ORDER BY item")


def stock(conn: Connection, shop_id: str, item: str) -> tuple[int, bytes | None] | None:
    found: tuple[int, bytes | None] | None = conn.execute(
        "SELECT ver, d FROM stock WHERE shop_id=:shop_id AND item=:item", {"shop_id": shop_id, "item": item}
    ).fetchone()
    return found


def on_shelf(conn: Connection, shop_id: str, items: Sequence[str]) -> list[tuple[str, bytes, bytes | None]]:
    """Those of `items` that are there: item, body, and what this shop counted, None where nobody did."""
    named = {f"i{at}": item for at, item in enumerate(items)}
    if not named:
        return []
    rows = conn.execute(
        f"""
        SELECT p.item, p.d, s.d FROM product AS p LEFT JOIN stock AS s ON s.item=p.item AND s.shop_id=:shop_id
        WHERE p.d IS NOT NULL AND p.item IN ({", ".join(f":{name}" for name in named)})
        """,
        {"shop_id": shop_id} | named,
    )
    return [(item, bytes(d), bytes(counted) if counted is not None else None) for item, d, counted in rows]


def counted(conn: Connection, items: Iterable[str]) -> set[str]:
    """Those of `items` of which any shop has a count."""
    those, given = spread("item", items)
    rows = conn.execute(f"SELECT DISTINCT item FROM stock WHERE d IS NOT NULL AND item IN {those}", given)
    return {item for (item,) in rows}


def put_stock(conn: Connection, shop_id: str, item: str, *, ver: int, d: bytes | None) -> None:
    conn.execute(
        """
        INSERT INTO stock (shop_id, item, ver, d) VALUES (:shop_id, :item, :ver, :d)
        ON CONFLICT (shop_id, item) DO UPDATE SET ver=excluded.ver, d=excluded.d
        """,
        {"shop_id": shop_id, "item": item, "ver": ver, "d": d},
    )


def drop_stocks(conn: Connection, item: str) -> list[tuple[str, int]]:
    """Forget the counts of a product that is gone: (shop, new version) of each there was."""
    held = "FROM stock WHERE item=:item AND d IS NOT NULL"
    gone = conn.execute(f"SELECT shop_id, ver + 1 {held} ORDER BY shop_id", {"item": item}).fetchall()
    conn.execute("UPDATE stock SET d=NULL, ver=ver+1 WHERE item=:item AND d IS NOT NULL", {"item": item})
    return gone


def put_gap(conn: Connection, item: str, shop_id: str, lacking: Sequence[str], *, at_ms: int) -> None:
    """A shop met these empty fields of a product."""
    conn.execute(
        """
        INSERT INTO product_gap (item, shop_id, lacking, at_ms) VALUES (:item, :shop_id, :lacking, :at_ms)
        ON CONFLICT (item, shop_id) DO UPDATE SET lacking=excluded.lacking, at_ms=excluded.at_ms
        """,
        {"item": item, "shop_id": shop_id, "lacking": " ".join(lacking), "at_ms": at_ms},
    )


def gaps(conn: Connection) -> list[tuple[str, bytes]]:
    """Products whose gaps shops met, those that most shops met first: item and body as it is now."""
    return conn.execute(
        """
        SELECT g.item, p.d FROM product_gap AS g JOIN product AS p ON p.item=g.item
        WHERE p.d IS NOT NULL GROUP BY g.item, p.d ORDER BY count(*) DESC, max(g.at_ms) DESC, g.item LIMIT 200
        """
    ).fetchall()


def items(conn: Connection, *, after: str, most: int) -> list[str]:
    """Item numbers that are there, after one, in their order."""
    rows = conn.execute(
        "SELECT item FROM product WHERE d IS NOT NULL AND item>:after ORDER BY item LIMIT :most",
        {"after": after, "most": most},
    )
    return [item for (item,) in rows]
