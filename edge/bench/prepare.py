"""What a measured appliance needs beside its customers: a configuration, paired tablets, signed-in staff."""

from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

from edge.config import toml
from edge.keys import Keys
from edge.kit.clock import SystemClock
from edge.kit.ids import uuid7_source
from edge.kit.sqlite import open_writer
from edge.staff import acts
from edge.staff.pins import hash_pin, token_hash
from staff_ui.security import cookie_name

NAME = "Bench"


def write_config(state: Path, keys: Keys, *, recipient: str, tablets: int) -> list[str]:
    """Write `welkom.toml` beside the files in `state`; a Cookie header for each of the signed-in tablets."""
    (state / "welkom.toml").write_text(
        f"[shop]\nrecipient = {toml(recipient)}\n[server]\nport = 0\n[store]\nstate = '.'\n", encoding="utf-8"
    )
    clock = SystemClock()
    new_id = uuid7_source(clock)
    with closing(open_writer(state / "journal.db")) as conn:
        # Every run starts with an empty shop: what an earlier one left would stand in the arrivals list.
        for table in ("visit", "view_log", "staff", "tablet", "staff_session"):
            conn.execute(f"DELETE FROM {table}")
        staff_id = new_id()
        pin_hash = hash_pin(keys.pin_pepper, "1234")
        acts.add_staff(conn, NAME, staff_id=staff_id, role="staff", language="nl", pin_hash=pin_hash)
        return [signed_in(conn, staff_id, clock.wall_ms()) for _ in range(tablets)]


def signed_in(conn: Connection, staff_id: bytes, now_ms: int) -> str:
    """A paired tablet with this person signed in on it, as the Cookie header it would send."""
    code = acts.pair_code(conn, "bench", now_ms=now_ms)
    tablet = acts.pair(conn, code, now_ms=now_ms)
    if tablet is None:
        raise AssertionError("a fresh code pairs")
    session = acts.sign_in(conn, staff_id, token_hash(tablet), now_ms=now_ms)
    cookies = {"tablet": tablet, "session": session}
    return "; ".join(f"{cookie_name(name, secure=False)}={value}" for name, value in cookies.items())
