"""The view log: who looked at a customer's data, in which role, for what and why; kept for two years."""

from sqlite3 import Connection
from typing import Final, NamedTuple

from edge.kit.ids import first_id
from edge.visits.facts import CardShown

# Two years: somebody who asks who looked at them gets an answer about more than the last visit.
VIEWS_MS: Final = 2 * 365 * 24 * 3_600_000


def shown(conn: Connection, fact: CardShown, *, n: int) -> None:
    """`n`: the line of the chain of looks."""
    conn.execute(
        """
        INSERT INTO view_log (visit_id, role, reason, customer_id, purpose, at_ms, staff, n)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
        """,
        (
            fact.visit_id,
            fact.role,
            fact.reason,
            fact.customer_id,
            fact.purpose,
            fact.at_ms,
            fact.staff_id.hex(),
            n,
        ),
    )


def was_shown(
    conn: Connection,
    visit_id: bytes,
    role: str,
    *,
    purpose: str = "recognition",
    reason: str = "",
    staff_id: bytes = b"",
) -> bool:
    """Whether there is a line for it already: of this colleague, or without one of the role."""
    found = conn.execute(
        "SELECT 1 FROM view_log WHERE visit_id=? AND role=? AND purpose=? AND reason=? AND staff=?",
        (visit_id, role, purpose, reason, staff_id.hex()),
    )
    return found.fetchone() is not None


class Look(NamedTuple):
    """One look at a customer's data: when, in which role, and the reason that was given; empty for a glance."""

    at_ms: int
    role: str
    reason: str


def looks_at(conn: Connection, customer_id: bytes, *, most: int) -> list[Look]:
    """Who looked at this customer here, the newest first: one line a visit, role and reason."""
    rows = conn.execute(
        """
        SELECT max(at_ms), role, reason FROM view_log WHERE customer_id=?
        GROUP BY visit_id, role, reason ORDER BY 1 DESC LIMIT ?
        """,
        (customer_id, most),
    )
    return [Look._make(row) for row in rows]


def prune_views(conn: Connection, *, now_ms: int, most: int = 2_000) -> int:
    """Drop lines of the view log older than two years, in slices; how many went."""
    before_ms = now_ms - VIEWS_MS
    done = conn.execute(
        """
        DELETE FROM view_log WHERE (visit_id, role, purpose, reason, staff) IN (
            SELECT visit_id, role, purpose, reason, staff FROM view_log WHERE visit_id<:before AND at_ms<:before_ms
            ORDER BY visit_id LIMIT :most)
        """,
        {"before": first_id(before_ms), "before_ms": before_ms, "most": most},
    )
    return done.rowcount
