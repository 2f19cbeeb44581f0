"""Every statement about the shop's own days: how often something happened, never to whom."""

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Final

# A year and a month: enough to lay a week beside the same week a year ago.
KEEP_DAYS: Final = 396


def add(conn: Connection, day: str, name: str, count: int = 1) -> None:
    """Count `name` once more (or `count` times) on `day`, the shop's own day as 2026-11-22."""
    conn.execute(
        """
        INSERT INTO day_count (day, name, count) VALUES (?, ?, ?)
        ON CONFLICT DO UPDATE SET count=count+excluded.count
        """,
        (day, name, count),
    )


def add_all(conn: Connection, day: str, counts: Mapping[str, int]) -> None:
    for name, count in counts.items():
        add(conn, day, name, count)


def of_day(conn: Connection, day: str) -> dict[str, int]:
    """Counts of a day by name; what never happened is not there."""
    return dict(conn.execute("SELECT name, count FROM day_count WHERE day=?", (day,)).fetchall())


def joined_today(conn: Connection, day: str) -> tuple[int, int]:
    """How many became known on `day`, and how many were handed the tablet for it."""
    counts = of_day(conn, day)
    joined = counts.get("joined", 0)
    return joined, max(joined, counts.get("invited", 0))


def prune(conn: Connection) -> None:
    """Drop the oldest days, counted in days on which the shop counted anything."""
    conn.execute(
        """
        DELETE FROM day_count WHERE day < (
            SELECT day FROM (SELECT DISTINCT day FROM day_count ORDER BY day DESC LIMIT :keep)
            ORDER BY day LIMIT 1)
        """,
        {"keep": KEEP_DAYS},
    )
