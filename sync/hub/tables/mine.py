"""Everything the hub holds of one customer, by an id that their own session, or their own wish, gave."""

from typing import NamedTuple

from edge.kit.sql import Connection
from sync.hub.tables.portal import Sealed, View


class Moved(NamedTuple):
    """One line of a ledger; `shop_id` empty: headquarters wrote it."""

    instrument: str
    delta: int
    why: str
    at_ms: int
    shop_id: str


def traits(conn: Connection, customer_id: bytes, *, now_ms: int) -> list[Sealed]:
    """All traits, as far as their retention goes."""
    rows = conn.execute(
        """
        SELECT t.customer_id, t.name, t.sealed, t.ver, t.as_of_ms, k.wrapped
        FROM trait AS t JOIN customer_key AS k ON k.customer_id=t.customer_id
        WHERE t.customer_id=:customer_id AND (t.until_ms IS NULL OR t.until_ms>:now_ms) ORDER BY t.name
        """,
        {"customer_id": customer_id, "now_ms": now_ms},
    )
    return [Sealed(*row) for row in rows]


def looks(conn: Connection, customer_id: bytes, *, since_ms: int) -> list[View]:
    """Every look at their card since an instant, newest first."""
    rows = conn.execute(
        """
        SELECT e.at_ms, e.body, d.shop_id, e.kind FROM event AS e JOIN device AS d ON d.id=e.device_id
        WHERE e.customer_id=:customer_id AND e.customer_id IS NOT NULL AND e.code IS NULL
            AND e.kind='card_shown' AND e.at_ms>=:since_ms
        ORDER BY e.at_ms DESC, e.received_ms DESC, e.seq DESC
        """,
        {"customer_id": customer_id, "since_ms": since_ms},
    )
    return [View(at_ms, bytes(body), shop_id, kind) for at_ms, body, shop_id, kind in rows]


def moved(conn: Connection, customer_id: bytes) -> list[Moved]:
    """Every line that moved a balance of theirs, newest first."""
    rows = conn.execute(
        """
        SELECT l.instrument, l.delta, l.why, l.at_ms, coalesce(d.shop_id, '')
        FROM ledger AS l LEFT JOIN device AS d ON d.id=l.device_id
        WHERE l.customer_id=:customer_id ORDER BY l.at_ms DESC, l.device_id, l.epoch, l.seq
        """,
        {"customer_id": customer_id},
    )
    return [Moved(*row) for row in rows]
