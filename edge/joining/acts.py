"""What happens: somebody becomes known, and a card becomes somebody's. Each runs whole in one transaction."""

from collections.abc import Sequence
from sqlite3 import Connection

from edge.joining import tables
from edge.joining.facts import CredentialBound, CustomerJoined
from edge.kit.ids import NewId
from edge.recognition import tables as recognition
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
) -> list[CustomerJoined | VisitFact]:
    """Somebody confirmed: they are a customer, and here if they want to be recognised.

    No facts when their card became somebody's meanwhile: a card is never taken away from anyone.
    """
    if new.hash and recognition.is_known(conn, new.hash):
        return []
    facts: list[CustomerJoined | VisitFact] = [new]
    if any(yes.purpose == "recognition" for yes in new.consents):
        here = Presented(new.customer_id, reader=reader, how=how, evidence="weak", at_ms=new.at_ms)
        facts += presented(here, None, new_id=new_id, watching=watching, quiet_ms=quiet_ms)
    return facts


def bind(conn: Connection, new: CredentialBound, *, recipient: str) -> list[CredentialBound]:
    """A card becomes this customer's. No facts when it is anybody's already (theirs: nothing is left to do),
    or when there is no basis any more to pick this customer out by name."""
    if recognition.is_known(conn, new.hash):
        return []
    named = tables.may(conn, new.customer_id, purpose="recognition", recipient=recipient, now_ms=new.at_ms)
    return [new] if named else []
