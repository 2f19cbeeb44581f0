"""What happens at the counter: points and stamps are earned and redeemed, with or without a line to the hub.

Everything is decided inside the transaction. No facts: it was written before, or it may not be; which of the two
says `tables.written`.
"""

from sqlite3 import Connection
from typing import Final, cast

from edge.consent.rules import Role
from edge.recognition import tables as recognition
from edge.staff.deeds import Doer, note
from edge.visits import tables as visits
from edge.visits.facts import CardShown
from edge.visits.here import arrival
from edge.visits.view_log import was_shown
from edge.wallet import policy, rules, tables
from edge.wallet.facts import WalletMoved
from edge.wallet.policy import Missing
from edge.wallet.rules import Asked, Balances, Instrument, Why
from edge.wallet.tables import Here

DAY_MS: Final = 24 * 3_600_000


def earn(
    conn: Connection, asked: Asked, *, instrument: Instrument, amount: int, here: Here
) -> list[WalletMoved]:
    """Add points or stamps to a card that the customer has."""
    customer_id, saved = _gather(conn, asked, here)
    card = saved and (saved.points if instrument == "points" else saved.stamps)
    if card is None or not rules.is_amount(amount):
        return []
    return [_line(conn, asked, customer_id, instrument, amount, "purchase")]


def redeem_stamps(conn: Connection, asked: Asked, *, here: Here) -> list[WalletMoved]:
    """Exchange one full stamp card for its one reward."""
    customer_id, saved = _gather(conn, asked, here)
    delta = rules.full_card(saved.stamps) if saved else None
    return [] if delta is None else _redeem(conn, asked, customer_id, "stamps", delta, here=here)


def redeem_points(conn: Connection, asked: Asked, *, amount: int, here: Here) -> list[WalletMoved]:
    """Exchange points, as far as they are there."""
    customer_id, saved = _gather(conn, asked, here)
    delta = rules.spend(saved.points, amount) if saved else None
    return [] if delta is None else _redeem(conn, asked, customer_id, "points", delta, here=here)


def is_there(conn: Connection, asked: Asked, instrument: Instrument, amount: int, *, here: Here) -> bool:
    """Whether that many points, or a full stamp card, are there to redeem, whatever has to be shown for it first."""
    _, saved = _gather(conn, asked, here)
    if saved is None:
        return False
    delta = rules.spend(saved.points, amount) if instrument == "points" else rules.full_card(saved.stamps)
    return delta is not None


def lacks(
    conn: Connection, asked: Asked, customer_id: bytes, instrument: Instrument, amount: int, *, here: Here
) -> Missing | None:
    """What has to be shown before this customer's points, or full stamp cards, may be redeemed."""
    limits = here.limits
    before = tables.redeemed(conn, customer_id, instrument, since_ms=asked.at_ms - DAY_MS)
    doing = policy.doing(instrument, amount, redeemed=before, limits=limits)
    if asked.customer_id:
        proved = policy.proved(asked.evidence, asked.proved_ms)
    else:
        proved = visits.proved(conn, asked.visit_id)
    held = policy.held(*proved, now_ms=asked.at_ms, limits=limits)
    eyes = asked.eyes not in (b"", asked.staff_id)
    return policy.missing(held, doing, eyes=eyes)


def look(
    conn: Connection,
    customer_id: bytes,
    note_id: bytes,
    *,
    role: Role,
    here: Here,
    doer: Doer,
    now_ms: int,
) -> list[CardShown]:
    """The balance of a card without a name is about to be shown: one line of the view log a note and colleague."""
    if was_shown(conn, note_id, role, purpose="saving", staff_id=doer.staff_id):
        return []
    if tables.balances(conn, customer_id, role=role, here=here, now_ms=now_ms) is None:
        return []
    return [
        CardShown(
            visit_id=note_id,
            customer_id=customer_id,
            role=role,
            purpose="saving",
            at_ms=now_ms,
            staff_id=doer.staff_id,
            device=doer.device,
        )
    ]


def _gather(conn: Connection, asked: Asked, here: Here) -> tuple[bytes, Balances | None]:
    """Whose wallet it is and what they saved; nothing when the line is written already or a basis ended.

    A visit needs the basis for recognition, a card that opens its balance alone does not; saving has its own in SQL.
    Such a card may have been blocked since it was held to the reader: then it opens nothing.
    """
    customer_id = asked.customer_id
    if customer_id and not recognition.opens(conn, asked.credential, customer_id):
        return b"", None
    if not customer_id:
        visit = arrival(conn, asked.visit_id, recipient=here.recipient, now_ms=asked.at_ms)
        customer_id = visit.customer_id if visit else b""
    if not customer_id or tables.is_written(conn, asked.line_id):
        return b"", None
    role = cast(Role, asked.role)
    return customer_id, tables.balances(conn, customer_id, role=role, here=here, now_ms=asked.at_ms)


def _redeem(
    conn: Connection, asked: Asked, customer_id: bytes, instrument: Instrument, delta: int, *, here: Here
) -> list[WalletMoved]:
    if lacks(conn, asked, customer_id, instrument, -delta if instrument == "points" else 1, here=here):
        return []
    if asked.eyes:
        visit_id = None if asked.customer_id else asked.visit_id
        colleague = Doer(asked.eyes, asked.tablet_hash)
        note(conn, colleague, what="looked_along", visit_id=visit_id, now_ms=asked.at_ms)
    return [_line(conn, asked, customer_id, instrument, delta, "reward")]


def _line(
    conn: Connection, asked: Asked, customer_id: bytes, instrument: Instrument, delta: int, why: Why
) -> WalletMoved:
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
        stay=tables.stay(conn, customer_id),
    )
