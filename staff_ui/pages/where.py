"""Where a customer stands who asked to be found: the zone, and for how long; each look is logged."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

from litestar import Response

from edge.consent import tables as consent
from edge.visits import tables as visits
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.looks import log_look
from staff_ui.pages.named import open_visit
from staff_ui.pages.values import text
from staff_ui.security import Ask
from staff_ui.sheets import Frame

FINDING = "finding"  # the purpose: a yes of its own, beside being recognised and being located


@dataclass(frozen=True, slots=True)
class Where:
    """`step`: `here`, `gone` when nobody hears them, `asked_not` without their yes, `off` in a shop that does not."""

    frame: Frame
    visit: str
    step: Literal["here", "gone", "asked_not", "off"]
    name: str = field(default="", repr=False)
    zone: str = field(default="", repr=False)
    ago: str = ""

    @property
    def now(self) -> str:
        """Changes when the page says something else, but for how long ago."""
        return sha256(repr((self.step, self.zone)).encode()).hexdigest()[:16]


async def where(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/where`."""
    house, around, found = desk.house, frame(desk, request, guest), open_visit(desk, request)
    now_ms, visit = house.time.now_ms(), found.visit_id.hex()
    if not house.config.presence.finding or house.radio is None:
        it = Where(around, visit, "off")
    elif not _may_be_found(desk, found.customer_id, now_ms=now_ms):
        it = Where(around, visit, "asked_not")
    else:
        name = text(house.names.of(house.db.reader, found.customer_id, now_ms=now_ms), "call")
        stay = house.radio.nearby.tracker.stays().get(found.customer_id.hex())
        if stay is None:
            it = Where(around, visit, "gone", name)
        else:
            await log_look(desk, found, guest, [FINDING])
            ago = words(desk, around).minutes(max(0, now_ms - round(stay.zone_since_s * 1000)))
            room = house.radio.plan.room(stay.zone)
            zone = room.name(around.language) if room is not None else stay.zone
            it = Where(around, visit, "here", name, zone, ago)
    return html(desk, "where.html", it, language=around.language)


def _may_be_found(desk: Desk, customer_id: bytes, *, now_ms: int) -> bool:
    """Whether they asked for it, and may still be located: a yes that ends by the clock tells nobody."""
    conn, recipient = desk.house.db.reader, desk.house.config.shop.recipient
    return consent.holds(
        conn, customer_id, purpose=FINDING, recipient=recipient, now_ms=now_ms
    ) and visits.may_be_near(conn, customer_id, recipient=recipient, now_ms=now_ms)
