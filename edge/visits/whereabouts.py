"""Who is in the shop, and of whom it may be said in which zone: each basis stands in the query. Pure reading."""

from sqlite3 import Connection
from typing import Final, NamedTuple

from edge.consent.tables import FOREVER_MS, basis_until


class Present(NamedTuple):
    """An open visit of somebody who may be recognised; `located` where they may be located too.

    Both hold until `until_ms` at most.
    """

    visit_id: bytes
    customer_id: bytes
    started_ms: int
    until_ms: int
    located: bool

    def __repr__(self) -> str:
        return f"Present(visit_id={self.visit_id!r})"  # a row's customer is named in no traceback


_PRESENT: Final = f"""
    SELECT id, customer_id, started_ms, min(known_ms, coalesce(located_ms, {FOREVER_MS})), located_ms IS NOT NULL
    FROM (SELECT v.id, v.customer_id, v.started_ms,
            {basis_until("v.customer_id", "'recognition'")} AS known_ms,
            {basis_until("v.customer_id", "'location'")} AS located_ms
        FROM visit AS v WHERE v.ended_ms IS NULL ORDER BY v.started_ms DESC LIMIT :most)
    WHERE known_ms IS NOT NULL"""


def present(conn: Connection, *, recipient: str, now_ms: int, most: int) -> list[Present]:
    """The visits that are open, newest first."""
    rows = conn.execute(_PRESENT, {"recipient": recipient, "now_ms": now_ms, "most": most})
    return [Present._make((*row[:4], bool(row[4]))) for row in rows]


_MAY_BE_LOCATED: Final = f"""
    SELECT {basis_until("v.customer_id", "'recognition'")} IS NOT NULL
        AND {basis_until("v.customer_id", "'location'")} IS NOT NULL
    FROM visit AS v WHERE v.id=:visit_id AND v.ended_ms IS NULL"""


def may_be_located(conn: Connection, visit_id: bytes, *, recipient: str, now_ms: int) -> bool:
    """Whether it may be said in which zone the customer of an open visit is."""
    row = conn.execute(
        _MAY_BE_LOCATED, {"recipient": recipient, "now_ms": now_ms, "visit_id": visit_id}
    ).fetchone()
    return bool(row and row[0])
