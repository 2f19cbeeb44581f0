"""Every statement that writes a visit, or reads what became of it; who is here stands in `here`."""

from sqlite3 import Connection
from typing import Final

from edge.consent.rules import merge
from edge.consent.tables import FOREVER_MS, basis_until, registers
from edge.kit.ids import first_id
from edge.visits.facts import (
    HelpClaimed,
    HelpReleased,
    LeftAlone,
    SeenAgain,
    VisitEnded,
    VisitStarted,
)
from edge.visits.rules import OpenVisit


def started(conn: Connection, fact: VisitStarted) -> None:
    """A visit and its greeting, which are one moment (`rules.presented`), in one row."""
    conn.execute(
        """
        INSERT INTO visit
            (id, customer_id, reader, how, evidence, started_ms, seen_ms, greeted_ms, strong_ms, unlocked_ms)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        (
            fact.visit_id,
            fact.customer_id,
            fact.reader,
            fact.how,
            fact.evidence,
            fact.at_ms,
            fact.at_ms,
            fact.at_ms,
            *_proved(fact.evidence, fact.at_ms),
        ),
    )


def _proved(evidence: str, at_ms: int) -> tuple[int | None, int | None]:
    """When card or phone itself was proved to be there, and when unlocked, by this presentation."""
    return None if evidence == "weak" else at_ms, at_ms if evidence == "unlocked" else None


def seen_again(conn: Connection, fact: SeenAgain) -> None:
    if fact.how == "near":
        # Still in the shop, and nothing that the counter is about.
        conn.execute("UPDATE visit SET near_ms=? WHERE id=?", (fact.at_ms, fact.visit_id))
        return
    conn.execute(
        """
        UPDATE visit SET seen_ms=max(seen_ms, ?), reader=?, how=?,
            strong_ms=coalesce(?, strong_ms), unlocked_ms=coalesce(?, unlocked_ms) WHERE id=?
        """,
        (fact.at_ms, fact.reader, fact.how, *_proved(fact.evidence, fact.at_ms), fact.visit_id),
    )


def ended(conn: Connection, fact: VisitEnded) -> None:
    conn.execute(
        "UPDATE visit SET ended_ms=?, ended_why=? WHERE id=? AND ended_ms IS NULL",
        (fact.at_ms, fact.why, fact.visit_id),
    )


def claimed(conn: Connection, fact: HelpClaimed) -> None:
    conn.execute(
        "UPDATE visit SET helper=?, helped_ms=? WHERE id=?", (fact.staff_id, fact.at_ms, fact.visit_id)
    )


def released(conn: Connection, fact: HelpReleased) -> None:
    conn.execute("UPDATE visit SET helper=NULL WHERE id=? AND helper=?", (fact.visit_id, fact.staff_id))


def left_alone(conn: Connection, fact: LeftAlone) -> None:
    conn.execute(
        "UPDATE visit SET alone_ms=? WHERE id=?", (fact.at_ms if fact.alone else None, fact.visit_id)
    )


def ids_of(conn: Connection, customer_id: bytes) -> list[bytes]:
    """Every visit of a customer that anything here still names, and every note that opened their balance."""
    rows = conn.execute(
        """
        SELECT id FROM visit WHERE customer_id=:id UNION SELECT visit_id FROM view_log WHERE customer_id=:id
        """,
        {"id": customer_id},
    )
    return [visit_id for (visit_id,) in rows]


def forget(conn: Connection, customer_id: bytes) -> None:
    """Take a customer's visits, and who looked at them, out of the journal."""
    conn.execute(
        "UPDATE deed SET visit_id=NULL WHERE visit_id IN (SELECT id FROM visit WHERE customer_id=?)",
        (customer_id,),
    )
    conn.execute("DELETE FROM visit WHERE customer_id=?", (customer_id,))
    conn.execute("DELETE FROM view_log WHERE customer_id=?", (customer_id,))


# A year and a month, as the counted days: a week can be laid beside the same week a year ago.
KEEP_MS: Final = 396 * 24 * 3_600_000


def prune(conn: Connection, *, now_ms: int, acked: bool, most: int = 2_000) -> int:
    """Drop visits that ended 13 months ago, in slices; how many went.

    With `acked` only those of which the hub holds every fact. Ids begin with the time (UUIDv7), so that
    the slice is the beginning of the table.
    """
    before_ms = now_ms - KEEP_MS
    done = conn.execute(
        """
        DELETE FROM visit WHERE id IN (
            SELECT id FROM visit WHERE id<:before AND ended_ms<:before_ms AND NOT (:acked AND ended_ms>=coalesce(
                (SELECT at_ms FROM outbox WHERE seq=(SELECT acked+1 FROM outbox_head)), :before_ms))
            ORDER BY id LIMIT :most)
        """,
        {"before": first_id(before_ms), "before_ms": before_ms, "acked": acked, "most": most},
    )
    return done.rowcount


def open_visit(conn: Connection, customer_id: bytes) -> OpenVisit | None:
    row = conn.execute(
        "SELECT id, max(seen_ms, coalesce(near_ms, 0)) FROM visit WHERE customer_id=? AND ended_ms IS NULL",
        (customer_id,),
    ).fetchone()
    return OpenVisit(*row) if row else None


_MAY_BE_NEAR: Final = " ".join(
    (
        "SELECT",
        " AND ".join(
            f"{basis_until(':customer_id', purpose)} IS NOT NULL"
            for purpose in ("'recognition'", "'location'")
        ),
    )
)


def may_be_near(conn: Connection, customer_id: bytes, *, recipient: str, now_ms: int) -> bool:
    """Whether this customer may be recognised, and located, now."""
    asked = {"customer_id": customer_id, "recipient": recipient, "now_ms": now_ms}
    (may,) = conn.execute(_MAY_BE_NEAR, asked).fetchone()
    return bool(may)


def stopped(conn: Connection, visit_id: bytes, *, recipient: str) -> bool:
    """Whether a visit is one whose customer said that they do not want to be recognised."""
    row = conn.execute("SELECT customer_id FROM visit WHERE id=?", (visit_id,)).fetchone()
    if row is None:
        return False
    held = merge(*registers(conn, row[0], purpose="recognition", recipient=recipient))
    return held is not None and held.state == "withdrawn"


def helper_of(conn: Connection, visit_id: bytes) -> tuple[bytes, str] | None:
    """Who helps in an open visit: staff id and name."""
    row: tuple[bytes, str] | None = conn.execute(
        """
        SELECT v.helper, coalesce(s.name, '') FROM visit AS v LEFT JOIN staff AS s ON s.id=v.helper
        WHERE v.id=? AND v.ended_ms IS NULL AND v.helper IS NOT NULL
        """,
        (visit_id,),
    ).fetchone()
    return row


def proved(conn: Connection, visit_id: bytes) -> tuple[int | None, int | None]:
    """When card or phone itself was last proved in an open visit, and when unlocked for it."""
    row: tuple[int | None, int | None] | None = conn.execute(
        "SELECT strong_ms, unlocked_ms FROM visit WHERE id=? AND ended_ms IS NULL", (visit_id,)
    ).fetchone()
    return row or (None, None)


def unprove(conn: Connection, customer_id: bytes) -> None:
    """What this customer's open visit proved counts no more: it may have been with the card that was lost."""
    conn.execute(
        "UPDATE visit SET strong_ms=NULL, unlocked_ms=NULL WHERE customer_id=? AND ended_ms IS NULL",
        (customer_id,),
    )


def is_left_alone(conn: Connection, visit_id: bytes) -> bool:
    row = conn.execute("SELECT alone_ms FROM visit WHERE id=?", (visit_id,)).fetchone()
    return row is not None and row[0] is not None


def lately(conn: Connection, visit_id: bytes, *, within_ms: int, now_ms: int) -> int:
    """How often the customer of a visit came within so long, this visit included, left alone or not."""
    since = first_id(now_ms - within_ms)  # a week is a range of the key
    (count,) = conn.execute(
        "SELECT count(*) FROM visit WHERE id>=? AND customer_id=(SELECT customer_id FROM visit WHERE id=?)",
        (since, visit_id),
    ).fetchone()
    return int(count)


def tip(conn: Connection, visit_id: bytes, *, day: str, source: str, good: bool, now_ms: int) -> bool:
    """Count what somebody thinks of a sentence, once a visit; whether it counted. Nobody's name stands by it."""
    done = conn.execute("UPDATE visit SET tipped_ms=? WHERE id=? AND tipped_ms IS NULL", (now_ms, visit_id))
    if not done.rowcount:
        return False
    conn.execute(
        """
        INSERT INTO tip_count (day, source, good, bad) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET good=good+excluded.good, bad=bad+excluded.bad
        """,
        (day, source, int(good), int(not good)),
    )
    return True


def quiet_since(conn: Connection, before_ms: int, *, most: int) -> list[bytes]:
    """Open visits whose customer was last seen at or before `before_ms`."""
    rows = conn.execute(
        """
        SELECT id FROM visit WHERE ended_ms IS NULL AND seen_ms<=:before_ms AND coalesce(near_ms, 0)<=:before_ms
        ORDER BY seen_ms LIMIT :most
        """,
        {"before_ms": before_ms, "most": most},
    )
    return [visit_id for (visit_id,) in rows]


def last_seen(conn: Connection) -> tuple[bytes, str] | None:
    """The open visit whose customer was seen last, and at which reader."""
    row: tuple[bytes, str] | None = conn.execute(
        "SELECT id, reader FROM visit WHERE ended_ms IS NULL ORDER BY seen_ms DESC LIMIT 1"
    ).fetchone()
    return row


BASIS: Final = basis_until("v.customer_id", "'recognition'")
_WITHOUT_BASIS: Final = f"SELECT id FROM visit AS v WHERE ended_ms IS NULL AND {BASIS} IS NULL"
_NEXT_EXPIRY: Final = f"SELECT min({BASIS}) FROM visit AS v WHERE ended_ms IS NULL"


def without_basis(conn: Connection, *, recipient: str, now_ms: int) -> list[bytes]:
    """Open visits of customers who may not be recognised (any more)."""
    return [row[0] for row in conn.execute(_WITHOUT_BASIS, {"recipient": recipient, "now_ms": now_ms})]


def next_expiry_ms(conn: Connection, *, recipient: str, now_ms: int) -> int:
    """When the first basis of an open visit ends; FOREVER_MS when none does."""
    (until_ms,) = conn.execute(_NEXT_EXPIRY, {"recipient": recipient, "now_ms": now_ms}).fetchone()
    return FOREVER_MS if until_ms is None else int(until_ms)


_COUNT: Final = "SELECT count(*) FROM visit WHERE ended_ms IS NULL"
COUNT_SOME: Final = "SELECT count(*) FROM (SELECT 1 FROM visit WHERE ended_ms IS NULL LIMIT ?)"


def count_open(conn: Connection) -> int:
    """How many visits are open."""
    (count,) = conn.execute(_COUNT).fetchone()
    return int(count)


def count_some(conn: Connection, most: int) -> int:
    """How many visits are open, counted no further than `most`: what a page has time for."""
    (count,) = conn.execute(COUNT_SOME, (most,)).fetchone()
    return int(count)
