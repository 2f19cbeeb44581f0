"""How many customers each program forgot lately, and what somebody else allowed it beyond that."""

import os

from edge.kit.sql import Connection


def lately(conn: Connection, token_id: str, *, since_ms: int) -> int:
    """How many since an instant; what is older is swept out."""
    words = {"token_id": token_id, "since_ms": since_ms}
    conn.execute("DELETE FROM erasing WHERE token_id=:token_id AND at_ms<:since_ms", words)
    (count,) = conn.execute(
        "SELECT count(*) FROM erasing WHERE token_id=:token_id AND at_ms>=:since_ms", words
    ).fetchone()
    return int(count)


def note(conn: Connection, token_id: str, *, now_ms: int) -> None:
    conn.execute(
        "INSERT INTO erasing (token_id, at_ms, id) VALUES (:token_id, :now_ms, :id)",
        {"token_id": token_id, "now_ms": now_ms, "id": os.urandom(8)},
    )


def allow(conn: Connection, token_id: str, *, most: int, until_ms: int) -> None:
    conn.execute(
        """
        INSERT INTO erasing_allowed (token_id, most, until_ms) VALUES (:token_id, :most, :until_ms)
        ON CONFLICT (token_id) DO UPDATE SET most=excluded.most, until_ms=excluded.until_ms
        """,
        {"token_id": token_id, "most": most, "until_ms": until_ms},
    )


def allowed(conn: Connection, token_id: str, *, now_ms: int) -> int:
    """How many within the hour were allowed by hand, 0 where nothing was or its time is over."""
    row = conn.execute(
        "SELECT most, until_ms FROM erasing_allowed WHERE token_id=:token_id", {"token_id": token_id}
    ).fetchone()
    return int(row[0]) if row and row[1] > now_ms else 0
