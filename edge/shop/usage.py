"""What a shop uses of Welkom, for training: how often by all together, and only where that is about nobody."""

from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

# Fewer colleagues than this, and the manager would know whose numbers they are.
LEAST_COLLEAGUES: Final = 3
# What is counted, in the order in which a colleague learns it.
USES: Final = ("help", "search", "wallet", "profile", "advice", "alone", "tour", "practice")


@dataclass(frozen=True, slots=True)
class Usage:
    """How often each of `USES` was used; `enough` colleagues were there for it to be about nobody."""

    enough: bool
    counts: dict[str, int] = field(default_factory=dict)


def usage(conn: Connection, *, since_ms: int, since_day: str) -> Usage:
    """Since an instant, and since the shop's day of it for what is counted by day."""
    (colleagues,) = conn.execute(
        "SELECT count(DISTINCT staff_id) FROM deed WHERE at_ms>=?", (since_ms,)
    ).fetchone()
    if colleagues < LEAST_COLLEAGUES:
        return Usage(enough=False)
    found = conn.execute(
        """
        SELECT CASE what WHEN 'leave_alone' THEN 'alone' WHEN 'open_found' THEN 'search' ELSE what END, count(*)
            FROM deed WHERE at_ms>=:since_ms GROUP BY 1
        UNION ALL
        SELECT CASE WHEN reason!='' THEN 'profile' WHEN purpose='saving' THEN 'wallet' ELSE 'advice' END,
            count(DISTINCT visit_id)
            FROM view_log WHERE at_ms>=:since_ms AND (reason!='' OR purpose IN ('saving', 'profiling')) GROUP BY 1
        UNION ALL
        SELECT substr(name, 6), sum(count) FROM day_count
            WHERE day>=:since_day AND name IN ('used_tour', 'used_practice') GROUP BY 1
        """,
        {"since_ms": since_ms, "since_day": since_day},
    )
    counted = dict(found.fetchall())
    return Usage(enough=True, counts={name: int(counted.get(name, 0)) for name in USES})
