"""Every statement about visits and about who looked at them."""

from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

from edge.consent.tables import FOREVER_MS, basis_until
from edge.visits.facts import CardShown, Greeted, SeenAgain, VisitEnded, VisitStarted
from edge.visits.rules import OpenVisit


def started(conn: Connection, fact: VisitStarted) -> None:
    conn.execute(
        """
        INSERT INTO visit (id, customer_id, reader, how, evidence, started_ms, seen_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
        (fact.visit_id, fact.customer_id, fact.reader, fact.how, fact.evidence, fact.at_ms, fact.at_ms),
    )


def greeted(conn: Connection, fact: Greeted) -> None:
    conn.execute(
        "UPDATE visit SET greeted_ms=? WHERE id=? AND greeted_ms IS NULL", (fact.at_ms, fact.visit_id)
    )


def seen_again(conn: Connection, fact: SeenAgain) -> None:
    conn.execute(
        "UPDATE visit SET seen_ms=max(seen_ms, ?), reader=?, how=? WHERE id=?",
        (fact.at_ms, fact.reader, fact.how, fact.visit_id),
    )


def shown(conn: Connection, fact: CardShown) -> None:
    conn.execute(
        """
        INSERT INTO view_log (visit_id, role, customer_id, purpose, at_ms) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        (fact.visit_id, fact.role, fact.customer_id, fact.purpose, fact.at_ms),
    )


def ended(conn: Connection, fact: VisitEnded) -> None:
    conn.execute("UPDATE visit SET ended_ms=? WHERE id=? AND ended_ms IS NULL", (fact.at_ms, fact.visit_id))


def forget(conn: Connection, customer_id: bytes) -> None:
    """Take a customer's visits, and who looked at them, out of the journal."""
    conn.execute("DELETE FROM visit WHERE customer_id=?", (customer_id,))
    conn.execute("DELETE FROM view_log WHERE customer_id=?", (customer_id,))


def open_visit(conn: Connection, customer_id: bytes) -> OpenVisit | None:
    row = conn.execute(
        "SELECT id, seen_ms FROM visit WHERE customer_id=? AND ended_ms IS NULL", (customer_id,)
    ).fetchone()
    return OpenVisit(*row) if row else None


def was_shown(conn: Connection, visit_id: bytes, role: str, *, purpose: str = "recognition") -> bool:
    row = conn.execute(
        "SELECT 1 FROM view_log WHERE visit_id=? AND role=? AND purpose=?", (visit_id, role, purpose)
    ).fetchone()
    return row is not None


def quiet_since(conn: Connection, before_ms: int, *, most: int) -> list[bytes]:
    """Open visits whose customer was last seen at or before `before_ms`."""
    rows = conn.execute(
        "SELECT id FROM visit WHERE ended_ms IS NULL AND seen_ms<=? ORDER BY seen_ms LIMIT ?",
        (before_ms, most),
    )
    return [visit_id for (visit_id,) in rows]


_BASIS: Final = basis_until("v.customer_id", "'recognition'")
_WITHOUT_BASIS: Final = f"SELECT id FROM visit AS v WHERE ended_ms IS NULL AND {_BASIS} IS NULL"
_NEXT_EXPIRY: Final = f"SELECT min({_BASIS}) FROM visit AS v WHERE ended_ms IS NULL"


def without_basis(conn: Connection, *, recipient: str, now_ms: int) -> list[bytes]:
    """Open visits of customers who may not be recognised (any more)."""
    return [row[0] for row in conn.execute(_WITHOUT_BASIS, {"recipient": recipient, "now_ms": now_ms})]


def next_expiry_ms(conn: Connection, *, recipient: str, now_ms: int) -> int:
    """When the first basis of an open visit ends; FOREVER_MS when none does."""
    (until_ms,) = conn.execute(_NEXT_EXPIRY, {"recipient": recipient, "now_ms": now_ms}).fetchone()
    return FOREVER_MS if until_ms is None else int(until_ms)


@dataclass(frozen=True, slots=True)
class Arrival:
    """An open visit of somebody who may be recognised, until `until_ms` at most."""

    visit_id: bytes
    customer_id: bytes = field(repr=False)
    reader: str
    how: str
    evidence: str
    started_ms: int
    seen_ms: int
    until_ms: int


# The basis is a column of the inner query, so that it is worked out once a visit. The spare row makes up for
# a visit whose basis just ended and which the clockwork has not closed yet.
_SPARE: Final = 1
_OPEN: Final = f"""
    SELECT v.id, v.customer_id, v.reader, v.how, v.evidence, v.started_ms, v.seen_ms, {_BASIS} AS basis_ms
    FROM visit AS v WHERE v.ended_ms IS NULL"""
_ARRIVALS: Final = f"""
    SELECT * FROM ({_OPEN} ORDER BY v.seen_ms DESC LIMIT :most+{_SPARE}) WHERE basis_ms IS NOT NULL"""
_ONE: Final = f"SELECT * FROM ({_OPEN} AND v.id=:visit_id LIMIT 1) WHERE basis_ms IS NOT NULL"
_COUNT: Final = "SELECT count(*) FROM visit WHERE ended_ms IS NULL"
_COUNT_SOME: Final = "SELECT count(*) FROM (SELECT 1 FROM visit WHERE ended_ms IS NULL LIMIT ?)"


def arrivals(conn: Connection, *, recipient: str, now_ms: int, most: int) -> list[Arrival]:
    """Who is here and may be recognised, last seen first."""
    rows = conn.execute(_ARRIVALS, {"recipient": recipient, "now_ms": now_ms, "most": most})
    here = [Arrival(*row) for row in rows]
    here.sort(key=lambda each: each.seen_ms, reverse=True)
    return here[:most]


_WHO: Final = f"SELECT *, ({_COUNT_SOME.replace('?', ':counted')}) FROM ({_ARRIVALS})"


def who_is_here(
    conn: Connection, *, recipient: str, now_ms: int, most: int, counted: int
) -> tuple[list[Arrival], int]:
    """As `arrivals`, and how many visits are open, counted no further than `counted`; 0 where nobody is listed."""
    asked = {"recipient": recipient, "now_ms": now_ms, "most": most, "counted": counted}
    rows = conn.execute(_WHO, asked).fetchall()
    here = [Arrival(*row[:-1]) for row in rows]
    here.sort(key=_seen_ms, reverse=True)
    return here[:most], rows[0][-1] if rows else 0


def _seen_ms(each: Arrival) -> int:
    return each.seen_ms


def arrival(conn: Connection, visit_id: bytes, *, recipient: str, now_ms: int) -> Arrival | None:
    """One open visit, None when it ended or may not be shown."""
    row = conn.execute(_ONE, {"recipient": recipient, "now_ms": now_ms, "visit_id": visit_id}).fetchone()
    return Arrival(*row) if row else None


def count_open(conn: Connection) -> int:
    """How many visits are open."""
    (count,) = conn.execute(_COUNT).fetchone()
    return int(count)


def count_some(conn: Connection, most: int) -> int:
    """How many visits are open, counted no further than `most`: what a page has time for."""
    (count,) = conn.execute(_COUNT_SOME, (most,)).fetchone()
    return int(count)
