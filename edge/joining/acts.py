"""What happens: somebody becomes known, and a card becomes somebody's. Each runs whole in one transaction."""

from collections.abc import Sequence
from sqlite3 import Connection

from edge.consent import tables as consent
from edge.joining.facts import CredentialBlocked, CredentialBound, CustomerJoined
from edge.kit.ids import NewId
from edge.recognition import marks
from edge.recognition import tables as recognition
from edge.recognition.evidence import Mark
from edge.staff.deeds import Doer, note
from edge.visits.rules import Presented, VisitFact, presented


def join(
    conn: Connection,
    new: CustomerJoined,
    *,
    reader: str,
    how: str,
    new_id: NewId,
    watching: Sequence[str],
    quiet_ms: int,
    mark: Mark | None = None,
) -> list[CustomerJoined | VisitFact]:
    """Somebody confirmed: they are a customer, and here if they want to be recognised.

    No facts when their card became somebody's meanwhile: a card is never taken away from anyone. One that saved
    without a name is its holder's.
    """
    if new.hash and recognition.is_taken(conn, new.hash):
        return []
    if mark is not None:  # what the card proved when it was held there: that proof is used up
        marks.take(conn, new.hash, customer_id=new.customer_id, mark=mark, now_ms=new.at_ms)
    facts: list[CustomerJoined | VisitFact] = [new]
    if any(yes.purpose == "recognition" for yes in new.consents):
        here = Presented(new.customer_id, reader=reader, how=how, evidence="weak", at_ms=new.at_ms)
        facts += presented(here, None, new_id=new_id, watching=watching, quiet_ms=quiet_ms)
    return facts


def bind(
    conn: Connection,
    new: CredentialBound,
    *,
    recipient: str,
    doer: Doer,
    lost: CredentialBlocked | None = None,
) -> list[CredentialBound | CredentialBlocked]:
    """A card becomes this customer's, and the `lost` one it comes for is blocked with it.

    No facts when it is anybody's already (theirs: nothing is left to do), when there is no basis any more to pick
    this customer out by name, or when the lost one is not theirs.
    """
    if recognition.is_taken(conn, new.hash):
        return []
    if not consent.holds(conn, new.customer_id, purpose="recognition", recipient=recipient, now_ms=new.at_ms):
        return []
    if lost is not None and not _is_theirs(conn, lost, recipient=recipient):
        return []
    note(conn, doer, what="bind_card" if lost is None else "replace_card", now_ms=new.at_ms)
    return [new] if lost is None else [new, lost]


def block(
    conn: Connection, lost: CredentialBlocked, *, recipient: str, doer: Doer, visit_id: bytes
) -> list[CredentialBlocked]:
    """A card of this customer is lost. No facts when it is not theirs, or blocked already."""
    if not _is_theirs(conn, lost, recipient=recipient):
        return []
    note(conn, doer, what="block_card", reason=lost.why, visit_id=visit_id, now_ms=lost.at_ms)
    return [lost]


def _is_theirs(conn: Connection, lost: CredentialBlocked, *, recipient: str) -> bool:
    """Whether it is a card of this customer that still works."""
    found = recognition.find(conn, lost.hash, recipient=recipient, now_ms=lost.at_ms)
    return found is not None and found.customer_id == lost.customer_id and not found.blocked
