"""What stands in front of the pages: how one gets in, and what to do when something is not as expected."""

from dataclasses import dataclass
from typing import Final

from edge.kit.words import key
from sync.hub.portal.sheets import Frame

# Title, sentence, next step.
DOORS: Final[dict[str, tuple[str, str, str]]] = {
    "closed": (key("door.closed"), key("door.closed.why"), key("door.closed.then")),
    "used": (key("door.used"), key("door.used.why"), key("door.used.then")),
    "open": (key("door.open"), key("door.open.why"), key("door.open.then")),
    "form": (key("door.form"), key("door.form.why"), key("door.form.then")),
    "absent": (key("door.absent"), key("door.absent.why"), key("door.absent.then")),
    "broken": (key("door.broken"), key("door.broken.why"), key("door.broken.then")),
}


@dataclass(frozen=True, slots=True)
class Door:
    frame: Frame
    kind: str
    title: str
    why: str
    then: str
