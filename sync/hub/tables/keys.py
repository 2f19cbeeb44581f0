"""Customers' keys on their way out of a copy of the database, and back into one that was put back."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from edge.kit.sql import Connection, spread

NOTHING: Final = b"{}"  # what stands in a row of the feed whose key was left out


def every(conn: Connection) -> Iterator[tuple[bytes, bytes]]:
    """(customer, key as it is kept)."""
    for customer_id, wrapped in conn.execute("SELECT customer_id, wrapped FROM customer_key", {}):
        yield bytes(customer_id), bytes(wrapped)


def leave_out(conn: Connection) -> None:
    """Take all keys out, also those that were sealed for the shops."""
    conn.execute("DELETE FROM customer_key", {})
    conn.execute("UPDATE feed SET d=:nothing WHERE t='key' AND op='put'", {"nothing": NOTHING})


def put(conn: Connection, keys: Iterable[tuple[bytes, bytes]]) -> None:
    conn.executemany(
        """
        INSERT INTO customer_key (customer_id, wrapped) VALUES (:customer_id, :wrapped)
        ON CONFLICT (customer_id) DO UPDATE SET wrapped=excluded.wrapped
        """,
        ({"customer_id": customer_id, "wrapped": wrapped} for customer_id, wrapped in keys),
    )


def is_bare(conn: Connection) -> bool:
    """Whether customers are there and not one key: so a copy is made."""
    (bare,) = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM customer) AND NOT EXISTS (SELECT 1 FROM customer_key)"
    ).fetchone()
    return bool(bare)


def is_nobodys(conn: Connection) -> bool:
    """Whether no customer is there, and none ever was erased."""
    (nobody,) = conn.execute(
        "SELECT NOT EXISTS (SELECT 1 FROM customer) AND NOT EXISTS (SELECT 1 FROM erased)"
    ).fetchone()
    return bool(nobody)


def would_help(conn: Connection, customer_ids: Sequence[bytes]) -> int:
    """How many of these are customers who have no key."""
    those, given = spread("id", customer_ids)
    (count,) = conn.execute(
        f"""
        SELECT count(*) FROM customer AS c
        WHERE c.id IN {those} AND NOT EXISTS (SELECT 1 FROM customer_key AS k WHERE k.customer_id=c.id)
        """,
        given,
    ).fetchone()
    return int(count)


def lacking(conn: Connection) -> int:
    """How many customers have no key."""
    (count,) = conn.execute(
        """
        SELECT count(*) FROM customer AS c
        WHERE NOT EXISTS (SELECT 1 FROM customer_key AS k WHERE k.customer_id=c.id)
        """,
        {},
    ).fetchone()
    return int(count)


class LeftOut(NamedTuple):
    """A row of the feed with a key, or whose key was left out, and that key as it is kept."""

    part: str
    seq: int
    customer_id: bytes
    wrapped: bytes


def left_out(conn: Connection, *, after: tuple[str, int], most: int) -> list[LeftOut]:
    """Rows of the feed after (part, seq) whose key was left out, in that order."""
    rows = conn.execute(
        """
        SELECT f.part, f.seq, f.customer_id, k.wrapped
        FROM feed AS f JOIN customer_key AS k ON k.customer_id=f.customer_id
        WHERE (f.part, f.seq) > (:part, :seq) AND f.t='key' AND f.op='put' AND f.d=:nothing
        ORDER BY f.part, f.seq LIMIT :most
        """,
        {"part": after[0], "seq": after[1], "nothing": NOTHING, "most": most},
    )
    return [LeftOut(part, seq, bytes(whose), bytes(wrapped)) for part, seq, whose, wrapped in rows.fetchall()]


def laid(conn: Connection, part: str) -> list[LeftOut]:
    """The rows of a partition that hold somebody's key, whole or left out."""
    rows = conn.execute(
        """
        SELECT f.part, f.seq, f.customer_id, k.wrapped
        FROM feed AS f JOIN customer_key AS k ON k.customer_id=f.customer_id
        WHERE f.part=:part AND f.t='key' AND f.op='put' ORDER BY f.seq
        """,
        {"part": part},
    )
    return [LeftOut(part, seq, bytes(whose), bytes(wrapped)) for part, seq, whose, wrapped in rows.fetchall()]


def fill(conn: Connection, rows: Iterable[tuple[str, int, bytes]]) -> None:
    conn.executemany(
        "UPDATE feed SET d=:d WHERE part=:part AND seq=:seq",
        ({"part": part, "seq": seq, "d": d} for part, seq, d in rows),
    )
