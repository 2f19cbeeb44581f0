"""Every statement about members of another shop who are here, and what their cards earned without a line."""

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

from edge.guests.facts import GuestSaved


@dataclass(frozen=True, slots=True)
class Stay:
    customer_id: bytes
    since_ms: int


_PUT: Final = """
    INSERT INTO replica.guest (customer_id, since_ms, stay) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET since_ms=excluded.since_ms, stay=excluded.stay WHERE excluded.since_ms>=since_ms"""


def put(conn: Connection, customer_id: bytes, *, since_ms: int, stay: str = "") -> None:
    conn.execute(_PUT, (customer_id, since_ms, stay))


def drop(conn: Connection, customer_id: bytes) -> None:
    conn.execute("DELETE FROM replica.guest WHERE customer_id=?", (customer_id,))


def is_of(conn: Connection, stay: Stay) -> bool:
    """Whether this is still the stay that the replica holds: another may have begun."""
    found = conn.execute(
        "SELECT 1 FROM replica.guest WHERE customer_id=? AND since_ms=?", (stay.customer_id, stay.since_ms)
    ).fetchone()
    return found is not None


def over(conn: Connection, *, before_ms: int, most: int) -> list[Stay]:
    """Stays that began before `before_ms` and have no visit any more."""
    rows = conn.execute(
        """
        SELECT g.customer_id, g.since_ms FROM replica.guest AS g WHERE g.since_ms<=:before_ms AND NOT EXISTS (
            SELECT 1 FROM main.visit AS v WHERE v.customer_id=g.customer_id AND v.ended_ms IS NULL)
        ORDER BY g.customer_id LIMIT :most
        """,
        {"before_ms": before_ms, "most": most},
    )
    return [Stay(*row) for row in rows]


def saved(conn: Connection, fact: GuestSaved) -> None:
    conn.execute(
        "INSERT INTO main.guest_line (line_id, instrument, delta, at_ms) VALUES (?, ?, ?, ?)",
        (fact.line_id, fact.instrument, fact.delta, fact.at_ms),
    )


@dataclass(frozen=True, slots=True)
class Written:
    instrument: str
    delta: int


def written(conn: Connection, line_id: bytes) -> Written | None:
    """What a form wrote, None when it was not written."""
    row = conn.execute("SELECT instrument, delta FROM main.guest_line WHERE line_id=?", (line_id,)).fetchone()
    return Written(*row) if row else None


# A page that is opened again after this says nothing of it; no balance hangs on these rows.
KEEP_MS: Final = 24 * 3_600_000


def prune(conn: Connection, *, now_ms: int) -> None:
    conn.execute("DELETE FROM main.guest_line WHERE at_ms<?", (now_ms - KEEP_MS,))
