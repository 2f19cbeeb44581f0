"""What a customer asks for on their own page in the shop: set right, be forgotten. Headquarters carries it out.

Kept in the journal until headquarters did, so it outlives a power cut and a day without a line, and said before any
fact once there is one. What they say is right lies sealed with their own key, and goes with it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from sqlite3 import Connection
from typing import cast

import msgspec

from edge.consent import acts as consents
from edge.consent.facts import ConsentWithdrawn
from edge.consent.tables import choices
from edge.kit.seal import seal, trait_place
from edge.presence import beacons
from edge.recognition.evidence import Evidence
from edge.recognition.profile import unwrap
from edge.staff.deeds import Doer, note
from edge.wallet.tables import stay
from sync.own_request import ENOUGH, PLACE, Kind

__all__ = ["ENOUGH", "Kind", "Request", "correct", "done", "drop", "forget", "of", "sealed", "waiting"]


@dataclass(frozen=True, slots=True)
class Request:
    """`sealed` is JSON: `{"name": text}`, or `{"day": text, "month": text}`; empty of who wants to be forgotten.

    `stay` is what the hub signed of a guest's stay, written down as the wish is kept: later they may have left.
    """

    customer_id: bytes
    kind: Kind
    shown: Evidence
    at_ms: int
    sealed: bytes = field(default=b"", repr=False)
    stay: str = ""


def sealed(conn: Connection, customer_id: bytes, said: Mapping[str, str], *, kek: bytes, at_ms: int) -> bytes:
    """What they typed, for headquarters alone to open; empty where there is no key of theirs here."""
    wrapped = beacons.wrapped_key(conn, customer_id)
    if wrapped is None:
        return b""
    key, place = unwrap(kek, customer_id, wrapped), trait_place(customer_id, PLACE, at_ms)
    return seal(key, msgspec.json.encode(said), place)


def correct(conn: Connection, asked: Request, *, doer: Doer, visit_id: bytes) -> None:
    """Keep what they say is right; the last word of each kind counts."""
    note(conn, doer, what="own_correct", reason=asked.shown, visit_id=visit_id, now_ms=asked.at_ms)
    _put(conn, asked)


def forget(conn: Connection, asked: Request, *, doer: Doer, visit_id: bytes) -> list[ConsentWithdrawn]:
    """Keep that they want to be forgotten, and take back every yes of theirs here and now, asking nobody."""
    note(conn, doer, what="own_forget", reason=asked.shown, visit_id=visit_id, now_ms=asked.at_ms)
    conn.execute("DELETE FROM own_request WHERE customer_id=?", (asked.customer_id,))
    _put(conn, asked)
    facts: list[ConsentWithdrawn] = []
    for each in choices(conn, asked.customer_id):
        facts += consents.withdraw(
            conn, asked.customer_id, purpose=each.purpose, recipient=each.recipient, now_ms=asked.at_ms
        )
    return facts


def waiting(conn: Connection) -> list[Request]:
    """What headquarters did not carry out yet: who wants to be forgotten first, then the oldest first."""
    rows = conn.execute(
        """
        SELECT customer_id, kind, shown, at_ms, sealed, stay FROM own_request
        ORDER BY kind<>'forget', at_ms, customer_id, kind
        """
    )
    return [
        Request(id_, cast(Kind, kind), cast(Evidence, shown), at, body, stay)
        for id_, kind, shown, at, body, stay in rows
    ]


def of(conn: Connection, customer_id: bytes) -> frozenset[str]:
    """Which kinds of theirs still wait."""
    rows = conn.execute("SELECT kind FROM own_request WHERE customer_id=?", (customer_id,))
    return frozenset(kind for (kind,) in rows)


def done(conn: Connection, asked: Request) -> None:
    """Headquarters carried it out; what they said after it stays."""
    conn.execute(
        "DELETE FROM own_request WHERE customer_id=? AND kind=? AND at_ms<=?",
        (asked.customer_id, asked.kind, asked.at_ms),
    )


def drop(conn: Connection, customer_id: bytes) -> None:
    """They were forgotten."""
    conn.execute("DELETE FROM own_request WHERE customer_id=?", (customer_id,))


def _put(conn: Connection, asked: Request) -> None:
    conn.execute(
        """
        INSERT INTO own_request (customer_id, kind, shown, sealed, at_ms, stay) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (customer_id, kind) DO UPDATE SET
            shown=excluded.shown, sealed=excluded.sealed, at_ms=excluded.at_ms, stay=excluded.stay
        """,
        (
            asked.customer_id,
            asked.kind,
            asked.shown,
            asked.sealed,
            asked.at_ms,
            stay(conn, asked.customer_id),
        ),
    )
