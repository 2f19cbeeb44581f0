"""What staff and tablets do: be added, be paired, try a PIN, sign in and out.

None of it is a fact for the hub (it never gets staff PINs or sessions): run these through `Database.apply`.
"""

from sqlite3 import Connection

from edge.staff import tables
from edge.staff.deeds import Doer, note
from edge.staff.pins import new_token, token_hash
from edge.staff.rules import HOUR_MS, PAIRING_MS, SESSION_MS, Locked, StaffRole, Taken, take, worn_out


def add_staff(
    conn: Connection, name: str, *, staff_id: bytes, role: StaffRole, language: str, pin_hash: str
) -> None:
    """Add someone who may sign in; `pin_hash` is from `pins.hash_pin`. A name that is taken is an IntegrityError."""
    tables.add_staff(
        conn, tables.Staff(id=staff_id, name=name, role=role, language=language, pin_hash=pin_hash)
    )


def change_pin(conn: Connection, name: str, pin_hash: str) -> bool:
    """Another PIN, and tries anew on every tablet; False when nobody has this name. Whoever is signed in stays so."""
    staff = tables.by_name(conn, name)
    if staff is None:
        return False
    tables.set_pin(conn, staff.id, pin_hash)
    tables.clear_all_tries(conn, staff.id)
    return True


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


def pair(conn: Connection, code: str, *, now_ms: int, device_key: bytes | None = None) -> str | None:
    """Use a code up; the new device's token, None when the code is unknown, used or too old.

    A tablet with a `device_key` has to sign with it from now on: its cookie alone is worth nothing.
    """
    taken = tables.take_code(conn, token_hash(code), now_ms=now_ms)
    if taken is None:
        return None
    token, (name, kind) = new_token(), taken
    tables.add_tablet(conn, token_hash(token), name=name, now_ms=now_ms, kind=kind, device_key=device_key)
    return token


def remove_tablet(conn: Connection, name: str) -> int:
    """Every tablet of that name is none any more, and nobody is signed in on it; how many there were."""
    return tables.remove_tablets(conn, name)


def take_try(conn: Connection, staff_id: bytes, tablet_hash: bytes, *, now_ms: int) -> Locked | Taken:
    """Count a try before it is checked, so that neither many at once nor a pulled plug buys more of them."""
    worn = worn_out(tables.tries_on(conn, tablet_hash, since_ms=now_ms - HOUR_MS), now_ms=now_ms)
    if worn is not None:
        return worn
    tries, locked_ms = tables.tries(conn, staff_id, tablet_hash)
    taken = take(tries, locked_ms=locked_ms, now_ms=now_ms)
    if isinstance(taken, Taken):
        tables.put_tries(conn, staff_id, tablet_hash, tries=taken.tries, locked_ms=taken.until_ms)
        tables.add_try(conn, tablet_hash, now_ms=now_ms)
    return taken


def right_pin(conn: Connection, staff_id: bytes, tablet_hash: bytes) -> None:
    """The PIN was right: forget the tries."""
    tables.clear_tries(conn, staff_id, tablet_hash)
    tables.take_back_try(conn, tablet_hash)


def sign_in(conn: Connection, staff_id: bytes, tablet_hash: bytes, *, now_ms: int) -> str:
    """The PIN was right: forget the tries, end what was open on this tablet, and give a new token."""
    token = new_token()
    right_pin(conn, staff_id, tablet_hash)
    tables.end_sessions_of(conn, tablet_hash, now_ms=now_ms)
    tables.add_session(
        conn, token_hash(token), staff_id=staff_id, tablet_hash=tablet_hash, until_ms=now_ms + SESSION_MS
    )
    return token


def sign_out(conn: Connection, session_hash: bytes) -> None:
    tables.end_session(conn, session_hash)


def set_language(conn: Connection, staff_id: bytes, language: str) -> None:
    tables.set_language(conn, staff_id, language)


def unlock(conn: Connection, staff_id: bytes, *, doer: Doer, now_ms: int) -> None:
    """A manager lets a colleague try again after too many wrong PINs, on every tablet."""
    note(conn, doer, what="unlock", now_ms=now_ms)
    tables.clear_all_tries(conn, staff_id)


def unpair(conn: Connection, tablet_hash: bytes, *, doer: Doer, now_ms: int) -> None:
    """A tablet is the shop's no longer; whoever is signed in on it is not any more."""
    note(conn, doer, what="unpair", now_ms=now_ms)
    tables.remove_tablet(conn, tablet_hash)


def end_session(conn: Connection, session_hash: bytes, *, doer: Doer, now_ms: int) -> None:
    """A manager ends a session somewhere else."""
    note(conn, doer, what="end_session", now_ms=now_ms)
    tables.end_session(conn, session_hash)


def remove_badge(conn: Connection, staff_id: bytes, *, doer: Doer, now_ms: int) -> None:
    """This colleague's badge is nobody's any more."""
    note(conn, doer, what="remove_badge", now_ms=now_ms)
    tables.remove_badge(conn, staff_id)


def bind_badge(conn: Connection, badge: bytes, *, staff_id: bytes, doer: Doer, now_ms: int) -> None:
    """This badge chooses this colleague's tile from now on; it opens nothing by itself."""
    note(conn, doer, what="bind_badge", now_ms=now_ms)
    tables.put_badge(conn, badge, staff_id=staff_id)
