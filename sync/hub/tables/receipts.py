"""The newest receipt of each device, as it was signed."""

from msgspec.structs import asdict

from edge.kit.sql import Connection
from sync.hub.tables import feed
from sync.receipt import Receipt


def newest(conn: Connection, part: str) -> int:
    return feed.last(conn, part)


def put(conn: Connection, receipt: Receipt, *, now_ms: int) -> None:
    conn.execute(
        """
        INSERT INTO receipt (device_id, part, cursor, epoch, sig, at_ms)
        VALUES (:device, :part, :cursor, :epoch, :sig, :now_ms)
        ON CONFLICT (device_id) DO UPDATE SET part=excluded.part, cursor=excluded.cursor, epoch=excluded.epoch,
            sig=excluded.sig, at_ms=excluded.at_ms
        WHERE excluded.epoch>receipt.epoch OR excluded.cursor>receipt.cursor
        """,
        asdict(receipt) | {"now_ms": now_ms},
    )


def still_open(conn: Connection) -> list[tuple[str, str, int, int, int]]:
    """(device, shop, erasures, stops, cursor shown) of devices that have something to show."""
    return conn.execute(
        f"""
        SELECT d.id, d.shop_id, sum(CASE WHEN f.op='put' THEN 0 ELSE 1 END),
            sum(CASE WHEN f.op='put' THEN 1 ELSE 0 END), max(coalesce(r.cursor, 0))
        FROM device AS d LEFT JOIN receipt AS r ON r.device_id=d.id
        JOIN feed AS f ON f.part='shop:' || d.shop_id || ':urgent' AND f.seq>coalesce(r.cursor, 0)
            AND (f.op<>'put' OR f.t NOT IN ('key', '{feed.OVERTAKEN}'))
        WHERE d.retired_ms IS NULL GROUP BY d.id, d.shop_id ORDER BY d.id
        """,
        {},
    ).fetchall()
