"""Whom the journal names and the hub does not: they may have been erased since the backup it was put back from.

Of whom the hub erases it keeps a mark that tells nobody who it was; so it cannot name them to a box whose own files
are older than the erasure. That box names them, and is told to forget whoever has such a mark.
"""

from sqlite3 import Connection
from typing import Final

from edge.consent import tables as consent
from edge.joining.facts import CustomerMissed

AT_ONCE: Final = 2_000  # looked up in one transaction; to find them all facts are read, some 0.1 s at 100,000
_BEGIN: Final = ""  # below every id

_NAMED: Final = """
    WITH named(id) AS (
        SELECT lower(hex(customer_id)) FROM main.visit
        UNION SELECT CAST(body AS TEXT) ->> '$.customer_id' FROM main.outbox
        UNION SELECT CAST(body AS TEXT) ->> '$.customer_id' FROM main.outbox_past)
    SELECT id FROM named WHERE id>:after ORDER BY id LIMIT :most"""


def owe(conn: Connection) -> None:
    """Ask after all of them, once the hub has been followed to its end."""
    conn.execute("UPDATE main.hub SET asked_to=?", (_BEGIN,))


def owes(conn: Connection) -> bool:
    (asked_to,) = conn.execute("SELECT asked_to FROM main.hub").fetchone()
    return asked_to is not None


def owe_nothing(conn: Connection) -> None:
    conn.execute("UPDATE main.hub SET asked_to=NULL")


def some(conn: Connection, *, now_ms: int) -> list[CustomerMissed]:
    """The next who are asked after; once all were looked at nothing is owed any more."""
    (after,) = conn.execute("SELECT asked_to FROM main.hub").fetchone()
    if after is None:
        return []
    ids = [id_ for (id_,) in conn.execute(_NAMED, {"after": after, "most": AT_ONCE})]
    conn.execute("UPDATE main.hub SET asked_to=?", (ids[-1] if len(ids) == AT_ONCE else None,))
    missed = [each for each in map(bytes.fromhex, ids) if not _is_here(conn, each)]
    for each in missed:
        # A guest's yes that came after the backup is nobody's there: they are asked again, and not taken at it here.
        consent.forget_given(conn, each)
    return [CustomerMissed(each, now_ms) for each in missed]


def _is_here(conn: Connection, customer_id: bytes) -> bool:
    (found,) = conn.execute(
        "SELECT EXISTS (SELECT 1 FROM replica.customer WHERE id=?)", (customer_id,)
    ).fetchone()
    return bool(found)
