"""What happens: someone is seen, a visit ends, a card is looked at. Each runs whole in one transaction."""

from collections.abc import Sequence
from sqlite3 import Connection

from edge.kit.ids import NewId
from edge.recognition import tables as recognition
from edge.recognition.rules import Recognised, recognise
from edge.visits import tables
from edge.visits.facts import CardShown, VisitEnded
from edge.visits.rules import Presented, VisitFact, presented


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
) -> list[VisitFact]:
    """A credential was presented. No facts when, inside the transaction, nobody may be recognised by it."""
    found = recognition.find(conn, credential, recipient=recipient, now_ms=now_ms)
    if found is None or not isinstance(recognise(found), Recognised):
        return []
    what = Presented(found.customer_id, reader=reader, how=how, evidence=evidence, at_ms=now_ms)
    visit = tables.open_visit(conn, found.customer_id)
    return presented(what, visit, new_id=new_id, watching=watching, quiet_ms=quiet_ms)


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
) -> list[CardShown]:
    """A card or a wallet is about to be shown to a role: one line of the view log a visit, role and purpose."""
    visit = tables.arrival(conn, visit_id, recipient=recipient, now_ms=now_ms)
    if visit is None or tables.was_shown(conn, visit_id, role, purpose=purpose):
        return []
    return [
        CardShown(visit_id=visit_id, customer_id=visit.customer_id, role=role, purpose=purpose, at_ms=now_ms)
    ]
