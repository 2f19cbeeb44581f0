"""What a shop says to a hub that was put back: every "no" of this shop that it may not know (any more), and whom it
does not name here."""

from sqlite3 import Connection

from edge import missing
from edge.consent import tables as consent
from edge.facts import Fact
from edge.joining import tables as joining


def owe(conn: Connection) -> None:
    """Of each "no" that is kept here the hub may know nothing: owed until it was compared or said."""
    consent.owe(conn)
    joining.owe(conn)
    missing.owe(conn)


def owes(conn: Connection) -> bool:
    return consent.owes(conn) or joining.owes(conn) or missing.owes(conn)


def owe_nothing(conn: Connection) -> None:
    consent.owe_nothing(conn)
    joining.owe_nothing(conn)
    missing.owe_nothing(conn)


def unsaid(conn: Connection, *, now_ms: int) -> list[Fact]:
    """Of whom the hub names here, what its own register lacks."""
    return [*consent.unsaid(conn, now_ms=now_ms), *joining.unsaid(conn, now_ms=now_ms)]


def some_of_others(conn: Connection, *, most: int, now_ms: int) -> list[Fact]:
    """A slice of what is owed; where none is left of others, of residents nothing is owed any more either."""
    found: list[Fact] = [*consent.of_others(conn, most=most, now_ms=now_ms)]
    found += joining.of_others(conn, most=most, now_ms=now_ms)
    if not found:
        consent.owe_nothing(conn)
        joining.owe_nothing(conn)
        found += missing.some(conn, now_ms=now_ms)
    return found
