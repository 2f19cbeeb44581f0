"""The list of staff as headquarters keeps it: who comes, changes and leaves. PINs are given in the shop."""

from collections.abc import Sequence
from sqlite3 import Connection

from edge.staff import drafts


def put(conn: Connection, number: str, *, name: str, role: str, language: str, new_id: bytes) -> None:
    """Add or change somebody by personnel number; whoever of this name has none yet is taken for the same person."""
    held = conn.execute(
        "SELECT id FROM staff WHERE number=? OR (number IS NULL AND name=?) ORDER BY number IS NULL",
        (number, name),
    ).fetchone()
    taken = conn.execute(
        "SELECT 1 FROM staff WHERE name=? AND id<>?", (name, held[0] if held else b"")
    ).fetchone()
    called = f"{name} ({number})" if taken else name
    if held:
        conn.execute("UPDATE staff SET number=?, name=?, role=? WHERE id=?", (number, called, role, held[0]))
        return
    conn.execute(
        "INSERT INTO staff (id, name, role, language, pin_hash, number) VALUES (?, ?, ?, ?, '', ?)",
        (new_id, called, role, language, number),
    )


def drop(conn: Connection, number: str) -> None:
    """Somebody works here no longer: signed out everywhere, with no badge and no tile."""
    row = conn.execute("SELECT id FROM staff WHERE number=?", (number,)).fetchone()
    if row is None:
        return
    for table in ("staff_session", "pin_try", "staff_badge"):
        conn.execute(f"DELETE FROM {table} WHERE staff_id=?", row)
    drafts.drop_ended(conn)
    conn.execute("DELETE FROM staff WHERE id=?", row)


def keep_only(conn: Connection, numbers: Sequence[str]) -> None:
    """The list came whole: whoever headquarters once sent and is not on it works here no longer."""
    held = conn.execute("SELECT number FROM staff WHERE number IS NOT NULL").fetchall()
    for (number,) in held:
        if number not in numbers:
            drop(conn, number)


def give_pin(conn: Connection, name: str, pin_hash: str) -> bool:
    """The first PIN of somebody whom headquarters sent; False when there is nobody without one of that name."""
    done = conn.execute("UPDATE staff SET pin_hash=? WHERE name=? AND pin_hash=''", (pin_hash, name))
    return done.rowcount == 1
