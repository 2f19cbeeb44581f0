"""A customer's own page, onto their own phone: after a tap that this page asks for, or by a link to their address."""

from dataclasses import dataclass, field
from typing import Final

from litestar import Response
from markupsafe import Markup

from edge.own_page import CHECK_MS, TRIES, held, knows, shown_since
from edge.recognition.evidence import Evidence
from edge.staff.deeds import note
from edge.visits.here import Arrival
from edge.visits.tables import proved
from edge.wallet.tables import profile_here
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.named import open_visit
from staff_ui.pages.own import hand_over
from staff_ui.pages.pair import qr
from staff_ui.pages.purse import here
from staff_ui.pages.stage import link_here
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import MONTHS

_NONE: Final = Markup("")


@dataclass(frozen=True, slots=True)
class MyPage:
    """`step`: tap (hold it to the reader now), weak (that can be copied), ask, wrong (the birthday), ready, code;

    or far (nothing was held to a reader), sent (a link), over (too many tries), away (no centre).
    """

    frame: Frame
    visit: str
    step: str
    months: tuple[str, ...] = ()
    qr: Markup = field(default=_NONE, repr=False)
    link: str = field(default="", repr=False)  # the same address, in the demo alone


async def mypage(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/page`: the tablet is turned to the customer and asks for their card or phone."""
    found = open_visit(desk, request)
    asked_ms = desk.asked.get(found.visit_id, 0)
    if asked_ms < desk.house.time.now_ms() - CHECK_MS:
        asked_ms = desk.asked[found.visit_id] = desk.house.time.now_ms()
    return _page(desk, request, guest, found, _step(desk, found, asked_ms))


async def mypage_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/page`: fields `day`, `month`, or `act` letter, here. A code lets one phone in, once."""
    form = await own_form(request, guest.tablet)
    house, found = desk.house, open_visit(desk, request)
    if form.get("act") == "letter" and held(found.how):
        return await _ask(desk, request, guest, found, "weak")
    asked_ms = desk.asked.get(found.visit_id, 0)
    if asked_ms < house.time.now_ms() - CHECK_MS:
        return await mypage(desk, request, guest)
    step = _step(desk, found, asked_ms)
    if step not in ("ask", "ready"):
        return _page(desk, request, guest, found, step)
    if step == "ask" and not knows(
        _birthday(desk, found), day=form.get("day", ""), month=form.get("month", "")
    ):
        desk.tries[found.visit_id] = desk.tries.get(found.visit_id, 0) + 1
        over = desk.tries[found.visit_id] >= TRIES
        return _page(desk, request, guest, found, "over" if over else "wrong")
    shown = _shown(desk, found, asked_ms)
    if form.get("act") == "here":
        desk.asked.pop(found.visit_id, None)
        return await hand_over(desk, guest, found, shown)
    return await _ask(desk, request, guest, found, shown)


async def _ask(desk: Desk, request: Ask, guest: Guest, found: Arrival, shown: Evidence) -> Response[str]:
    """Ask the centre. A tap lets one phone in: for the next one it is asked for again."""
    house, asked_ms = desk.house, desk.asked.pop(found.visit_id, None)
    address = await house.own_page.address(found.customer_id, shown)
    if address is None:
        if asked_ms is not None:
            desk.asked[found.visit_id] = asked_ms
        return _page(desk, request, guest, found, "away")
    now_ms = house.time.now_ms()
    await house.db.apply(
        note, guest.who.doer, what="own_page", reason=shown, visit_id=found.visit_id, now_ms=now_ms
    )
    if not address:
        return _page(desk, request, guest, found, "sent")
    return _page(desk, request, guest, found, "code", code=address)


def _step(desk: Desk, found: Arrival, asked_ms: int) -> str:
    """What comes next for somebody whose card or phone was asked for at `asked_ms`."""
    if not held(found.how):
        return "far"
    if desk.tries.get(found.visit_id, 0) >= TRIES:
        return "over"
    shown = _shown(desk, found, asked_ms)
    if shown == "weak":
        return "weak" if found.seen_ms > asked_ms else "tap"
    # Whoever found a card in the street has the card; its owner knows their birthday too.
    if shown == "strong" and isinstance(_birthday(desk, found), dict):
        return "ask"
    return "ready"


def _shown(desk: Desk, found: Arrival, asked_ms: int) -> Evidence:
    strong_ms, unlocked_ms = proved(desk.house.db.reader, found.visit_id)
    return shown_since(asked_ms, strong_ms=strong_ms, unlocked_ms=unlocked_ms)


def _birthday(desk: Desk, found: Arrival) -> object:
    house = desk.house
    profile = profile_here(
        house.db.reader,
        found.customer_id,
        role="staff",
        here=here(house),
        now_ms=house.time.now_ms(),
    )
    return profile.values.get("birthday")


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
