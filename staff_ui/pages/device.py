"""A tablet shows that it is the browser that was paired, before anything of anybody is shown to it."""

from dataclasses import dataclass
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge.kit import base64url
from edge.kit.errors import Gone, NotAllowed
from edge.staff import devices, tables
from edge.staff.pins import token_hash
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.security import Ask, cookie, own_form
from staff_ui.sheets import Frame

_NO_STORE: Final = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Device:
    """`to` is where the tablet was going."""

    frame: Frame
    to: str


async def device(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /device?to=…`: its script signs and goes on; in a browser without the key it says so."""
    to = own_path(request.query_params.get("to", "/"))
    if not guest.bound:
        return Redirect(to, status_code=303, headers=_NO_STORE)
    around = frame(desk, request, Guest(tablet=guest.tablet, session=None, bound=True))
    return html(desk, "device.html", Device(frame=around, to=to), language=around.language)


async def challenge(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /device/challenge`: what to sign, as text."""
    house = desk.house
    asked = devices.challenge(desk.sessions.secret, token_hash(guest.tablet), now_ms=house.time.now_ms())
    return Response(asked, media_type="text/plain", headers=_NO_STORE)


async def prove(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /device`: fields `challenge` and `signature`; a cookie that holds for a minute."""
    form = await own_form(request, guest.tablet)
    house, tablet_hash = desk.house, token_hash(guest.tablet)
    device_key = tables.device_key(house.db.reader, tablet_hash)
    if not device_key:
        raise Gone("this tablet was paired without a key", code="U09", hint="nothing has to be signed")
    now_ms = house.time.now_ms()
    answered = devices.is_answered(
        desk.sessions.secret,
        tablet_hash,
        device_key,
        asked=form.get("challenge", ""),
        signature=decoded(form.get("signature", "")),
        now_ms=now_ms,
    )
    if not answered:
        raise NotAllowed("signed with another key", code="U10", hint="pair this tablet again")
    made = devices.proof(desk.sessions.secret, tablet_hash, now_ms=now_ms)
    secure = house.config.server.secure_cookies
    return Redirect(
        "/",
        status_code=303,
        cookies=[cookie("proof", made, secure=secure, max_age_s=devices.PROOF_MS // 1000)],
        headers=_NO_STORE,
    )


def own_path(to: str) -> str:
    """A path of ours, `/` for anything that would lead elsewhere."""
    return to if to.startswith("/") and not to.startswith(("//", "/\\", "/device")) else "/"


def decoded(text: str) -> bytes:
    """Bytes of base64url without padding, none for what is not that."""
    try:
        return base64url.decode(text)
    except ValueError:
        return b""
