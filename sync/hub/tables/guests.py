"""Who is resident in which shop, why and since when: for one customer and one shop."""

from dataclasses import dataclass

from edge.kit.sql import Connection


@dataclass(frozen=True, slots=True)
class Stay:
    reason: str
    since_ms: int


def stay(conn: Connection, customer_id: bytes, shop_id: str) -> Stay | None:
    row = conn.execute(
        "SELECT reason, since_ms FROM residency WHERE customer_id=:customer_id AND shop_id=:shop_id",
        {"customer_id": customer_id, "shop_id": shop_id},
    ).fetchone()
    return Stay(*row) if row else None


def put_stay(conn: Connection, customer_id: bytes, shop_id: str, *, reason: str, since_ms: int) -> None:
    conn.execute(
        """
        INSERT INTO residency (customer_id, shop_id, reason, since_ms)
        VALUES (:customer_id, :shop_id, :reason, :since_ms)
        ON CONFLICT (customer_id, shop_id) DO UPDATE SET reason=excluded.reason, since_ms=excluded.since_ms
        """,
        {"customer_id": customer_id, "shop_id": shop_id, "reason": reason, "since_ms": since_ms},
    )


def drop_stay(conn: Connection, customer_id: bytes, shop_id: str) -> None:
    conn.execute(
        "DELETE FROM residency WHERE customer_id=:customer_id AND shop_id=:shop_id",
        {"customer_id": customer_id, "shop_id": shop_id},
    )
