"""Passes that the hub made: whose, of which kind, and what their codes say, sealed."""

from typing import Final, Literal, NamedTuple

from edge.kit.sql import Connection

PassKind = Literal["web", "apple", "google"]
PASS_KINDS: Final[tuple[PassKind, ...]] = ("web", "apple", "google")


class Kept(NamedTuple):
    """A pass as it lies at rest."""

    hash: bytes
    kind: PassKind
    sealed: bytes
    made_ms: int


def add(conn: Connection, customer_id: bytes, new: Kept) -> None:
    conn.execute(
        """
        INSERT INTO pass (hash, customer_id, kind, sealed, made_ms, ended_ms)
        VALUES (:hash, :customer_id, :kind, :sealed, :made_ms, NULL)
        """,
        {**new._asdict(), "customer_id": customer_id},
    )


def working(conn: Connection, customer_id: bytes) -> list[Kept]:
    """The passes of a customer that work: none that ended here, or whose credential was blocked in a shop."""
    rows = conn.execute(
        """
        SELECT p.hash, p.kind, p.sealed, p.made_ms
        FROM pass AS p JOIN credential AS c ON c.hash=p.hash AND c.customer_id=p.customer_id
        WHERE p.customer_id=:customer_id AND p.ended_ms IS NULL AND c.state='active'
        ORDER BY p.made_ms, p.hash
        """,
        {"customer_id": customer_id},
    )
    return [Kept(bytes(hash_), kind, bytes(sealed), int(made_ms)) for hash_, kind, sealed, made_ms in rows]


def end(conn: Connection, hash_: bytes, *, customer_id: bytes, now_ms: int) -> bool:
    """End a pass of this customer, once; False when it is none of theirs that works."""
    done = conn.execute(
        """
        UPDATE pass SET ended_ms=:now_ms
        WHERE hash=:hash AND customer_id=:customer_id AND ended_ms IS NULL
        """,
        {"hash": hash_, "customer_id": customer_id, "now_ms": now_ms},
    )
    return done.rowcount == 1
