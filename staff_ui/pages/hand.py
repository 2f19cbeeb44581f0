"""Handing the tablet to somebody who is not known yet: what to say, and the one touch that locks it."""

from dataclasses import dataclass, field

from litestar import Response
from litestar.response import Redirect
from markupsafe import Markup

from edge import newcomers
from edge.config import Language, Shop
from edge.kit.errors import Gone
from edge.newcomers import Offer
from edge.staff.pins import token_hash
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.handed import Hands
from staff_ui.pages.pair import qr
from staff_ui.pages.stage import link_here
from staff_ui.security import Ask, cookie, own_form
from staff_ui.sheets import Frame


@dataclass(frozen=True, slots=True)
class Hand:
    """`note` is the card that comes along, empty for somebody without one; `phone`: their own phone is a way too."""

    frame: Frame
    note: str
    benefit: str
    phone: bool = False


@dataclass(frozen=True, slots=True)
class OwnPhone:
    """A code that opens the page on which somebody becomes known, on their own phone."""

    frame: Frame
    benefit: str
    qr: Markup = field(repr=False)
    link: str = field(default="", repr=False)  # the same address, in the demo alone


def benefit(shop: Shop, language: Language) -> str:
    """What becoming known gives today; empty where the shop promises nothing."""
    return shop.benefit_nl if language == "nl" else shop.benefit_en


async def hand(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /join/start`; `?note=` is the note of an unknown card."""
    around = frame(desk, request, guest)
    note = desk.house.counter.notes.of(request.query_params.get("note", ""))
    it = Hand(
        frame=around,
        note=note.key if note and note.card else "",
        benefit=benefit(desk.house.config.shop, around.language),
        phone=bool(desk.house.config.shop.page),
    )
    return html(desk, "hand.html", it, language=around.language)


async def phone_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /join/phone`: field `note`. The code stands on this page alone, and is good for a quarter of an hour."""
    form = await own_form(request, guest.tablet)
    house, around = desk.house, frame(desk, request, guest)
    note = house.counter.notes.of(form.get("note", ""))
    address = newcomers.phone_address(house, note.card if note else None)
    if not address:
        raise Gone("the shop has no page of its own for customers", code="U13", hint="hand the tablet over")
    await newcomers.invited(house)
    drawn = Markup(qr(address, error="l"))
    it = OwnPhone(around, benefit(house.config.shop, around.language), drawn, link_here(desk, address))
    return html(desk, "phone.html", it, language=around.language)


async def hand_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /join/start`: field `note`. Ends the session, so that only a PIN leads back to the shop's pages."""
    form = await own_form(request, guest.tablet)
    house, staff = desk.house, guest.who
    note = house.counter.notes.of(form.get("note", ""))
    offer = Offer(note.card, note.reader, note.proof) if note and note.card else Offer(None, "tablet")
    await desk.sessions.sign_out(staff)
    hands = Hands(
        staff=staff.name,
        staff_id=staff.staff_id,
        language=house.config.shop.language,
        offer=offer,
        touched_ms=house.time.now_ms(),
    )
    desk.handed.put(token_hash(guest.tablet), hands)
    if note and note.card:
        house.counter.notes.drop(note)
    await newcomers.invited(house)
    secure = house.config.server.secure_cookies
    return Redirect(
        "/join",
        status_code=303,
        cookies=[cookie("session", "", secure=secure, max_age_s=0)],
        headers={"cache-control": "no-store"},
    )
