"""The outbox under more than one epoch: what is kept of older ones, and how the unsaid goes on under a new one.

A restored or copied box holds facts under numbers that the hub knows as others. They get new numbers, in the order
in which they happened, and what hangs on the old number of its own fact (a line of the ledger) moves along.
"""

from collections.abc import Mapping
from sqlite3 import Connection
from typing import Final

from edge.kit.chain import GENESIS, link
from edge.outbox import Line
from edge.wallet import tables as wallet


def epoch(conn: Connection) -> int:
    """The epoch of the facts that are made now."""
    (now,) = conn.execute("SELECT epoch FROM outbox_head").fetchone()
    return int(now)


def silent(conn: Connection) -> bool:
    """Whether nothing was said under the epoch of now, though something was before it."""
    (is_so,) = conn.execute("SELECT seq=0 AND EXISTS (SELECT 1 FROM outbox_past) FROM outbox_head").fetchone()
    return bool(is_so)


def retained(conn: Connection) -> dict[int, tuple[int, int]]:
    """First and last number, by epoch, of the facts that are still here."""
    rows = conn.execute(
        """
        SELECT epoch, min(seq), max(seq) FROM outbox_past GROUP BY epoch
        UNION ALL
        SELECT (SELECT epoch FROM outbox_head), min(seq), max(seq) FROM outbox HAVING count(*)
        """
    )
    return {each: (first, last) for each, first, last in rows}


def hash_at(conn: Connection, at: int, seq: int) -> bytes | None:
    """The chain of epoch `at` up to a fact that is still here, the genesis for 0."""
    if seq == 0:
        return GENESIS
    table, asked = ("outbox", (seq,)) if at == epoch(conn) else ("outbox_past", (seq, at))
    where = "seq=?" if table == "outbox" else "seq=? AND epoch=?"
    row = conn.execute(f"SELECT hash FROM {table} WHERE {where}", asked).fetchone()
    return bytes(row[0]) if row else None


def reopen(conn: Connection, seq: int) -> None:
    """The hub holds no more than up to `seq`: what comes after waits again."""
    conn.execute("UPDATE outbox_head SET acked=? WHERE acked>?", (seq, seq))


Number = tuple[int, int]  # epoch and seq
Held = tuple[int, int, bytes]  # epoch and seq under which the hub holds a fact, and the chain up to there


def unsaid(
    conn: Connection, shared: Mapping[int, int], *, after: Number, most: int
) -> list[tuple[int, Line]]:
    """The first facts behind number `after`, with their epochs, that come after what is `shared` of these."""
    found: list[tuple[int, Line]] = []
    for each in sorted(retained(conn)):
        if each >= after[0]:
            first = max(shared.get(each, 0), after[1] if each == after[0] else 0)
            found += [(each, line) for line in _lines(conn, each, after=first, most=most - len(found))]
    return found


def _lines(conn: Connection, at: int, *, after: int, most: int) -> list[Line]:
    table, of = ("outbox", "") if at == epoch(conn) else ("outbox_past", "epoch=:epoch AND")
    rows = conn.execute(
        f"SELECT seq, at_ms, kind, body, hash FROM {table} WHERE {of} seq>:after ORDER BY seq LIMIT :most",
        {"epoch": at, "after": after, "most": most},
    )
    return [Line(*row) for row in rows]


def renew(conn: Connection, new: int, shared: Mapping[int, int], told: Mapping[Number, Held]) -> None:
    """Go on under epoch `new`; of each older one only what comes after `shared` is said again, under new numbers.

    What the hub was `told` in epochs that came later, and in `new` by whoever had it before, is kept as it is there.
    Where `new` is the epoch of now, what is said again comes behind what it has.
    """
    before = epoch(conn)
    if new < before:
        return
    if new > before:
        _close(conn, before)
    previous, last = _end(conn)
    again: list[tuple[int, int, int, str, bytes]] = []
    for each in sorted(retained(conn).keys() - {new}):
        after = (each, shared.get(each, 0))
        again += conn.execute(
            "SELECT epoch, seq, at_ms, kind, body FROM outbox_past WHERE epoch=? AND seq>? ORDER BY seq",
            after,
        )
        conn.execute("DELETE FROM outbox_past WHERE epoch=? AND seq>?", after)
    moved = []
    for each, seq, at_ms, kind, body in again:
        then, place, hash_ = told.get((each, seq)) or (new, last + 1, b"")
        if then == new:
            last = place
            previous = hash_ or link(previous, seq=place, at_ms=at_ms, kind=kind, body=body)
            conn.execute(_NOW, (place, at_ms, kind, body, previous))
        else:
            conn.execute(_PAST, (then, place, at_ms, kind, body, hash_))
        moved.append(((each, seq), (then, place)))
    conn.execute("UPDATE outbox_head SET epoch=?, seq=?, hash=?", (new, last, previous))
    # Whoever goes furthest first: the place of one may be that of another which goes on.
    wallet.renumber(conn, sorted(moved, key=lambda each: each[1], reverse=True))


def _close(conn: Connection, now: int) -> None:
    """Nothing is said under this epoch any more."""
    conn.execute(
        """
        INSERT INTO outbox_past (epoch, seq, at_ms, kind, body, hash)
        SELECT ?, seq, at_ms, kind, body, hash FROM outbox
        """,
        (now,),
    )
    conn.execute("DELETE FROM outbox")
    conn.execute("UPDATE outbox_head SET seq=0, hash=?, acked=0", (GENESIS,))


def _end(conn: Connection) -> tuple[bytes, int]:
    """The chain of the epoch of now, and the last number in it."""
    hash_, seq = conn.execute("SELECT hash, seq FROM outbox_head").fetchone()
    return bytes(hash_), int(seq)


_NOW: Final = "INSERT INTO outbox (seq, at_ms, kind, body, hash) VALUES (?, ?, ?, ?, ?)"
_PAST: Final = "INSERT INTO outbox_past (epoch, seq, at_ms, kind, body, hash) VALUES (?, ?, ?, ?, ?, ?)"
