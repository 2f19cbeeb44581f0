"""What goes by itself when its time is over: a slice a call, so that nobody waits long for the writer."""

from typing import Final

from edge.consent.rules import TRAITS
from edge.kit.sql import Connection
from sync.hub.tables.events import NOTHING

SLICE: Final = 1_000


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

    A box whose clock ran ahead dates a fact in the future: no fact is younger than its arrival.
    """
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
    young = next((seq for seq, at_ms, received_ms in rows if min(at_ms, received_ms) >= before_ms), None)
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


_OF_PROFILING: Final = ", ".join(
    f"'{name}'" for name, trait in sorted(TRAITS.items()) if trait.purpose == "profiling"
)


def drop_stopped(conn: Connection, *, before_ms: int) -> list[bytes]:
    """Delete what was kept for profiling of a slice of those who stopped it, with every recipient; whose it was."""
    rows = conn.execute(
        f"""
        SELECT DISTINCT t.customer_id FROM consent AS c JOIN trait AS t ON t.customer_id=c.customer_id
        WHERE c.purpose='profiling' AND c.state='withdrawn' AND t.name IN ({_OF_PROFILING})
            AND NOT EXISTS (SELECT 1 FROM consent AS o WHERE o.customer_id=c.customer_id
                AND o.purpose='profiling' AND o.state='given')
            AND NOT EXISTS (SELECT 1 FROM consent_event AS e WHERE e.customer_id=c.customer_id
                AND e.purpose='profiling' AND e.granted=0 AND e.at_ms>=:before_ms)
        ORDER BY t.customer_id LIMIT :most
        """,
        {"before_ms": before_ms, "most": SLICE // 5},
    ).fetchall()
    conn.executemany(
        f"DELETE FROM trait WHERE customer_id=:customer_id AND name IN ({_OF_PROFILING})",
        [{"customer_id": customer_id} for (customer_id,) in rows],
    )
    return [bytes(customer_id) for (customer_id,) in rows]


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


_ENDED: Final = ("portal_code", "portal_session", "portal_claim", "portal_challenge")


def drop_ended(conn: Connection, *, now_ms: int) -> int:
    """Drop codes, sessions and claims of the customers' own page that are over."""
    return sum(
        conn.execute(f"DELETE FROM {table} WHERE until_ms<=:now_ms", {"now_ms": now_ms}).rowcount
        for table in _ENDED
    )
