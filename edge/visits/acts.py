"""What happens: someone is seen, a visit ends, a card is looked at. Each runs whole in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from sqlite3 import Connection

from edge.kit.ids import NewId
from edge.recognition import marks
from edge.recognition import tables as recognition
from edge.recognition.evidence import Mark
from edge.recognition.facts import TapReplayed
from edge.recognition.rules import Recognised, recognise
from edge.staff.deeds import Doer, note
from edge.visits import tables
from edge.visits.facts import CardShown, HelpClaimed, HelpReleased, LeftAlone, VisitEnded
from edge.visits.here import arrival
from edge.visits.rules import REASONS, Presented, VisitFact, presented
from edge.visits.view_log import was_shown


def saw(
    conn: Connection,
    credential: bytes,
    *,
    reader: str,
    how: str,
    evidence: str,
    now_ms: int,
    new_id: NewId,
    recipient: str,
    quiet_ms: int,
    watching: Sequence[str],
    mark: Mark | None = None,
) -> list[VisitFact | TapReplayed]:
    """A credential was presented. No facts when, inside the transaction, nobody may be recognised by it.

    A proof whose `mark` was there before opens nothing; of a customer's own it is a fact, once an hour.
    """
    found = recognition.find(conn, credential, recipient=recipient, now_ms=now_ms)
    if found is None or not isinstance(recognise(found), Recognised):
        return []
    if mark is not None and not marks.take(
        conn, credential, customer_id=found.customer_id, mark=mark, now_ms=now_ms
    ):
        news = marks.is_news(conn, credential, now_ms=now_ms)
        return [TapReplayed(found.customer_id, credential, reader, now_ms)] if news else []
    what = Presented(found.customer_id, reader=reader, how=how, evidence=evidence, at_ms=now_ms)
    visit = tables.open_visit(conn, found.customer_id)
    return [*presented(what, visit, new_id=new_id, watching=watching, quiet_ms=quiet_ms)]


def near(
    conn: Connection,
    customer_id: bytes,
    *,
    reader: str,
    now_ms: int,
    new_id: NewId,
    recipient: str,
    quiet_ms: int,
) -> list[VisitFact]:
    """A customer's own device was heard in the shop. No facts when they may not be recognised and located now.

    It proves that they are here, and never that they may spend: as evidence of value it is weak. No card is shown
    by it: they stand in the list, and staff may open it.
    """
    if not tables.may_be_near(conn, customer_id, recipient=recipient, now_ms=now_ms):
        return []
    what = Presented(customer_id, reader=reader, how="near", evidence="weak", at_ms=now_ms)
    visit = tables.open_visit(conn, customer_id)
    return presented(what, visit, new_id=new_id, quiet_ms=quiet_ms)


def end_quiet(conn: Connection, *, now_ms: int, quiet_ms: int, most: int = 200) -> list[VisitEnded]:
    """End visits whose customer has not been seen for the quiet period."""
    quiet = tables.quiet_since(conn, now_ms - quiet_ms, most=most)
    return [VisitEnded(visit_id=visit_id, why="quiet", at_ms=now_ms) for visit_id in quiet]


def end_without_basis(conn: Connection, *, now_ms: int, recipient: str) -> list[VisitEnded]:
    """End visits of customers who may not be recognised any more: withdrawn, expired, erased."""
    gone = tables.without_basis(conn, recipient=recipient, now_ms=now_ms)
    return [VisitEnded(visit_id=visit_id, why="no_basis", at_ms=now_ms) for visit_id in gone]


def show(
    conn: Connection,
    visit_id: bytes,
    *,
    role: str,
    recipient: str,
    now_ms: int,
    purpose: str = "recognition",
    reason: str = "",
    doer: Doer | None = None,
) -> list[CardShown]:
    """A card, a wallet or a profile is about to be shown: one line of the view log a visit, role, purpose, reason.

    `doer` opened it; without one it came up on the tablets of the role by itself.
    """
    visit = arrival(conn, visit_id, recipient=recipient, now_ms=now_ms)
    staff_id = doer.staff_id if doer else b""
    if visit is None or was_shown(conn, visit_id, role, purpose=purpose, reason=reason, staff_id=staff_id):
        return []
    return [
        CardShown(
            visit_id=visit_id,
            customer_id=visit.customer_id,
            role=role,
            purpose=purpose,
            reason=reason,
            at_ms=now_ms,
            staff_id=staff_id,
            device=doer.device if doer else "",
        )
    ]


def claim(conn: Connection, visit_id: bytes, *, doer: Doer, recipient: str, now_ms: int) -> list[HelpClaimed]:
    """I help: the first to say so has it; for anybody else nothing happens, and `tables.helper_of` says who."""
    visit = arrival(conn, visit_id, recipient=recipient, now_ms=now_ms)
    if visit is None or visit.helper is not None:
        return []
    note(conn, doer, what="help", visit_id=visit_id, now_ms=now_ms)
    return [HelpClaimed(visit_id=visit_id, staff_id=doer.staff_id, at_ms=now_ms)]


def release(conn: Connection, visit_id: bytes, *, doer: Doer, now_ms: int) -> list[HelpReleased]:
    """The helper is done; only they can say so."""
    held = tables.helper_of(conn, visit_id)
    if held is None or held[0] != doer.staff_id:
        return []
    note(conn, doer, what="help_done", visit_id=visit_id, now_ms=now_ms)
    return [HelpReleased(visit_id=visit_id, staff_id=doer.staff_id, at_ms=now_ms)]


def leave_alone(
    conn: Connection, visit_id: bytes, *, alone: bool, doer: Doer, recipient: str, now_ms: int
) -> list[LeftAlone]:
    """The customer wants no advice in this visit, or does again; said for them by staff."""
    visit = arrival(conn, visit_id, recipient=recipient, now_ms=now_ms)
    if visit is None or visit.alone == alone:
        return []
    note(conn, doer, what="leave_alone" if alone else "not_alone", visit_id=visit_id, now_ms=now_ms)
    return [LeftAlone(visit_id=visit_id, by="staff", alone=alone, at_ms=now_ms)]


def judge_tip(
    conn: Connection,
    visit_id: bytes,
    *,
    day: str,
    source: str,
    good: bool,
    recipient: str,
    now_ms: int,
) -> bool:
    """A sentence was good or not: counted once a visit; whether it counted. No fact: it is about nobody."""
    if arrival(conn, visit_id, recipient=recipient, now_ms=now_ms) is None:
        return False
    return tables.tip(conn, visit_id, day=day, source=source, good=good, now_ms=now_ms)


@dataclass(frozen=True, slots=True)
class Opening:
    """Staff open a customer whom they found by name: for which reason, and from which tablet."""

    customer_id: bytes
    reason: str
    role: str
    reader: str


def open_found(
    conn: Connection,
    opening: Opening,
    *,
    doer: Doer,
    recipient: str,
    now_ms: int,
    new_id: NewId,
    quiet_ms: int,
) -> list[VisitFact]:
    """A visit "typed" by staff, with its line in the view log; no facts without a basis or a reason."""
    if opening.reason not in REASONS:
        return []
    if not recognition.may_recognise(conn, opening.customer_id, recipient=recipient, now_ms=now_ms):
        return []
    what = Presented(opening.customer_id, reader=opening.reader, how="typed", evidence="weak", at_ms=now_ms)
    held = tables.open_visit(conn, opening.customer_id)
    facts = presented(what, held, new_id=new_id, quiet_ms=quiet_ms)
    visit_id = facts[-1].visit_id
    note(conn, doer, what="open_found", visit_id=visit_id, reason=opening.reason, now_ms=now_ms)
    if not was_shown(conn, visit_id, opening.role, reason=opening.reason, staff_id=doer.staff_id):
        facts.append(
            CardShown(
                visit_id=visit_id,
                customer_id=opening.customer_id,
                role=opening.role,
                purpose="recognition",
                reason=opening.reason,
                at_ms=now_ms,
                staff_id=doer.staff_id,
                device=doer.device,
            )
        )
    return facts
