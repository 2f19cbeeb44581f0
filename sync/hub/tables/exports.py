"""What goes out in an export, a page at a time by its key; who it is about only where a purpose was named."""

from typing import Any, Final

from edge.kit.sql import Connection

PAGE: Final = 5_000
# Whose agreement it rests on: a row without a basis for the purpose goes out without its customer.
_WHO: Final = """
    CASE WHEN EXISTS (SELECT 1 FROM consent AS c WHERE c.customer_id={0}.customer_id AND c.purpose=:purpose
        AND c.state='given' AND (c.until_ms IS NULL OR c.until_ms>:now_ms)) THEN {0}.customer_id END"""


def facts(conn: Connection, *, after: tuple[str, int, int], purpose: str, now_ms: int) -> list[Any]:
    """(device, shop, epoch, seq, at_ms, kind, code, customer) after (device, epoch, seq)."""
    return conn.execute(
        f"""
        SELECT e.device_id, d.shop_id, e.epoch, e.seq, e.at_ms, e.kind, e.code, {_WHO.format("e")}
        FROM event AS e JOIN device AS d ON d.id=e.device_id
        WHERE (e.device_id, e.epoch, e.seq)>(:device_id, :epoch, :seq)
        ORDER BY e.device_id, e.epoch, e.seq LIMIT {PAGE}
        """,
        _after(after) | {"purpose": purpose, "now_ms": now_ms},
    ).fetchall()


def ledger(conn: Connection, *, after: tuple[str, int, int], purpose: str, now_ms: int) -> list[Any]:
    """(device, shop, epoch, seq, at_ms, instrument, delta, short, why, customer) after (device, epoch, seq)."""
    return conn.execute(
        f"""
        SELECT l.device_id, d.shop_id, l.epoch, l.seq, l.at_ms, l.instrument, l.delta, l.short, l.why,
            {_WHO.format("l")}
        FROM ledger AS l LEFT JOIN device AS d ON d.id=l.device_id
        WHERE (l.device_id, l.epoch, l.seq)>(:device_id, :epoch, :seq)
        ORDER BY l.device_id, l.epoch, l.seq LIMIT {PAGE}
        """,
        _after(after) | {"purpose": purpose, "now_ms": now_ms},
    ).fetchall()


def products(conn: Connection, *, after: str) -> list[Any]:
    """(item, body) after an item."""
    return conn.execute(
        f"SELECT item, d FROM product WHERE d IS NOT NULL AND item>:after ORDER BY item LIMIT {PAGE}",
        {"after": after},
    ).fetchall()


def stocks(conn: Connection, *, after: tuple[str, str]) -> list[Any]:
    """(shop, item, body) after (shop, item)."""
    return conn.execute(
        f"""
        SELECT shop_id, item, d FROM stock
        WHERE d IS NOT NULL AND (shop_id, item)>(:shop_id, :item) ORDER BY shop_id, item LIMIT {PAGE}
        """,
        {"shop_id": after[0], "item": after[1]},
    ).fetchall()


_SUGGESTIONS: Final = """
    SELECT e.customer_id, d.shop_id, e.at_ms, e.kind, e.body
    FROM event AS e JOIN device AS d ON d.id=e.device_id
    WHERE e.customer_id>:after AND e.customer_id<=:last AND e.customer_id IS NOT NULL AND e.code IS NULL
        AND e.kind IN ('suggestion_said', 'suggestion_dismissed') AND e.at_ms>=:since_ms AND e.at_ms<=:now_ms
        AND EXISTS (SELECT 1 FROM consent AS c WHERE c.customer_id=e.customer_id AND c.purpose='profiling'
            AND c.state='given' AND c.from_ms<=e.at_ms AND (c.until_ms IS NULL OR c.until_ms>:now_ms))
        AND EXISTS (SELECT 1 FROM consent AS c WHERE c.customer_id=e.customer_id AND c.purpose='contact'
            AND c.state='given' AND (c.until_ms IS NULL OR c.until_ms>:now_ms))
    ORDER BY e.customer_id, e.at_ms, e.device_id, e.epoch, e.seq"""


def suggestions(conn: Connection, *, after: bytes, last: bytes, since_ms: int, now_ms: int) -> list[Any]:
    """(customer, shop, at_ms, kind, body) of the customers after one up to another, each one's oldest first.

    Of whoever had agreed to advice by then, and still does, and agrees to be written to now.
    """
    asked = {"after": after, "last": last, "since_ms": since_ms, "now_ms": now_ms}
    return conn.execute(_SUGGESTIONS, asked).fetchall()


def _after(after: tuple[str, int, int]) -> dict[str, Any]:
    return {"device_id": after[0], "epoch": after[1], "seq": after[2]}
