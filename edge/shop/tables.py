"""Every statement about the shop's switches, its figures of a day, and what staff say of Welkom."""

from dataclasses import dataclass
from sqlite3 import Connection
from typing import Final

# A year: whoever makes Welkom has read it by then, and free text may name somebody after all.
FEEDBACK_MS: Final = 365 * 24 * 3_600_000


def busy(conn: Connection) -> bool:
    """Whether the shop is too busy for advice: only the card and redeeming are left."""
    row = conn.execute("SELECT value FROM shop_state WHERE name='busy'").fetchone()
    return row is not None and row[0] == "on"


def set_busy(conn: Connection, on: bool, *, now_ms: int) -> None:
    conn.execute(
        """
        INSERT INTO shop_state (name, value, at_ms) VALUES ('busy', ?, ?)
        ON CONFLICT DO UPDATE SET value=excluded.value, at_ms=excluded.at_ms
        """,
        ("on" if on else "off", now_ms),
    )


def add_feedback(conn: Connection, text: str, *, now_ms: int) -> None:
    conn.execute("INSERT INTO feedback (at_ms, text) VALUES (?, ?)", (now_ms, text))


def feedback(conn: Connection, *, most: int = 20) -> list[tuple[int, str]]:
    """What staff said, newest first."""
    return conn.execute("SELECT at_ms, text FROM feedback ORDER BY at_ms DESC LIMIT ?", (most,)).fetchall()


def prune(conn: Connection, *, now_ms: int) -> None:
    """Drop what staff said more than a year ago."""
    conn.execute("DELETE FROM feedback WHERE at_ms<?", (now_ms - FEEDBACK_MS,))


@dataclass(frozen=True, slots=True)
class Today:
    """Figures of a day, about nobody."""

    visits: int
    helped: int
    alone: int
    stopped: int
    good: int
    bad: int


def today(conn: Connection, *, since_ms: int, day: str) -> Today:
    visits, helped, alone, stopped = conn.execute(
        """
        SELECT count(*), count(helped_ms), count(alone_ms),
            coalesce(sum(coalesce(ended_why, '')='no_basis'), 0)
        FROM visit WHERE started_ms>=?
        """,
        (since_ms,),
    ).fetchone()
    good, bad = conn.execute(
        "SELECT coalesce(sum(good), 0), coalesce(sum(bad), 0) FROM tip_count WHERE day=?", (day,)
    ).fetchone()
    return Today(visits=visits, helped=helped, alone=alone, stopped=stopped, good=good, bad=bad)


def looks(conn: Connection, *, since_ms: int) -> list[tuple[str, str, str, int]]:
    """How often cards were looked at: (role, purpose, reason, count); about nobody."""
    return conn.execute(
        """
        SELECT role, purpose, reason, count(*) FROM view_log WHERE at_ms>=?
        GROUP BY role, purpose, reason ORDER BY role, purpose, reason
        """,
        (since_ms,),
    ).fetchall()
