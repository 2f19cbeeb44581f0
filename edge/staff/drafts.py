"""What somebody typed and did not send yet: kept by the server, sealed, an hour at most; never in a browser."""

from sqlite3 import Connection
from typing import Final

from edge.kit.errors import Corrupt
from edge.kit.seal import seal, unseal

KEEP_MS: Final = 3_600_000
# The longest form of ours (feedback) has 500 letters; a form has a handful of fields.
LONGEST: Final = 4_000


def _place(session_hash: bytes, form: str) -> bytes:
    return b"draft|" + session_hash + b"|" + form.encode()


def keep(conn: Connection, session_hash: bytes, form: str, text: str, *, kek: bytes, now_ms: int) -> None:
    """Keep `text` as what stands in `form`; nothing typed is nothing kept."""
    drop_old(conn, now_ms=now_ms)
    if not text or len(text) > LONGEST:
        drop(conn, session_hash, form)
        return
    sealed = seal(kek, text.encode(), _place(session_hash, form))
    conn.execute(
        """
        INSERT INTO draft (session_hash, form, sealed, at_ms) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET sealed=excluded.sealed, at_ms=excluded.at_ms
        """,
        (session_hash, form, sealed, now_ms),
    )


def kept(conn: Connection, session_hash: bytes, form: str, *, kek: bytes, now_ms: int) -> str:
    """What was typed into `form` within the hour; empty when nothing was."""
    row = conn.execute(
        "SELECT sealed FROM draft WHERE session_hash=? AND form=? AND at_ms>?",
        (session_hash, form, now_ms - KEEP_MS),
    ).fetchone()
    if row is None:
        return ""
    try:
        return unseal(kek, row[0], _place(session_hash, form)).decode()
    except Corrupt:
        return ""  # sealed with the key of another box: a draft is not worth a broken page


def drop(conn: Connection, session_hash: bytes, form: str) -> None:
    conn.execute("DELETE FROM draft WHERE session_hash=? AND form=?", (session_hash, form))


def drop_all(conn: Connection) -> None:
    """Drop them all: whom somebody typed a name of is not to be read from them, and one is being forgotten."""
    conn.execute("DELETE FROM draft")


def drop_old(conn: Connection, *, now_ms: int) -> None:
    """Drop what is older than the hour, and what belongs to a session that is over."""
    conn.execute("DELETE FROM draft WHERE at_ms<=?", (now_ms - KEEP_MS,))
    drop_ended(conn)


def drop_ended(conn: Connection) -> None:
    """Drop what belongs to a session that is over: a search that was typed is a customer's name."""
    conn.execute("DELETE FROM draft WHERE session_hash NOT IN (SELECT token_hash FROM staff_session)")
