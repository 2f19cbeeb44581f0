"""Who are you? A tile and a PIN, on a tablet that is already paired; and done again."""

import asyncio
from dataclasses import dataclass
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge.staff import acts, tables
from edge.staff.pins import pin_fits, token_hash
from edge.staff.rules import FREE_TRIES, SESSION_MS, Locked, Taken, is_pin
from staff_ui.desk import Desk, Guest, frame, html, initials, words
from staff_ui.security import Ask, cookie, own_form
from staff_ui.sheets import Frame
from staff_ui.telling import came_in, kept_out
from staff_ui.words import key

SIGNED_IN_S: Final = SESSION_MS // 1000
# Why somebody is here again.
WHY: Final = {"1": key("signin.idle"), "profile": key("signin.idle_profile")}


@dataclass(frozen=True, slots=True)
class Tile:
    name: str
    initials: str
    chosen: bool


@dataclass(frozen=True, slots=True)
class SignIn:
    frame: Frame
    tiles: tuple[Tile, ...]
    sentence: str
    wrong: bool
    handed: bool = False


async def signin(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /signin`; `?idle` says why somebody is here again."""
    if guest.session is not None and "idle" in request.query_params:
        # The tablet locked itself; whatever the server thought, nobody was there.
        await desk.sessions.sign_out(guest.session)
    why = WHY.get(request.query_params.get("idle", ""), key("signin.ask"))
    return _page(desk, request, guest, why=why)


async def signin_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /signin`: fields `staff` (a name) and `pin`."""
    form = await own_form(request, guest.tablet)
    house, name, pin = desk.house, form.get("staff", ""), form.get("pin", "")
    staff = tables.by_name(house.db.reader, name)
    if staff is None:
        return _page(desk, request, guest, why=key("signin.choose"), wrong=True)
    if not is_pin(pin):
        return _page(desk, request, guest, why=key("signin.digits"), name=name, wrong=True)
    tablet_hash = token_hash(guest.tablet)
    taken = await house.db.apply(acts.take_try, staff.id, tablet_hash, now_ms=house.time.now_ms())
    if isinstance(taken, Locked):
        kept_out(house, tablet_hash, way="pin", locked=True)
        return _locked(desk, request, guest, name=name, until_ms=taken.until_ms)
    if not await asyncio.to_thread(pin_fits, house.keys.pin_pepper, pin, staff.pin_hash):
        kept_out(house, tablet_hash, way="pin", locked=taken.tries >= FREE_TRIES)
        return _wrong(desk, request, guest, name=name, taken=taken)
    came_in(house, tablet_hash, way="pin", role=staff.role)
    token = await desk.sessions.sign_in(staff, tablet_hash)
    desk.handed.take_back(tablet_hash)
    secure = house.config.server.secure_cookies
    return Redirect(
        "/",
        status_code=303,
        cookies=[cookie("session", token, secure=secure, max_age_s=SIGNED_IN_S)],
        headers={"cache-control": "no-store"},
    )


async def signout(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /signout`: nothing of a person stays behind on the tablet."""
    await own_form(request, guest.tablet)
    if guest.session is not None:
        await desk.sessions.sign_out(guest.session)
    secure = desk.house.config.server.secure_cookies
    return Redirect(
        "/signin",
        status_code=303,
        cookies=[cookie("session", "", secure=secure, max_age_s=0)],
        headers={"cache-control": "no-store"},
    )


def _wrong(desk: Desk, request: Ask, guest: Guest, *, name: str, taken: Taken) -> Response[str]:
    if taken.tries >= FREE_TRIES:
        return _locked(desk, request, guest, name=name, until_ms=taken.until_ms)
    say = words(desk, frame(desk, request, guest))
    sentence = say.count("signin.wrong", taken.left)
    return _page(desk, request, guest, sentence=sentence, name=name, wrong=True)


def _locked(desk: Desk, request: Ask, guest: Guest, *, name: str, until_ms: int) -> Response[str]:
    say = words(desk, frame(desk, request, guest))
    sentence = say.say("signin.locked", wait=say.wait(until_ms - desk.house.time.now_ms()))
    return _page(desk, request, guest, sentence=sentence, name=name, wrong=True, status=429)


def _page(
    desk: Desk,
    request: Ask,
    guest: Guest,
    *,
    why: str = "",
    sentence: str = "",
    name: str = "",
    wrong: bool = False,
    status: int | None = None,
) -> Response[str]:
    around = frame(desk, request, Guest(tablet=guest.tablet, session=None, bound=guest.bound), here="signin")
    hands = desk.handed.of(token_hash(guest.tablet))
    if hands is not None and not name:
        name = hands.staff  # whoever handed it over asks for it back
    names = tables.names(desk.house.db.reader)
    it = SignIn(
        frame=around,
        tiles=tuple(Tile(each, initials(each), each == name or len(names) == 1) for each in names),
        sentence=sentence or words(desk, around).say(why),
        wrong=wrong,
        handed=hands is not None,
    )
    return html(desk, "signin.html", it, language=around.language, status=status or (422 if wrong else 200))
