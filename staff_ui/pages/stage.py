"""The stage of the demo: six people who can be tapped, and the way to the tablet. Only there, only on loopback."""

from dataclasses import dataclass

from litestar import Response
from litestar.response import Redirect

from edge.kit.errors import Gone
from edge.staff import acts
from staff_ui.desk import Desk, Guest, Stage, frame, html
from staff_ui.security import Ask, form_token, own_form
from staff_ui.sheets import Frame

# The stage is nobody's tablet: its forms carry a token of this name, beside what the browser says of itself.
FORMS = "stage"


@dataclass(frozen=True, slots=True)
class StagePage:
    frame: Frame
    own: str
    people: tuple[tuple[str, str], ...]
    stranger: str
    staff: str
    pin: str


def on(desk: Desk) -> Stage:
    """The stage of this house; raises Gone where there is none."""
    if desk.stage is None:
        raise Gone("there is no stage here", code="U05", hint="run `welkom demo`")
    return desk.stage


async def stage(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /demo`."""
    here = on(desk)
    around = frame(desk, request, guest)
    it = StagePage(
        frame=around,
        own=form_token(FORMS),
        people=here.people,
        stranger=here.stranger,
        staff=here.staff,
        pin=here.pin,
    )
    return html(desk, "stage.html", it, language=around.language)


async def tap_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /demo/tap`: field `barcode`, one of the stage's own."""
    here = on(desk)
    form = await own_form(request, FORMS)
    barcode = form.get("barcode", "")
    if barcode in {here.stranger, *(number for _, number in here.people)}:
        here.tap(barcode)
    return Redirect("/demo", status_code=303, headers={"cache-control": "no-store"})


async def tablet(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /demo/tablet`: makes whatever browser opens it a tablet, which only a demo may do."""
    on(desk)
    house = desk.house
    code = await house.db.apply(acts.pair_code, "demo", now_ms=house.time.now_ms())
    return Redirect(f"/pair/{code}", status_code=303, headers={"cache-control": "no-store"})
