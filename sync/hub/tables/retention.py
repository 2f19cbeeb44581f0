"""What goes by itself when its time is over: a slice a call, so that nobody waits long for the writer."""

from typing import Final

from edge.consent.retention import DAY_MS
from edge.consent.rules import PURPOSES, TRAITS
from edge.kit.sql import Connection, spread
from sync.hub.tables.events import NOTHING

SLICE: Final = 1_000
# A box is away for weeks at most; what says it is older than that comes from a clock that had not been set.
AWAY_MS: Final = 60 * DAY_MS


def histories(conn: Connection) -> list[tuple[str, int]]:
    """Every box with each of its epochs, a step of the index each."""
    found: list[tuple[str, int]] = []
    for (device_id,) in conn.execute("SELECT id FROM device ORDER BY id", {}).fetchall():
        epoch = 0
        while True:
            (epoch,) = conn.execute(
                "SELECT coalesce(min(epoch), 0) FROM event WHERE device_id=:device_id AND epoch>:epoch",
                {"device_id": device_id, "epoch": epoch},
            ).fetchone()
            if not epoch:
                break
            found.append((device_id, epoch))
    return found


def blank_facts(conn: Connection, device_id: str, epoch: int, *, before_ms: int) -> int:
    """Blank a slice of the facts of before an instant; how many. Facts stand in the order in which they happened.

    A box whose clock ran ahead dates a fact in the future, one whose clock was never set in 1970: no fact is younger
    than its arrival, and one that would be much older counts from there.
    """

    def happened_ms(at_ms: int, received_ms: int) -> int:
        return at_ms if received_ms - AWAY_MS <= at_ms <= received_ms else received_ms

    of = {"device_id": device_id, "epoch": epoch}
    (done,) = conn.execute(
        "SELECT coalesce(max(seq), 0) FROM event_past WHERE device_id=:device_id AND epoch=:epoch", of
    ).fetchone()
    rows = conn.execute(
        """
        SELECT seq, at_ms, received_ms FROM event WHERE device_id=:device_id AND epoch=:epoch AND seq>:done
        ORDER BY seq LIMIT :most
        """,
        {**of, "done": done, "most": SLICE},
    ).fetchall()
    young = next(
        (seq for seq, at_ms, received_ms in rows if happened_ms(at_ms, received_ms) >= before_ms), None
    )
    last = rows[-1][0] if rows and young is None else (young or 1) - 1
    if last <= done:
        return 0
    conn.execute(
        """
        UPDATE event SET body=:nothing, customer_id=NULL
        WHERE device_id=:device_id AND epoch=:epoch AND seq>:done AND seq<=:last
        """,
        {**of, "nothing": NOTHING, "done": done, "last": last},
    )
    conn.execute(
        """
        INSERT INTO event_past (device_id, epoch, seq) VALUES (:device_id, :epoch, :last)
        ON CONFLICT (device_id, epoch) DO UPDATE SET seq=excluded.seq
        """,
        {**of, "last": last},
    )
    return int(last - done)


def drop_expired(conn: Connection, *, now_ms: int) -> list[bytes]:
    """Delete a slice of the traits whose time is over; whose they were."""
    rows = conn.execute(
        "SELECT customer_id, name FROM trait WHERE until_ms<=:now_ms ORDER BY until_ms LIMIT :most",
        {"now_ms": now_ms, "most": SLICE // 5},
    ).fetchall()
    conn.executemany(
        "DELETE FROM trait WHERE customer_id=:customer_id AND name=:name",
        [{"customer_id": customer_id, "name": name} for customer_id, name in rows],
    )
    return list(dict.fromkeys(bytes(customer_id) for customer_id, _ in rows))


_ON_A_YES: Final = {
    purpose: [name for name, trait in sorted(TRAITS.items()) if trait.purpose == purpose]
    for purpose, basis in PURPOSES.items()
    if basis == "consent"
}
# A yes that was stopped before an instant, or ran out before it, and no other of that purpose holds.
_STOPPED: Final = """
    SELECT over.customer_id FROM (
        SELECT customer_id FROM consent WHERE purpose=:purpose AND state='withdrawn'
        UNION SELECT customer_id FROM consent
            WHERE purpose=:purpose AND state='given' AND until_ms IS NOT NULL AND until_ms<=:before_ms) AS over
    WHERE NOT EXISTS (SELECT 1 FROM consent AS o WHERE o.customer_id=over.customer_id AND o.purpose=:purpose
            AND o.state='given' AND (o.until_ms IS NULL OR o.until_ms>:before_ms))
        AND NOT EXISTS (SELECT 1 FROM consent_event AS e WHERE e.customer_id=over.customer_id
            AND e.purpose=:purpose AND e.granted=0 AND e.at_ms>=:before_ms)"""


def drop_stopped(conn: Connection, *, before_ms: int) -> list[bytes]:
    """Delete what rested on a yes that is over since an instant, with every recipient, of a slice; whose it was."""
    found: dict[bytes, None] = {}
    for purpose, names in _ON_A_YES.items():
        if not names:
            continue
        those, given = spread("name", names)
        rows = conn.execute(
            f"""
            SELECT DISTINCT t.customer_id FROM trait AS t JOIN ({_STOPPED}) AS s ON s.customer_id=t.customer_id
            WHERE t.name IN {those} ORDER BY t.customer_id LIMIT :most
            """,
            {"purpose": purpose, "before_ms": before_ms, "most": SLICE // 5, **given},
        ).fetchall()
        conn.executemany(
            f"DELETE FROM trait WHERE customer_id=:customer_id AND name IN {those}",
            [{"customer_id": customer_id, **given} for (customer_id,) in rows],
        )
        found |= {bytes(customer_id): None for (customer_id,) in rows}
    return list(found)


def drop_stopped_happenings(conn: Connection, *, before_ms: int, but: str) -> int:
    """As `drop_stopped`, of what happened in other channels; what is of the channel `but` stays. How many went."""
    done = conn.execute(
        f"""
        DELETE FROM happening WHERE id IN (
            SELECT h.id FROM happening AS h JOIN ({_STOPPED}) AS s ON s.customer_id=h.customer_id
            WHERE h.channel<>:but LIMIT :most)
        """,
        {"purpose": "profiling", "before_ms": before_ms, "but": but, "most": SLICE},
    )
    return done.rowcount


def drop_happenings(conn: Connection, *, before_ms: int) -> int:
    done = conn.execute(
        "DELETE FROM happening WHERE id IN (SELECT id FROM happening WHERE at_ms<:before_ms LIMIT :most)",
        {"before_ms": before_ms, "most": SLICE},
    )
    return done.rowcount


def drop_undo(conn: Connection, *, before_ms: int) -> int:
    """Drop how rows were before imports of before an instant; how many."""
    done = conn.execute(
        """
        DELETE FROM import_row WHERE number IN (
            SELECT number FROM import_run WHERE at_ms<:before_ms AND state<>'running')
        """,
        {"before_ms": before_ms},
    )
    return done.rowcount


def blank_nobodys(conn: Connection, *, before_ms: int) -> int:
    """Blank what cards of nobody's earned that was heard of before an instant; how many."""
    done = conn.execute(
        """
        UPDATE event SET body=:nothing WHERE (device_id, epoch, seq) IN (
            SELECT device_id, epoch, seq FROM event
            WHERE code='UNKNOWN_CREDENTIAL' AND kind='guest_saved' AND body<>:nothing AND received_ms<:before_ms
            LIMIT :most)
        """,
        {"nothing": NOTHING, "before_ms": before_ms, "most": SLICE},
    )
    return done.rowcount


_ENDED: Final = ("portal_code", "portal_session", "portal_claim", "portal_challenge")


def drop_ended(conn: Connection, *, now_ms: int) -> int:
    """Drop codes, sessions and claims of the customers' own page that are over."""
    return sum(
        conn.execute(f"DELETE FROM {table} WHERE until_ms<=:now_ms", {"now_ms": now_ms}).rowcount
        for table in _ENDED
    )


def drop_of_programs(conn: Connection, *, answered_ms: int, ended_ms: int) -> int:
    """Drop what was answered to programs, and what webhooks that ended were to be told, before these instants."""
    answers = conn.execute("DELETE FROM api_answer WHERE at_ms<:answered_ms", {"answered_ms": answered_ms})
    messages = conn.execute(
        "DELETE FROM webhook_message WHERE webhook_id IN (SELECT id FROM webhook WHERE ended_ms<:ended_ms)",
        {"ended_ms": ended_ms},
    )
    return answers.rowcount + messages.rowcount
