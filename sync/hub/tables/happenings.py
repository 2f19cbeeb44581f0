"""What customers did on the web or at other tills, and one time line of everything."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from edge.kit.sql import Connection

SELF: Final = (
    "portal"  # the channel of what a customer set right themselves: theirs to see, whatever they stop
)


class Happening(NamedTuple):
    """One thing of a customer; `sealed` opens with their own key."""

    id: bytes
    customer_id: bytes
    channel: str
    kind: str
    shop_id: str | None
    at_ms: int
    sealed: bytes


class Told(NamedTuple):
    """One fact that a shop reported about a customer."""

    at_ms: int
    kind: str
    shop_id: str
    body: bytes


def put(conn: Connection, given: Happening) -> bool:
    """Keep a happening, or its newer form; False, and nothing is kept, when it is another customer's.

    One statement says both: of two customers who come with one number at the same time the second finds the first.
    """
    kept = conn.execute(
        """
        INSERT INTO happening (id, customer_id, channel, kind, shop_id, at_ms, sealed)
        VALUES (:id, :customer_id, :channel, :kind, :shop_id, :at_ms, :sealed)
        ON CONFLICT (id) DO UPDATE SET kind=excluded.kind, shop_id=excluded.shop_id, at_ms=excluded.at_ms,
            sealed=excluded.sealed
        WHERE happening.customer_id=excluded.customer_id
        RETURNING 1
        """,
        given._asdict(),
    ).fetchone()
    return kept is not None


def happening(conn: Connection, id_: bytes) -> Happening | None:
    """As it was told last, whoever's it is."""
    row = conn.execute(
        "SELECT id, customer_id, channel, kind, shop_id, at_ms, sealed FROM happening WHERE id=:id",
        {"id": id_},
    ).fetchone()
    return _happening(row) if row else None


def happened(conn: Connection, customer_id: bytes, *, upto_ms: int, most: int) -> list[Happening]:
    """The newest up to an instant, newest first, in an order that never changes."""
    rows = conn.execute(
        """
        SELECT id, customer_id, channel, kind, shop_id, at_ms, sealed FROM happening
        WHERE customer_id=:customer_id AND at_ms<=:upto_ms ORDER BY at_ms DESC, id LIMIT :most
        """,
        {"customer_id": customer_id, "upto_ms": upto_ms, "most": most},
    )
    return [_happening(row) for row in rows]


def told(conn: Connection, customer_id: bytes, *, upto_ms: int, most: int) -> list[Told]:
    """As `happened`, of what the shops reported."""
    rows = conn.execute(
        """
        SELECT e.at_ms, e.kind, d.shop_id, e.body FROM event AS e JOIN device AS d ON d.id=e.device_id
        WHERE e.customer_id=:customer_id AND e.customer_id IS NOT NULL AND e.code IS NULL
            AND e.at_ms<=:upto_ms
        ORDER BY e.at_ms DESC, e.device_id, e.epoch, e.seq LIMIT :most
        """,
        {"customer_id": customer_id, "upto_ms": upto_ms, "most": most},
    )
    return [Told(at_ms, kind, shop_id, bytes(body)) for at_ms, kind, shop_id, body in rows]


def _happening(row: Sequence[Any]) -> Happening:
    id_, whose, channel, kind, shop_id, at_ms, sealed = row
    return Happening(bytes(id_), bytes(whose), channel, kind, shop_id, at_ms, bytes(sealed))
