"""Every statement about what became of suggestions: shown, said, put away. Of nobody who may not be profiled.

A row names neither who of the staff it was, nor a role, nor a tablet. When its visit is over it lets go of that and
of its minute. The customer and the quarter of an hour stay, for the consent and the basket of the day: whoever has
the whole journal can still lay that beside who looked then. Nothing here does, and nobody may be rated by it.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

from edge.advice.facts import SuggestionDismissed, SuggestionSaid
from edge.advice.rules import DAY_MS
from edge.advice.tables import standing

KEEP_MS: Final = 90 * DAY_MS
# Every time zone is whole quarters from UTC: the day in the shop stays what it was.
PARTED_MS: Final = 15 * 60_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One suggestion of one visit; `away`: why it was put away, empty where it was not."""

    customer_id: bytes = field(repr=False)
    item: str
    reason: str
    shown_ms: int
    said: bool
    away: str


def unseen(conn: Connection, visit_id: bytes, items: Collection[str]) -> list[str]:
    """Those of `items` of which nothing is kept at this visit yet."""
    rows = conn.execute("SELECT item FROM suggestion WHERE visit_id=?", (visit_id,))
    seen = {item for (item,) in rows}
    return [item for item in items if item not in seen]


def shown(conn: Connection, visit_id: bytes, made: Mapping[str, str], *, recipient: str, now_ms: int) -> None:
    """Suggestions stand on a page: item -> code. Without a basis for profiling nothing is kept."""
    place = standing(conn, visit_id, recipient=recipient, now_ms=now_ms)
    if place is None or place.profiling_ms is None:
        return
    conn.executemany(
        """
        INSERT INTO suggestion (visit_id, item, customer_id, reason, shown_ms) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING
        """,
        [(visit_id, item, place.customer_id, code, now_ms) for item, code in made.items()],
    )


def said(conn: Connection, fact: SuggestionSaid) -> None:
    """It was said, also from a page of which nothing was kept yet."""
    conn.execute(
        """
        INSERT INTO suggestion (visit_id, item, customer_id, reason, shown_ms, said) VALUES (?, ?, ?, ?, ?, 1)
        ON CONFLICT DO UPDATE SET said=1
        """,
        (fact.visit_id, fact.item, fact.customer_id, fact.reason, fact.at_ms),
    )


def dismissed(conn: Connection, fact: SuggestionDismissed) -> None:
    conn.execute(
        "UPDATE suggestion SET away=? WHERE visit_id=? AND item=?", (fact.why, fact.visit_id, fact.item)
    )


def part(conn: Connection, visit_id: bytes) -> None:
    """The visit is over: each of its rows gets an id that is nothing else's, and the quarter of an hour it was in."""
    conn.execute(
        "UPDATE suggestion SET visit_id=randomblob(16), shown_ms=shown_ms-shown_ms%? WHERE visit_id=?",
        (PARTED_MS, visit_id),
    )


def kept(conn: Connection) -> Iterator[Outcome]:
    """All that is kept, a customer after the other."""
    rows = conn.execute(
        """
        SELECT customer_id, item, reason, shown_ms, said, away FROM suggestion
        ORDER BY customer_id, shown_ms, item
        """
    )
    for customer_id, item, reason, shown_ms, was_said, away in rows:
        yield Outcome(customer_id, item, reason, shown_ms, bool(was_said), away)


def prune(conn: Connection, *, now_ms: int, most: int = 500) -> int:
    """Forget what is past its time, in slices."""
    done = conn.execute(
        """
        DELETE FROM suggestion WHERE (visit_id, item) IN (
            SELECT visit_id, item FROM suggestion WHERE shown_ms<=:before_ms LIMIT :most)
        """,
        {"before_ms": now_ms - KEEP_MS, "most": most},
    )
    return done.rowcount
