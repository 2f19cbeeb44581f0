"""Every statement about marks: how far a card's counter came, which proofs of phones are spent; of ours alone.

This is all that is kept of a tap by whoever is not recognised: a counter with the 30 days in which it was, or the
time in a phone's proof for as long as a copy of it could count.
"""

from sqlite3 import Connection
from typing import Final

from edge.recognition.evidence import AFTER_MS, BEFORE_MS, Mark, Reads
from edge.recognition.facts import TapReplayed

# A card that nobody held to a reader for 13 months and that is nobody's any more: as visits.
KEEP_MS: Final = 396 * 24 * 3_600_000
# A mark says no more of when its card was here than pruning has to know.
MONTH_MS: Final = 30 * 24 * 3_600_000
# Whoever plays a recording plays it often: one fact an hour says it.
QUIET_MS: Final = 3_600_000

_COUNT: Final = """
    INSERT INTO mark (hash, customer_id, mark, at_ms) VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET mark=excluded.mark, at_ms=excluded.at_ms WHERE excluded.mark>mark"""
_SPEND: Final = "INSERT INTO spent (hash, signed_ms, customer_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING"


def take(conn: Connection, credential: bytes, *, customer_id: bytes, mark: Mark, now_ms: int) -> bool:
    """Use up this proof of the credential; False for one that was there before."""
    if isinstance(mark, Reads):
        row = (credential, customer_id, mark.ctr, now_ms - now_ms % MONTH_MS)
        return conn.execute(_COUNT, row).rowcount == 1
    return conn.execute(_SPEND, (credential, mark.at_ms, customer_id)).rowcount == 1


def is_spent(conn: Connection, credential: bytes, *, signed_ms: int) -> bool:
    """Whether this proof of the credential was used up."""
    row = conn.execute("SELECT 1 FROM spent WHERE hash=? AND signed_ms=?", (credential, signed_ms)).fetchone()
    return row is not None


_TOLD: Final = """
    SELECT max(replayed_ms) FROM (
        SELECT replayed_ms FROM mark WHERE hash=:hash UNION ALL SELECT replayed_ms FROM spent WHERE hash=:hash)"""


def is_news(conn: Connection, credential: bytes, *, now_ms: int) -> bool:
    """Whether a replay of this credential has not been told for an hour."""
    (told_ms,) = conn.execute(_TOLD, {"hash": credential}).fetchone()
    return told_ms is None or now_ms - told_ms >= QUIET_MS


def replayed(conn: Connection, fact: TapReplayed) -> None:
    for table in ("mark", "spent"):
        conn.execute(f"UPDATE {table} SET replayed_ms=? WHERE hash=?", (fact.at_ms, fact.hash))


def forget(conn: Connection, customer_id: bytes) -> None:
    for table in ("mark", "spent"):
        conn.execute(f"DELETE FROM {table} WHERE customer_id=?", (customer_id,))


def drop_spent(conn: Connection, *, now_ms: int) -> int:
    """Drop proofs of phones that could count no more, also by a clock that was ahead a little; how many went."""
    return conn.execute("DELETE FROM spent WHERE signed_ms<?", (now_ms - BEFORE_MS - AFTER_MS,)).rowcount


def prune(conn: Connection, *, now_ms: int, most: int = 2_000) -> int:
    """Drop counters of cards that are nobody's here and were not seen for 13 months, in slices; how many went."""
    done = conn.execute(
        """
        DELETE FROM mark WHERE hash IN (
            SELECT hash FROM mark AS m WHERE m.at_ms<:before_ms
                AND NOT EXISTS (SELECT 1 FROM main.credential AS c WHERE c.hash=m.hash)
                AND NOT EXISTS (SELECT 1 FROM replica.credential AS c WHERE c.hash=m.hash)
            LIMIT :most)
        """,
        {"before_ms": now_ms - KEEP_MS - MONTH_MS, "most": most},
    )
    return done.rowcount
