"""How far the first lines are written of who came before there were any, and what their ledgers say."""

from collections.abc import Iterable
from typing import NamedTuple

from edge.kit.sql import Connection, spread


class Sum(NamedTuple):
    """What the lines of one customer and instrument say together."""

    total: int
    first_ms: int
    has_first: bool  # a line of the book of first lines is among them


def done_to(conn: Connection) -> bytes | None:
    """The customer up to whom it is done, empty for nobody yet; None: it is done."""
    (opened,) = conn.execute("SELECT opened FROM hub WHERE id=1").fetchone()
    return None if opened is None else bytes.fromhex(opened)


def set_done(conn: Connection, customer_id: bytes | None) -> None:
    opened = None if customer_id is None else customer_id.hex()
    conn.execute("UPDATE hub SET opened=:opened WHERE id=1", {"opened": opened})


def next_customers(conn: Connection, after: bytes, *, most: int) -> list[bytes]:
    rows = conn.execute(
        "SELECT id FROM customer WHERE id>:after ORDER BY id LIMIT :most", {"after": after, "most": most}
    )
    return [bytes(id_) for (id_,) in rows]


def sums(conn: Connection, customer_ids: Iterable[bytes], *, book: str) -> dict[tuple[bytes, str], Sum]:
    those, given = spread("id", customer_ids)
    rows = conn.execute(
        f"""
        SELECT customer_id, instrument, sum(delta + short), min(at_ms),
            max(CASE WHEN device_id=:book THEN 1 ELSE 0 END)
        FROM ledger WHERE customer_id IN {those} GROUP BY customer_id, instrument
        """,
        {**given, "book": book},
    )
    return {(bytes(whose), name): Sum(total, at_ms, bool(first)) for whose, name, total, at_ms, first in rows}
