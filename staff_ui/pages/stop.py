"""A customer does not want to be recognised: asked once, done at once, without any network."""

from dataclasses import dataclass, field

from litestar import Response
from litestar.response import Redirect

from edge.consent import acts as consent
from edge.kit.errors import Gone
from edge.visits import acts, tables
from edge.visits.tables import Arrival
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.pages.floor import visit_id
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame


@dataclass(frozen=True, slots=True)
class Stop:
    """The question names nobody: the customer is standing beside the tablet and reads along."""

    frame: Frame
    visit: str = field(repr=False)


async def stop(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/stop`: the question."""
    around = frame(desk, request, guest)
    it = Stop(frame=around, visit=_arrival(desk, request).visit_id.hex())
    return html(desk, "stop.html", it, language=around.language)


async def stop_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/stop`: withdraws the consent to recognition and ends the visit."""
    await own_form(request, guest.tablet)
    house, arrival = desk.house, _arrival(desk, request)
    recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
    withdrawn = await house.db.write(
        consent.withdraw, arrival.customer_id, purpose="recognition", recipient=recipient, now_ms=now_ms
    )
    # From here on no tablet may show the card, whatever becomes of the visit itself.
    house.live.tell("visits", withdrawn.seq)
    done = await house.db.write(acts.end_without_basis, now_ms=now_ms, recipient=recipient)
    house.live.tell("visits", done.seq)
    return Redirect("/", status_code=303, headers={"cache-control": "no-store"})


def _arrival(desk: Desk, request: Ask) -> Arrival:
    house, named = desk.house, visit_id(request.path_params["visit"])
    recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
    found = named and tables.arrival(house.db.reader, named, recipient=recipient, now_ms=now_ms)
    if not found:
        raise Gone("this visit is over", code="U06", hint="go back to the list")
    return found
