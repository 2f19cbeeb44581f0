"""What stands in front of the pages: how one gets in, and what to do when something is not as expected."""

from dataclasses import dataclass
from typing import Final

from sync.hub.portal.sheets import Frame
from sync.hub.portal.words import key

# Title, sentence, next step.
DOORS: Final[dict[str, tuple[str, str, str]]] = {
    "closed": (key("door.closed"), key("door.closed.why"), key("door.closed.then")),
    "used": (key("door.used"), key("door.used.why"), key("door.used.then")),
    "unsure": (key("door.unsure"), key("door.unsure.why"), key("door.unsure.then")),
    "open": (key("door.open"), key("door.open.why"), key("door.open.then")),
    "asked": (key("door.asked"), key("door.asked.why"), key("door.asked.then")),
    "unread": (key("door.unread"), key("door.unread.why"), key("door.unread.then")),
    "often": (key("door.often"), key("door.often.why"), key("door.often.then")),
    "confirmed": (key("door.confirmed"), key("door.confirmed.why"), key("door.confirmed.then")),
    "refused": (key("door.refused"), key("door.refused.why"), key("door.refused.then")),
    "minor": (key("door.minor"), key("door.minor.why"), key("door.refused.then")),
    "tried": (key("door.often"), key("door.tried.why"), key("door.tried.then")),
    "parent": (key("door.form"), key("join.wrong.parent"), key("door.refused.then")),
    "here": (key("door.here"), key("door.here.why"), key("door.here.then")),
    "form": (key("door.form"), key("door.form.why"), key("door.form.then")),
    "absent": (key("door.absent"), key("door.absent.why"), key("door.absent.then")),
    "broken": (key("door.broken"), key("door.broken.why"), key("door.broken.then")),
}
# The next step where the pages are headquarters': they have no page of their own as a customer has.
AT_HQ: Final = {"absent": key("door.absent.hq")}


@dataclass(frozen=True, slots=True)
class Door:
    frame: Frame
    kind: str
    title: str
    why: str
    then: str
    by_letter: bool = False
    by_passkey: bool = False
    phones: bool = False
