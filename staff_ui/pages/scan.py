"""The tablet's camera as a scanner: one code, held in front of it, is a scan of this tablet."""

from dataclasses import dataclass
from typing import Final, Literal

from litestar import Response
from litestar.response import Redirect

from edge import camera
from edge.recognition.rules import Stranger
from edge.staff import tables
from edge.staff.pins import token_hash
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.pages.looking import follows
from staff_ui.security import CAMERA, Ask, own_form
from staff_ui.sheets import Frame

Purpose = Literal["products", "search", "card"]
PURPOSES: Final[tuple[Purpose, ...]] = ("products", "search", "card")


@dataclass(frozen=True, slots=True)
class Scan:
    """`purpose` is where the page was opened from: back leads there, and a new card goes on there."""

    frame: Frame
    purpose: Purpose
    back: str
    wrong: bool = False


async def scan(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /scan?for=`: `products`, `search` or `card`."""
    return _page(desk, request, guest, request.query_params.get("for", ""))


async def scan_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /scan`: fields `code`, `symbology`, `for`. A number is in no address, so in no history and no log."""
    form = await own_form(request, guest.tablet)
    purpose, counter = form.get("for", ""), desk.house.counter
    before = counter.notes.scanned()
    try:
        found = await camera.present(
            counter, form.get("code", ""), symbology=form.get("symbology", ""), reader=_name(desk, guest)
        )
    except camera.NoCode:
        return _page(desk, request, guest, purpose, wrong=True)
    to = "/"
    if found is None and (seen := counter.notes.scanned()) is not before:
        to = "/products"
        if seen is not None and seen.item:
            follows(desk, guest, seen.item)
    elif isinstance(found, Stranger) and purpose == "card":
        notes = counter.notes.now()
        to = f"/cards/new/{notes[0].key}" if notes and notes[0].card else "/"
    return Redirect(to, status_code=303, headers={"cache-control": "no-store"})


def _page(desk: Desk, request: Ask, guest: Guest, asked: str, *, wrong: bool = False) -> Response[str]:
    purpose = asked if asked in PURPOSES else "products"
    around = frame(desk, request, guest, here="" if purpose == "card" else purpose)
    it = Scan(around, purpose, back="/" if purpose == "card" else f"/{purpose}", wrong=wrong)
    page = html(desk, "scan.html", it, language=around.language)
    page.headers["permissions-policy"] = CAMERA
    return page


def _name(desk: Desk, guest: Guest) -> str:
    """The tablet's own name, as a reader's."""
    own = token_hash(guest.tablet)
    return next(
        (each.name for each in tables.tablets(desk.house.db.reader) if each.token_hash == own), "tablet"
    )
