"""A customer's own page, onto their own phone: after their tap, and a birthday that only they have to know."""

from dataclasses import dataclass, field
from typing import Final

from litestar import Response
from markupsafe import Markup

from edge.own_page import TRIES, shown, tapped
from edge.staff.deeds import note
from edge.visits.tables import Arrival
from edge.wallet.tables import profile_here
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.named import open_visit
from staff_ui.pages.pair import qr
from staff_ui.pages.purse import here
from staff_ui.pages.stage import link_here
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import MONTHS

_NONE: Final = Markup("")


@dataclass(frozen=True, slots=True)
class MyPage:
    """`step`: ask, wrong, code; or tap (again), unknown (no birthday), over (too many tries), away (no centre)."""

    frame: Frame
    visit: str
    step: str
    months: tuple[str, ...] = ()
    qr: Markup = field(default=_NONE, repr=False)
    link: str = field(default="", repr=False)  # the same address, in the demo alone


async def mypage(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/page`: the tablet is turned to the customer, who fills in day and month."""
    found = open_visit(desk, request)
    return _page(desk, request, guest, found, _barred(desk, found) or "ask")


async def mypage_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/page`: fields `day`, `month`. Shows a code that lets one phone in, once."""
    form = await own_form(request, guest.tablet)
    house, found = desk.house, open_visit(desk, request)
    if barred := _barred(desk, found):
        return _page(desk, request, guest, found, barred)
    if not shown(_birthday(desk, found), day=form.get("day", ""), month=form.get("month", "")):
        desk.tries[found.visit_id] = desk.tries.get(found.visit_id, 0) + 1
        return _page(desk, request, guest, found, _barred(desk, found) or "wrong")
    address = await house.own_page.address(found.customer_id)
    if address is None:
        return _page(desk, request, guest, found, "away")
    doer, now_ms = guest.who.doer, house.time.now_ms()
    await house.db.apply(note, doer, what="own_page", visit_id=found.visit_id, now_ms=now_ms)
    return _page(desk, request, guest, found, "code", code=address)


def _barred(desk: Desk, found: Arrival) -> str:
    """Why nothing can be asked now; empty when it can."""
    if not tapped(found.how, seen_ms=found.seen_ms, now_ms=desk.house.time.now_ms()):
        return "tap"
    if not isinstance(_birthday(desk, found), dict):
        return "unknown"
    return "over" if desk.tries.get(found.visit_id, 0) >= TRIES else ""


def _birthday(desk: Desk, found: Arrival) -> object:
    house = desk.house
    held = profile_here(
        house.db.reader,
        found.customer_id,
        role="staff",
        here=here(house),
        now_ms=house.time.now_ms(),
    )
    return held.values.get("birthday")


def _page(
    desk: Desk, request: Ask, guest: Guest, found: Arrival, step: str, *, code: str = ""
) -> Response[str]:
    around = frame(desk, request, guest, here="floor")
    say = words(desk, around)
    it = MyPage(
        frame=around,
        visit=found.visit_id.hex(),
        step=step,
        months=tuple(say.say(each) for each in MONTHS) if step in ("ask", "wrong") else (),
        qr=Markup(qr(code)) if code else _NONE,
        link=link_here(desk, code),
    )
    return html(desk, "mypage.html", it, language=around.language)
