"""Every statement about the chain of looks."""

from collections.abc import Iterator
from sqlite3 import Connection
from typing import Final

from edge.consent.rules import Role
from edge.looks.facts import LooksTold
from edge.looks.rules import Line, fields_of, link, reference
from edge.visits.facts import CardShown

# Two years, as the view log: somebody who asks who looked at them gets an answer about more than the last visit.
KEEP_MS: Final = 2 * 365 * 24 * 3_600_000
_COLUMNS: Final = "n, at_ms, role, staff, device, customer_ref, purpose, fields, reason"


def add(conn: Connection, fact: CardShown) -> int:
    """Write the line of a look; its number."""
    n, previous = conn.execute("SELECT n, hash FROM look_head").fetchone()
    staff = fact.staff_id.hex()
    role: Role = "manager" if fact.role == "manager" else "staff"
    line = Line(
        n=n + 1,
        at_ms=fact.at_ms,
        role=fact.role,
        staff=staff,
        device=fact.device,
        customer_ref=reference(
            fact.customer_id,
            fact.visit_id,
            role=fact.role,
            purpose=fact.purpose,
            reason=fact.reason,
            staff=staff,
        ),
        purpose=fact.purpose,
        fields=fields_of(role, fact.purpose, fact.reason),
        reason=fact.reason,
    )
    hash_ = link(previous, line)
    conn.execute(
        f"INSERT INTO look ({_COLUMNS}, prev, hash) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (*line, previous, hash_),
    )
    conn.execute("UPDATE look_head SET n=?, hash=?", (line.n, hash_))
    return line.n


def told(conn: Connection, fact: LooksTold) -> None:
    conn.execute("UPDATE look_head SET told=?", (fact.first + len(fact.lines) - 1,))


def untold(conn: Connection, *, most: int) -> tuple[bytes, list[tuple[Line, bytes]]] | None:
    """The first lines that did not go up yet with their hashes, and what they chain to; None for none."""
    rows = conn.execute(
        f"""
        SELECT {_COLUMNS}, prev, hash FROM look
        WHERE n>(SELECT told FROM look_head) ORDER BY n LIMIT ?
        """,
        (most,),
    ).fetchall()
    if not rows:
        return None
    return rows[0][-2], [(Line(*row[:-2]), row[-1]) for row in rows]


def every(conn: Connection) -> Iterator[tuple[Line, bytes, bytes]]:
    """All lines that are kept, in order, each with what it chains to and its hash."""
    for row in conn.execute(f"SELECT {_COLUMNS}, prev, hash FROM look ORDER BY n"):
        yield Line(*row[:-2]), row[-2], row[-1]


def ends(conn: Connection) -> tuple[int, bytes, int, bytes, int]:
    """(number, hash) of the last line, the same of the last that is past its time, and up to where it was told."""
    row: tuple[int, bytes, int, bytes, int] = conn.execute(
        "SELECT n, hash, gone, gone_hash, told FROM look_head"
    ).fetchone()
    return row


def prune(conn: Connection, *, now_ms: int, alone: bool, most: int = 2_000) -> int:
    """Drop lines older than two years from the beginning of the chain, in slices; how many went.

    With a hub only what it holds: the chain up to there is remembered by its hash.
    """
    last = conn.execute(
        """
        SELECT n, hash FROM look WHERE n=(
            SELECT max(n) FROM (SELECT n, at_ms FROM look ORDER BY n LIMIT :most)
            WHERE at_ms<:before_ms AND (:alone OR n<=(SELECT told FROM look_head)))
        """,
        {"most": most, "before_ms": now_ms - KEEP_MS, "alone": alone},
    ).fetchone()
    conn.execute("DELETE FROM look_alarm WHERE at_ms<?", (now_ms - KEEP_MS,))
    if last is None:
        return 0
    done = conn.execute("DELETE FROM look WHERE n<=?", (last[0],))
    conn.execute("UPDATE look_head SET gone=?, gone_hash=?", last)
    return done.rowcount
