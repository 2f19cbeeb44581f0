"""Who did what on which tablet, and why: a line for every write by staff.

Where it was at a visit the line names that, never the customer; an erasure takes it out.
"""

from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final

# A year: a complaint about what staff did comes within it, and it is no register of how colleagues work.
KEEP_MS: Final = 365 * 24 * 3_600_000
DEVICE_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Doer:
    """A colleague at a tablet."""

    staff_id: bytes
    tablet_hash: bytes = field(repr=False)

    @property
    def device(self) -> str:
        """The tablet as the chain of looks names it: told apart by it, and of no use to come in."""
        return self.tablet_hash[:DEVICE_BYTES].hex()


def note(
    conn: Connection,
    doer: Doer,
    *,
    what: str,
    now_ms: int,
    reason: str = "",
    visit_id: bytes | None = None,
) -> None:
    conn.execute(
        "INSERT INTO deed (at_ms, staff_id, tablet_hash, what, reason, visit_id) VALUES (?, ?, ?, ?, ?, ?)",
        (now_ms, doer.staff_id, doer.tablet_hash, what, reason, visit_id),
    )


def prune(conn: Connection, *, now_ms: int, most: int = 2_000) -> int:
    """Drop lines older than a year, in slices; how many went."""
    done = conn.execute(
        "DELETE FROM deed WHERE rowid IN (SELECT rowid FROM deed WHERE at_ms<? ORDER BY at_ms LIMIT ?)",
        (now_ms - KEEP_MS, most),
    )
    return done.rowcount
