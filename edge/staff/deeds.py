"""Who did what on which tablet, and why: a line for every write by staff, never naming a customer."""

from dataclasses import dataclass, field
from sqlite3 import Connection


@dataclass(frozen=True, slots=True)
class Doer:
    """A colleague at a tablet."""

    staff_id: bytes
    tablet_hash: bytes = field(repr=False)


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
