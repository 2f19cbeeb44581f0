"""Every statement about staff, tablets, pairing codes, sessions and PIN tries."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final, Literal

DeviceKind = Literal["tablet", "display"]


@dataclass(frozen=True, slots=True)
class Staff:
    id: bytes
    name: str
    role: str
    language: str
    pin_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A session with its staff member, as kept over a restart."""

    token_hash: bytes = field(repr=False)
    tablet_hash: bytes = field(repr=False)
    staff_id: bytes
    name: str
    role: str
    language: str
    until_ms: int


def add_staff(conn: Connection, staff: Staff) -> None:
    conn.execute(
        "INSERT INTO staff (id, name, role, language, pin_hash) VALUES (?, ?, ?, ?, ?)",
        (staff.id, staff.name, staff.role, staff.language, staff.pin_hash),
    )


def names(conn: Connection) -> list[str]:
    """Who may sign in, in the order of the tiles."""
    return [name for (name,) in conn.execute("SELECT name FROM staff ORDER BY name COLLATE NOCASE")]


def by_name(conn: Connection, name: str) -> Staff | None:
    row = conn.execute(
        "SELECT id, name, role, language, pin_hash FROM staff WHERE name=?", (name,)
    ).fetchone()
    return Staff(*row) if row else None


def set_language(conn: Connection, staff_id: bytes, language: str) -> None:
    conn.execute("UPDATE staff SET language=? WHERE id=?", (language, staff_id))


def add_code(
    conn: Connection, code_hash: bytes, *, name: str, until_ms: int, kind: DeviceKind = "tablet"
) -> None:
    conn.execute(
        "INSERT INTO pairing (code_hash, name, until_ms, kind) VALUES (?, ?, ?, ?)",
        (code_hash, name, until_ms, kind),
    )


def take_code(conn: Connection, code_hash: bytes, *, now_ms: int) -> tuple[str, DeviceKind] | None:
    """Use a code up; name and kind of the device, None when it is unknown, used or too old."""
    row = conn.execute(
        "DELETE FROM pairing WHERE code_hash=? RETURNING name, kind, until_ms", (code_hash,)
    ).fetchone()
    conn.execute("DELETE FROM pairing WHERE until_ms<=?", (now_ms,))
    return (row[0], row[1]) if row and now_ms < row[2] else None


def add_tablet(
    conn: Connection, token_hash: bytes, *, name: str, now_ms: int, kind: DeviceKind = "tablet"
) -> None:
    conn.execute(
        "INSERT INTO tablet (token_hash, name, paired_ms, kind) VALUES (?, ?, ?, ?)",
        (token_hash, name, now_ms, kind),
    )


def is_tablet(conn: Connection, token_hash: bytes, *, kind: DeviceKind = "tablet") -> bool:
    """Whether a token is of a paired device of this kind: a display is no tablet."""
    found = conn.execute("SELECT 1 FROM tablet WHERE token_hash=? AND kind=?", (token_hash, kind)).fetchone()
    return found is not None


def tries(conn: Connection, staff_id: bytes, tablet_hash: bytes) -> tuple[int, int]:
    """Wrong PINs in a row, and until when (ms) no further one is taken."""
    row = conn.execute(
        "SELECT tries, locked_ms FROM pin_try WHERE staff_id=? AND tablet_hash=?", (staff_id, tablet_hash)
    ).fetchone()
    return (row[0], row[1]) if row else (0, 0)


def put_tries(conn: Connection, staff_id: bytes, tablet_hash: bytes, *, tries: int, locked_ms: int) -> None:
    conn.execute(
        """
        INSERT INTO pin_try (staff_id, tablet_hash, tries, locked_ms) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET tries=excluded.tries, locked_ms=excluded.locked_ms
        """,
        (staff_id, tablet_hash, tries, locked_ms),
    )


def clear_tries(conn: Connection, staff_id: bytes, tablet_hash: bytes) -> None:
    conn.execute("DELETE FROM pin_try WHERE staff_id=? AND tablet_hash=?", (staff_id, tablet_hash))


def add_session(
    conn: Connection, token_hash: bytes, *, staff_id: bytes, tablet_hash: bytes, until_ms: int
) -> None:
    conn.execute(
        "INSERT INTO staff_session (token_hash, staff_id, tablet_hash, until_ms) VALUES (?, ?, ?, ?)",
        (token_hash, staff_id, tablet_hash, until_ms),
    )


def end_sessions_of(conn: Connection, tablet_hash: bytes, *, now_ms: int) -> None:
    """End what is open on one tablet, and drop what is over anywhere."""
    conn.execute("DELETE FROM staff_session WHERE tablet_hash=? OR until_ms<=?", (tablet_hash, now_ms))


def end_session(conn: Connection, token_hash: bytes) -> None:
    conn.execute("DELETE FROM staff_session WHERE token_hash=?", (token_hash,))


_SESSIONS: Final = """
    SELECT s.token_hash, s.tablet_hash, p.id, p.name, p.role, p.language, s.until_ms
    FROM staff_session AS s JOIN staff AS p ON p.id=s.staff_id JOIN tablet AS t ON t.token_hash=s.tablet_hash
    WHERE s.until_ms>?"""


def sessions(conn: Connection, *, now_ms: int) -> Iterator[SessionRow]:
    """Sessions that are not over, of staff and tablets that still exist."""
    return (SessionRow(*row) for row in conn.execute(_SESSIONS, (now_ms,)))
