"""Every statement about staff, tablets, pairing codes, sessions and PIN tries."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import Final, Literal

from edge.staff import drafts
from edge.staff.rules import SESSION_MS

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
    bound: int = 0  # its tablet has a key of its own


@dataclass(frozen=True, slots=True)
class TabletRow:
    """`bound`: it has a key of its own beside its cookie."""

    name: str
    paired_ms: int
    bound: bool
    token_hash: bytes = field(repr=False)


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


def set_pin(conn: Connection, staff_id: bytes, pin_hash: str) -> None:
    conn.execute("UPDATE staff SET pin_hash=? WHERE id=?", (pin_hash, staff_id))


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
    conn: Connection,
    token_hash: bytes,
    *,
    name: str,
    now_ms: int,
    kind: DeviceKind = "tablet",
    device_key: bytes | None = None,
) -> None:
    conn.execute(
        "INSERT INTO tablet (token_hash, name, paired_ms, kind, device_key) VALUES (?, ?, ?, ?, ?)",
        (token_hash, name, now_ms, kind, device_key),
    )


def device_key(conn: Connection, token_hash: bytes) -> bytes | None:
    """The public key of a tablet, empty when it was paired without one, None when it is no tablet."""
    row = conn.execute(
        "SELECT coalesce(device_key, x'') FROM tablet WHERE token_hash=? AND kind='tablet'", (token_hash,)
    ).fetchone()
    return bytes(row[0]) if row else None


def tablets(conn: Connection) -> list[TabletRow]:
    """Every tablet, in the order of their names."""
    return [
        TabletRow(name, paired_ms, bool(bound), token_hash)
        for name, paired_ms, bound, token_hash in conn.execute(
            """
            SELECT name, paired_ms, device_key IS NOT NULL, token_hash FROM tablet
            ORDER BY name COLLATE NOCASE, paired_ms
            """
        )
    ]


def remove_tablets(conn: Connection, name: str) -> int:
    """Take every tablet of that name away with all that hangs on it; how many there were."""
    for table in ("staff_session", "pin_try"):
        conn.execute(
            f"DELETE FROM {table} WHERE tablet_hash IN (SELECT token_hash FROM tablet WHERE name=?)", (name,)
        )
    drafts.drop_ended(conn)
    conn.execute("DELETE FROM pairing WHERE name=?", (name,))
    return conn.execute("DELETE FROM tablet WHERE name=?", (name,)).rowcount


def is_display(conn: Connection, token_hash: bytes) -> bool:
    """Whether a token is of a paired display; a display is no tablet, and the other way about."""
    found = conn.execute(
        "SELECT 1 FROM tablet WHERE token_hash=? AND kind='display'", (token_hash,)
    ).fetchone()
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
    drafts.drop_ended(conn)


def prune(conn: Connection, *, now_ms: int) -> None:
    """Drop sessions that are over, and tries of a working day ago."""
    conn.execute("DELETE FROM staff_session WHERE until_ms<=?", (now_ms,))
    drafts.drop_ended(conn)
    conn.execute("DELETE FROM tablet_try WHERE at_ms<=?", (now_ms - SESSION_MS,))


def end_session(conn: Connection, token_hash: bytes) -> None:
    conn.execute("DELETE FROM draft WHERE session_hash=?", (token_hash,))
    conn.execute("DELETE FROM staff_session WHERE token_hash=?", (token_hash,))


_SESSIONS: Final = """
    SELECT s.token_hash, s.tablet_hash, p.id, p.name, p.role, p.language, s.until_ms,
        t.device_key IS NOT NULL
    FROM staff_session AS s JOIN staff AS p ON p.id=s.staff_id JOIN tablet AS t ON t.token_hash=s.tablet_hash
    WHERE s.until_ms>?"""


def sessions(conn: Connection, *, now_ms: int) -> Iterator[SessionRow]:
    """Sessions that are not over, of staff and tablets that still exist."""
    return (SessionRow(*row) for row in conn.execute(_SESSIONS, (now_ms,)))


def present(conn: Connection, *, now_ms: int) -> set[bytes]:
    """Hashes of the sessions that may still be used, as the file has it now."""
    return {row.token_hash for row in sessions(conn, now_ms=now_ms)}


def everybody(conn: Connection) -> list[Staff]:
    """All staff, in the order of the tiles."""
    rows = conn.execute("SELECT id, name, role, language, pin_hash FROM staff ORDER BY name COLLATE NOCASE")
    return [Staff(*row) for row in rows]


def locked(conn: Connection, *, now_ms: int) -> set[bytes]:
    """Staff who may not try a PIN now on some tablet."""
    return {each for (each,) in conn.execute("SELECT staff_id FROM pin_try WHERE locked_ms>?", (now_ms,))}


def remove_tablet(conn: Connection, tablet_hash: bytes) -> None:
    conn.execute("DELETE FROM staff_session WHERE tablet_hash=?", (tablet_hash,))
    drafts.drop_ended(conn)
    conn.execute("DELETE FROM tablet WHERE token_hash=?", (tablet_hash,))


def clear_all_tries(conn: Connection, staff_id: bytes) -> None:
    conn.execute("DELETE FROM pin_try WHERE staff_id=?", (staff_id,))


def tries_on(conn: Connection, tablet_hash: bytes, *, since_ms: int) -> list[int]:
    """When a PIN was tried on a tablet, oldest first; older ones are dropped."""
    conn.execute("DELETE FROM tablet_try WHERE at_ms<=?", (since_ms,))
    rows = conn.execute("SELECT at_ms FROM tablet_try WHERE tablet_hash=? ORDER BY at_ms", (tablet_hash,))
    return [at_ms for (at_ms,) in rows]


def add_try(conn: Connection, tablet_hash: bytes, *, now_ms: int) -> None:
    conn.execute("INSERT INTO tablet_try (tablet_hash, at_ms) VALUES (?, ?)", (tablet_hash, now_ms))


def take_back_try(conn: Connection, tablet_hash: bytes) -> None:
    """The last try was right: it counts no longer."""
    conn.execute(
        """
        DELETE FROM tablet_try WHERE rowid=(
            SELECT rowid FROM tablet_try WHERE tablet_hash=? ORDER BY at_ms DESC LIMIT 1)
        """,
        (tablet_hash,),
    )


def put_badge(conn: Connection, badge: bytes, *, staff_id: bytes) -> None:
    conn.execute("DELETE FROM staff_badge WHERE staff_id=?", (staff_id,))
    conn.execute("INSERT OR REPLACE INTO staff_badge (hash, staff_id) VALUES (?, ?)", (badge, staff_id))


def remove_badge(conn: Connection, staff_id: bytes) -> None:
    conn.execute("DELETE FROM staff_badge WHERE staff_id=?", (staff_id,))


def badge_of(conn: Connection, badge: bytes) -> str | None:
    """Whose badge this is, by name."""
    row = conn.execute(
        "SELECT s.name FROM staff_badge AS b JOIN staff AS s ON s.id=b.staff_id WHERE b.hash=?", (badge,)
    ).fetchone()
    return None if row is None else str(row[0])


def badged(conn: Connection) -> set[bytes]:
    """Staff who have a badge."""
    return {each for (each,) in conn.execute("SELECT staff_id FROM staff_badge")}
