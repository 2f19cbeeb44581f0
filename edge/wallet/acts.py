"""What happens at the counter: points and stamps are earned and redeemed, with or without a line to the hub.

Everything is decided inside the transaction. No facts: it was written before, or it may not be; which of the two
says `tables.written`.
"""

from sqlite3 import Connection
from typing import cast

from edge.consent.rules import Role
from edge.visits import tables as visits
from edge.wallet import rules, tables
from edge.wallet.facts import WalletMoved
from edge.wallet.rules import Asked, Balances, Instrument, Why
from edge.wallet.tables import Here


def earn(
    conn: Connection, asked: Asked, *, instrument: Instrument, amount: int, here: Here
) -> list[WalletMoved]:
    """Add points or stamps to a card that the customer has."""
    customer_id, saved = _gather(conn, asked, here)
    card = saved and (saved.points if instrument == "points" else saved.stamps)
    if card is None or not rules.is_amount(amount):
        return []
    return [_line(asked, customer_id, instrument, amount, "purchase")]


def redeem_stamps(conn: Connection, asked: Asked, *, here: Here) -> list[WalletMoved]:
    """Exchange one full stamp card for its one reward."""
    customer_id, saved = _gather(conn, asked, here)
    delta = rules.full_card(saved.stamps) if saved else None
    return [] if delta is None else [_line(asked, customer_id, "stamps", delta, "reward")]


def redeem_points(conn: Connection, asked: Asked, *, amount: int, here: Here) -> list[WalletMoved]:
    """Exchange points, as far as they are there."""
    customer_id, saved = _gather(conn, asked, here)
    delta = rules.spend(saved.points, amount) if saved else None
    return [] if delta is None else [_line(asked, customer_id, "points", delta, "reward")]


def _gather(conn: Connection, asked: Asked, here: Here) -> tuple[bytes, Balances | None]:
    """Whose visit it is and what they saved; nothing when the line is written already or a basis ended."""
    visit = visits.arrival(conn, asked.visit_id, recipient=here.recipient, now_ms=asked.at_ms)
    if visit is None or tables.is_written(conn, asked.line_id):
        return b"", None
    role = cast(Role, asked.role)
    return visit.customer_id, tables.balances(
        conn, visit.customer_id, role=role, here=here, now_ms=asked.at_ms
    )


def _line(asked: Asked, customer_id: bytes, instrument: Instrument, delta: int, why: Why) -> WalletMoved:
    return WalletMoved(
        line_id=asked.line_id,
        customer_id=customer_id,
        visit_id=asked.visit_id,
        instrument=instrument,
        delta=delta,
        why=why,
        role=asked.role,
        staff_id=asked.staff_id,
        at_ms=asked.at_ms,
    )
