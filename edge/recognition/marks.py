"""Every statement about marks: how far a card's counter or a phone's time has come, of credentials that are ours."""

from sqlite3 import Connection
from typing import Final

from edge.recognition.facts import TapReplayed

# A card that nobody held to a reader for 13 months and that is nobody's any more: as visits.
KEEP_MS: Final = 396 * 24 * 3_600_000
# Whoever plays a recording plays it often: one fact an hour says it.
QUIET_MS: Final = 3_600_000

_TAKE: Final = """
    INSERT INTO mark (hash, customer_id, mark, at_ms) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET mark=excluded.mark, at_ms=excluded.at_ms WHERE excluded.mark>mark"""


def take(conn: Connection, credential: bytes, *, customer_id: bytes, mark: int, now_ms: int) -> bool:
    """Keep `mark` if it is above the last of this credential; False for a proof that was there before."""
    return conn.execute(_TAKE, (credential, customer_id, mark, now_ms)).rowcount == 1


def is_news(conn: Connection, credential: bytes, *, now_ms: int) -> bool:
    """Whether a replay of this credential has not been told for an hour."""
    row = conn.execute("SELECT replayed_ms FROM mark WHERE hash=?", (credential,)).fetchone()
    return row is None or row[0] is None or now_ms - row[0] >= QUIET_MS


def replayed(conn: Connection, fact: TapReplayed) -> None:
    conn.execute("UPDATE mark SET replayed_ms=? WHERE hash=?", (fact.at_ms, fact.hash))


def forget(conn: Connection, customer_id: bytes) -> None:
    conn.execute("DELETE FROM mark WHERE customer_id=?", (customer_id,))


def prune(conn: Connection, *, now_ms: int, most: int = 2_000) -> int:
    """Drop marks of cards that are nobody's here and were not seen for 13 months, in slices; how many went."""
    done = conn.execute(
        """
        DELETE FROM mark WHERE hash IN (
            SELECT hash FROM mark AS m WHERE m.at_ms<:before_ms
                AND NOT EXISTS (SELECT 1 FROM main.credential AS c WHERE c.hash=m.hash)
                AND NOT EXISTS (SELECT 1 FROM replica.credential AS c WHERE c.hash=m.hash)
            LIMIT :most)
        """,
        {"before_ms": now_ms - KEEP_MS, "most": most},
    )
    return done.rowcount
