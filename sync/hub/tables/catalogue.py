"""Products and counts at the centre, as the bodies that go out to the shops."""

from collections.abc import Iterable, Iterator
from sqlite3 import Connection


def shop_ids(conn: Connection) -> list[str]:
    return [shop_id for (shop_id,) in conn.execute("SELECT id FROM shop ORDER BY id")]


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


def put_stock(conn: Connection, shop_id: str, item: str, *, ver: int, d: bytes) -> None:
    conn.execute(
        """
        INSERT INTO stock (shop_id, item, ver, d) VALUES (:shop_id, :item, :ver, :d)
        ON CONFLICT (shop_id, item) DO UPDATE SET ver=excluded.ver, d=excluded.d
        """,
        {"shop_id": shop_id, "item": item, "ver": ver, "d": d},
    )


def drop_stocks(conn: Connection, items: Iterable[str]) -> None:
    """Forget the counts of products that are gone; their versions stay."""
    conn.executemany("UPDATE stock SET d=NULL WHERE item=:item", [{"item": item} for item in items])
