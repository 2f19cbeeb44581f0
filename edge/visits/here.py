"""Who is here: open visits of customers who may be recognised, as tablets and advice read them."""

from operator import attrgetter
from sqlite3 import Connection
from typing import Final, NamedTuple

from edge.visits.tables import BASIS, COUNT_SOME


class Arrival(NamedTuple):
    """An open visit of somebody who may be recognised, until `until_ms` at most.

    A tuple, because a tap reads eight of them, and as frozen dataclasses they took it some 20 us more.
    """

    visit_id: bytes
    customer_id: bytes
    reader: str
    how: str
    evidence: str
    started_ms: int
    seen_ms: int
    until_ms: int
    helper: bytes | None = None
    helper_name: str = ""
    alone: bool = False
    tipped: bool = False

    def __repr__(self) -> str:
        return f"Arrival(visit_id={self.visit_id!r})"  # a row's customer is named in no traceback


# The basis is a column of the inner query, so that it is worked out once a visit. The spare row makes up for
# a visit whose basis just ended and which the clockwork has not closed yet.
_SPARE: Final = 1
_OPEN: Final = f"""
    SELECT v.id, v.customer_id, v.reader, v.how, v.evidence, v.started_ms, v.seen_ms, {BASIS} AS basis_ms,
        v.helper, coalesce((SELECT s.name FROM staff AS s WHERE s.id=v.helper), ''), v.alone_ms IS NOT NULL,
        v.tipped_ms IS NOT NULL
    FROM visit AS v WHERE v.ended_ms IS NULL"""
_ARRIVALS: Final = f"""
    SELECT * FROM ({_OPEN} ORDER BY v.seen_ms DESC LIMIT :most+{_SPARE}) WHERE basis_ms IS NOT NULL"""
_ONE: Final = f"SELECT * FROM ({_OPEN} AND v.id=:visit_id LIMIT 1) WHERE basis_ms IS NOT NULL"

_HELPED: Final = f"SELECT * FROM ({_OPEN} AND v.helper=:staff_id) WHERE basis_ms IS NOT NULL"


_SEEN_MS: Final = attrgetter("seen_ms")


def arrivals(conn: Connection, *, recipient: str, now_ms: int, most: int) -> list[Arrival]:
    """Who is here and may be recognised, last seen first."""
    rows = conn.execute(_ARRIVALS, {"recipient": recipient, "now_ms": now_ms, "most": most})
    here = [Arrival._make(row) for row in rows]
    here.sort(key=_SEEN_MS, reverse=True)
    return here[:most]


_WHO: Final = f"SELECT *, ({COUNT_SOME.replace('?', ':counted')}) FROM ({_ARRIVALS})"


def who_is_here(
    conn: Connection, *, recipient: str, now_ms: int, most: int, counted: int
) -> tuple[list[Arrival], int]:
    """As `arrivals`, and how many visits are open, counted no further than `counted`; 0 where nobody is listed."""
    asked = {"recipient": recipient, "now_ms": now_ms, "most": most, "counted": counted}
    rows = conn.execute(_WHO, asked).fetchall()
    here = [Arrival._make(row[:-1]) for row in rows]
    here.sort(key=_SEEN_MS, reverse=True)
    return here[:most], rows[0][-1] if rows else 0


def arrival(conn: Connection, visit_id: bytes, *, recipient: str, now_ms: int) -> Arrival | None:
    """One open visit, None when it ended or may not be shown."""
    row = conn.execute(_ONE, {"recipient": recipient, "now_ms": now_ms, "visit_id": visit_id}).fetchone()
    return Arrival._make(row) if row else None


def helped_by(conn: Connection, staff_id: bytes, *, recipient: str, now_ms: int) -> list[Arrival]:
    """The open visits in which this colleague helps now."""
    rows = conn.execute(_HELPED, {"recipient": recipient, "now_ms": now_ms, "staff_id": staff_id})
    return [Arrival._make(row) for row in rows]
