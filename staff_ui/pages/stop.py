"""A customer does not want to be recognised: asked once, done at once, without any network."""

from dataclasses import dataclass, field

from litestar import Response
from litestar.response import Redirect

from edge import jobs
from edge.consent import acts as consent
from edge.staff.deeds import note
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.named import open_visit
from staff_ui.pages.said import said
from staff_ui.pages.values import initials
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame


@dataclass(frozen=True, slots=True)
class Stop:
    """The question names nobody: the customer is standing beside the tablet and reads along.

    Initials and the reader tell colleagues that it is the right visit.
    """

    frame: Frame
    visit: str
    initials: str = field(repr=False)
    where: str = field(repr=False)


async def stop(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/stop`: the question."""
    around = frame(desk, request, guest)
    house, found = desk.house, open_visit(desk, request)
    name = house.names.of(house.db.reader, found.customer_id, now_ms=house.time.now_ms())
    it = Stop(
        frame=around,
        visit=found.visit_id.hex(),
        initials=initials(name) or "·",
        where=words(desk, around).say("stop.where", reader=found.reader),
    )
    return html(desk, "stop.html", it, language=around.language)


async def stop_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/stop`: withdraws the consent to recognition and ends the visit."""
    await own_form(request, guest.tablet)
    house, found = desk.house, open_visit(desk, request)
    recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
    withdrawn = await house.db.write(
        consent.withdraw,
        found.customer_id,
        purpose="recognition",
        recipient=recipient,
        now_ms=now_ms,
        said=said(words(desk, frame(desk, request, guest)), how="desk"),
    )
    # From here on no tablet may show the card, whatever becomes of the visit itself.
    house.live.tell("visits", withdrawn.seq)
    await house.db.apply(note, guest.who.doer, what="stop", visit_id=found.visit_id, now_ms=now_ms)
    await jobs.end_without_basis(house)
    return Redirect("/", status_code=303, headers={"cache-control": "no-store"})
