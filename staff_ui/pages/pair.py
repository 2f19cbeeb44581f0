"""Makes a browser one of the shop's tablets, or the display at the counter; shows a manager a code for the next."""

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import segno
from litestar import Response
from litestar.response import Redirect
from markupsafe import Markup

from edge.kit.errors import Gone, NotAllowed
from edge.staff import acts, devices, tables
from edge.staff.pins import token_hash
from edge.tls import places
from staff_ui.desk import Desk, Guest, frame, html, managers_only
from staff_ui.pages.device import decoded
from staff_ui.security import YEAR_S, Ask, cookie, form_token, own_form
from staff_ui.sheets import Frame

_NO_STORE: Final = {"cache-control": "no-store"}
# As long as the tile that it is shown on.
MOST_NAME: Final = 40


@dataclass(frozen=True, slots=True)
class Pair:
    frame: Frame
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ManagePair:
    """A form at first; after it the code, as a picture and as an address. `trust` is only there with HTTPS."""

    frame: Frame
    name: str
    qr: Markup = field(repr=False)
    address: str = field(repr=False)
    trust_qr: Markup
    trust: str
    fingerprint: str


async def pair(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /pair/{code}`: pairs at once over plain HTTP; with HTTPS a page makes the tablet's key first.

    That page also keeps a browser that only peeks behind a link from using the code up.
    """
    code = request.path_params["code"]
    if not desk.house.config.server.secure_cookies:
        return await _paired(desk, request, code, b"")
    around = frame(desk, request, Guest(tablet="", session=None))
    it = Pair(frame=_with(around, form_token(code)), code=code)
    return html(desk, "pair.html", it, language=around.language)


async def pair_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /pair/{code}`: field `key`, the public key that this browser made; empty where it has no script."""
    code = request.path_params["code"]
    form = await own_form(request, code)
    key = decoded(form.get("key", ""))
    if form.get("key") and not devices.is_key(key):
        raise NotAllowed("not a key of a tablet", code="U07", hint="open the page again")
    return await _paired(desk, request, code, key)


async def _paired(desk: Desk, request: Ask, code: str, key: bytes) -> Response[str]:
    """A display is told by `?reader=` which reader it stands beside."""
    house = desk.house
    token = await house.db.apply(acts.pair, code, now_ms=house.time.now_ms(), device_key=key or None)
    if token is None:
        raise Gone(
            "a pairing code was used or is too old", code="U05", hint="make a new one: `welkom tablet`"
        )
    target = "/signin"
    if tables.is_display(house.db.reader, token_hash(token)):
        reader = request.query_params.get("reader", "")
        target = f"/balie?reader={quote(reader)}" if reader else "/balie"
    return Redirect(
        target,
        status_code=303,
        cookies=[
            cookie("tablet", token, secure=house.config.server.secure_cookies, max_age_s=YEAR_S),
        ],
        headers=_NO_STORE,
    )


async def manage_pair(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /manage/pair`: what the next tablet is called."""
    managers_only(guest)
    return _page(desk, request, guest)


async def manage_pair_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /manage/pair`: field `name`; shows a code once, for a quarter of an hour."""
    form = await own_form(request, guest.tablet)
    managers_only(guest)
    name = form.get("name", "").strip()[:MOST_NAME]
    if not name:
        return _page(desk, request, guest)
    house = desk.house
    code = await house.db.apply(acts.pair_code, name, now_ms=house.time.now_ms())
    return _page(desk, request, guest, name=name, code=code)


def pair_address(desk: Desk, code: str) -> str:
    """What the next tablet has to open."""
    return f"{places.base(desk.house.config)}/pair/{code}"


def pair_qr(desk: Desk, code: str) -> str:
    """That address as an inline SVG without styles; dark on white whatever the theme, or no camera reads it."""
    return qr(pair_address(desk, code))


def qr(text: str, *, error: str = "m") -> str:
    """`text` as an inline SVG; `error` is the level of correction (ISO/IEC 18004)."""
    made = segno.make_qr(text, error=error)
    return made.svg_inline(
        scale=8, border=4, dark="#000", light="#fff", svgclass="qr", lineclass=None, omitsize=True
    )


def _page(desk: Desk, request: Ask, guest: Guest, *, name: str = "", code: str = "") -> Response[str]:
    config, own = desk.house.config, desk.house.own
    around = frame(desk, request, guest, here="manage")
    trust = places.enrolment(config) if code and own else ""
    it = ManagePair(
        frame=around,
        name=name,
        qr=Markup(pair_qr(desk, code)) if code else Markup(""),
        address=pair_address(desk, code) if code else "",
        trust_qr=Markup(qr(trust)) if trust else Markup(""),
        trust=trust,
        fingerprint=own.fingerprint if own else "",
    )
    return html(desk, "manage_pair.html", it, language=around.language)


def _with(around: Frame, own: str) -> Frame:
    return Frame(language=around.language, shop=around.shop, theme=around.theme, hand=around.hand, own=own)
