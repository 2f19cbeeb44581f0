"""What staff and tablets do: be added, be paired, try a PIN, sign in and out.

None of it is a fact for the hub (it never gets staff PINs or sessions): run these through `Database.apply`.
"""

from sqlite3 import Connection

from edge.staff import tables
from edge.staff.pins import new_token, token_hash
from edge.staff.rules import PAIRING_MS, SESSION_MS, Locked, StaffRole, Taken, take


def add_staff(
    conn: Connection, name: str, *, staff_id: bytes, role: StaffRole, language: str, pin_hash: str
) -> None:
    """Add someone who may sign in; `pin_hash` is from `pins.hash_pin`. A name that is taken is an IntegrityError."""
    tables.add_staff(
        conn, tables.Staff(id=staff_id, name=name, role=role, language=language, pin_hash=pin_hash)
    )


def pair_code(
    conn: Connection,
    name: str,
    *,
    now_ms: int,
    keep_ms: int = PAIRING_MS,
    kind: tables.DeviceKind = "tablet",
) -> str:
    """A single-use code: whichever browser opens `/pair/{code}` first becomes the tablet (or display) `name`."""
    code = new_token()
    tables.add_code(conn, token_hash(code), name=name, until_ms=now_ms + keep_ms, kind=kind)
    return code


def pair(conn: Connection, code: str, *, now_ms: int) -> str | None:
    """Use a code up; the new device's token, None when the code is unknown, used or too old."""
    taken = tables.take_code(conn, token_hash(code), now_ms=now_ms)
    if taken is None:
        return None
    token, (name, kind) = new_token(), taken
    tables.add_tablet(conn, token_hash(token), name=name, now_ms=now_ms, kind=kind)
    return token


def take_try(conn: Connection, staff_id: bytes, tablet_hash: bytes, *, now_ms: int) -> Locked | Taken:
    """Count a try before it is checked, so that neither many at once nor a pulled plug buys more of them."""
    tries, locked_ms = tables.tries(conn, staff_id, tablet_hash)
    taken = take(tries, locked_ms=locked_ms, now_ms=now_ms)
    if isinstance(taken, Taken):
        tables.put_tries(conn, staff_id, tablet_hash, tries=taken.tries, locked_ms=taken.until_ms)
    return taken


def sign_in(conn: Connection, staff_id: bytes, tablet_hash: bytes, *, now_ms: int) -> str:
    """The PIN was right: forget the tries, end what was open on this tablet, and give a new token."""
    token = new_token()
    tables.clear_tries(conn, staff_id, tablet_hash)
    tables.end_sessions_of(conn, tablet_hash, now_ms=now_ms)
    tables.add_session(
        conn, token_hash(token), staff_id=staff_id, tablet_hash=tablet_hash, until_ms=now_ms + SESSION_MS
    )
    return token


def sign_out(conn: Connection, session_hash: bytes) -> None:
    tables.end_session(conn, session_hash)


def set_language(conn: Connection, staff_id: bytes, language: str) -> None:
    tables.set_language(conn, staff_id, language)
