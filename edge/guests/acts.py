"""What happens to members of another shop: they go when their visit is over, and earn where nobody can be asked."""

from sqlite3 import Connection
from typing import Final

from edge.consent import tables as consent
from edge.guests import tables
from edge.guests.facts import GuestLeft, GuestSaved
from edge.guests.tables import Stay
from edge.recognition import tables as recognition
from edge.wallet.rules import Asked, Instrument, is_amount

# A stay without a visit, of somebody who does not want to be recognised, or no longer: their visit ended with that
# yes, and their card still opens their balance while they stand at the counter.
STAY_MS: Final = 5 * 60_000
MOST: Final = 50


def leave(conn: Connection, *, now_ms: int, stay_ms: int = STAY_MS) -> list[GuestLeft]:
    """Say whose visit is over, again until `forget` is done: a hub that heard it already does nothing.

    `stay_ms`: how long a stay without a visit lasts.
    """
    stays = tables.over(conn, before_ms=now_ms - stay_ms, most=MOST)
    return [GuestLeft(stay.customer_id, stay.since_ms, now_ms) for stay in stays]


def forget(conn: Connection, stays: list[Stay]) -> None:
    """Take all out of the replica that it holds of them, also while there is no line: the visit is over."""
    for stay in stays:
        if tables.is_of(conn, stay):
            gone(conn, stay.customer_id)


def gone(conn: Connection, customer_id: bytes) -> None:
    """No resident and no guest any more. What was withdrawn or blocked here stays in the journal."""
    recognition.forget(conn, customer_id)
    consent.forget(conn, customer_id, schema="replica")
    tables.drop(conn, customer_id)


def save(
    conn: Connection, asked: Asked, *, card: bytes, instrument: Instrument, amount: int
) -> list[GuestSaved]:
    """A card nobody here knows earns points or stamps, once a form; redeeming needs to know whose it is."""
    if not is_amount(amount) or tables.written(conn, asked.line_id) is not None:
        return []
    return [
        GuestSaved(
            line_id=asked.line_id,
            card=card,
            instrument=instrument,
            delta=amount,
            role=asked.role,
            staff_id=asked.staff_id,
            at_ms=asked.at_ms,
        )
    ]
