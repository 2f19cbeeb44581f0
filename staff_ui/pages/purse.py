"""Whose wallet is open: of a visit, or of a card that was just held to a reader, without a name."""

from dataclasses import dataclass, field

from edge.house import House
from edge.kit.errors import Gone
from edge.recognition.evidence import Evidence
from edge.recognition.tables import opens
from edge.visits.here import Arrival
from edge.wallet.policy import Limits
from edge.wallet.tables import Here
from staff_ui.desk import Desk
from staff_ui.pages.named import open_visit
from staff_ui.security import Ask


@dataclass(frozen=True, slots=True)
class Purse:
    """Whose wallet is open, and where: of a visit, or of a card alone; then `visit_id` is the note's id."""

    path: str
    visit_id: bytes
    customer_id: bytes = field(repr=False)
    visit: Arrival | None = field(default=None, repr=False)
    # Of the card alone; what a visit proved stands in its row.
    credential: bytes = field(default=b"", repr=False)
    evidence: Evidence = "weak"
    proved_ms: int = 0

    @property
    def nameless(self) -> bool:
        return self.visit is None


def limits(desk: Desk) -> Limits:
    return desk.house.config.wallet.limits


def here(house: House) -> Here:
    """As whom this house reads and writes wallets, and within which limits."""
    config = house.config
    return Here(config.shop.recipient, config.hub.device, house.keys.kek, config.wallet.limits)


def of_visit(desk: Desk, request: Ask) -> Purse:
    found = open_visit(desk, request)
    return Purse(f"/visits/{found.visit_id.hex()}/wallet", found.visit_id, found.customer_id, found)


def of_note(desk: Desk, request: Ask) -> Purse:
    house = desk.house
    note = house.counter.notes.of(request.path_params["note"])
    if note is None or not note.customer_id or not opens(house.db.reader, note.credential, note.customer_id):
        raise Gone("the card is not remembered any more", code="U15", hint="hold it to the reader again")
    return Purse(
        f"/saving/{note.key}",
        note.id,
        note.customer_id,
        credential=note.credential,
        evidence=note.proof.evidence,
        proved_ms=note.at_ms,
    )
