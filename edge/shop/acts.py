"""What happens to the shop as a whole. None of it is a fact for the hub: run these through `Database.apply`."""

from sqlite3 import Connection

from edge.shop import rules, tables
from edge.staff.deeds import Doer, note


def set_busy(conn: Connection, on: bool, *, doer: Doer, now_ms: int) -> None:
    """Turn the busy mode on or off, for every tablet."""
    note(conn, doer, what="busy_on" if on else "busy_off", now_ms=now_ms)
    tables.set_busy(conn, on, now_ms=now_ms)


def say(conn: Connection, text: str, *, now_ms: int) -> bool:
    """Keep what somebody thinks of Welkom, without who; whether there was anything to keep."""
    kept = rules.feedback(text)
    if kept:
        tables.add_feedback(conn, kept, now_ms=now_ms)
    return bool(kept)
