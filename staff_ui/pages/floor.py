"""The page staff keep open: the list and the card; and the fragment it fetches on every poke."""

from dataclasses import dataclass, field
from functools import partial
from typing import Final

from litestar import Response
from markupsafe import Markup

from edge.kit.at_once import AtOnce, Headers
from edge.kit.errors import StoreError
from edge.visits import acts
from edge.visits.view_log import was_shown
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.fragments import Rendered
from staff_ui.pages.named import id_of
from staff_ui.security import Ask
from staff_ui.sessions import Session
from staff_ui.sheets import Frame

# Both sides of a restart know what was logged by the database; this only saves asking it again and again.
MOST_LOGGED: Final = 10_000
NO_VISIT: Final = bytes(16)


@dataclass(frozen=True, slots=True)
class Floor:
    frame: Frame
    visits: Markup = field(repr=False)
    fresh_ms: int


async def floor(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /`, with `?visit=` that visit pinned."""
    return await _page(desk, request, guest, id_of(request.query_params.get("visit", "")))


async def _page(desk: Desk, request: Ask, guest: Guest, pinned: bytes | None) -> Response[str]:
    now_ms = desk.house.time.now_ms()
    around = frame(desk, request, guest, here="floor")
    shown = desk.fragments.get(guest.who.role, around.language, pinned, now_ms, guest.who.staff_id)
    await log_view(desk, shown, guest.who)
    # Our own rendered fragment, autoescaped when it was made.
    it = Floor(frame=around, visits=Markup(shown.text), fresh_ms=shown.until_ms - now_ms)
    return html(desk, "floor.html", it, language=around.language)


async def visits(desk: Desk, request: Ask, guest: Guest) -> Response[bytes]:
    """`GET /visits`."""
    return await _fragment(desk, guest, None)


def visits_at_once(desk: Desk, headers: Headers) -> AtOnce | None:
    """The same as prepared bytes, for a tablet that follows; None where nobody is signed in."""
    now_ms = desk.house.time.now_ms()
    session = desk.sessions.of(headers, now_ms=now_ms)
    if session is None or session.practice is not None:
        return None
    shown = desk.fragments.get(session.role, session.language, None, now_ms)
    head = b"%bwelkom-fresh-ms: %d\r\n\r\n" % (shown.head, shown.until_ms - now_ms)
    return AtOnce(
        head,
        shown.body,
        None if _is_logged(desk, shown, session) else partial(log_view, desk, shown, session),
    )


async def pinned(desk: Desk, request: Ask, guest: Guest) -> Response[bytes] | Response[str]:
    """`GET /visits/{visit}`: an address that names no visit is answered like a visit that is over.

    htmx gets the fragment, a browser that opens the address the whole page.
    """
    named = id_of(request.path_params["visit"]) or NO_VISIT
    if "hx-request" not in request.headers:
        return await _page(desk, request, guest, named)
    return await _fragment(desk, guest, named)


async def _fragment(desk: Desk, guest: Guest, pinned: bytes | None) -> Response[bytes]:
    now_ms = desk.house.time.now_ms()
    shown = desk.fragments.get(guest.who.role, guest.who.language, pinned, now_ms, guest.who.staff_id)
    await log_view(desk, shown, guest.who)
    headers = {"cache-control": "no-store", "welkom-fresh-ms": str(shown.until_ms - now_ms)}
    return Response(shown.body, media_type="text/html", headers=headers)


def _is_logged(desk: Desk, shown: Rendered, session: Session) -> bool:
    return shown.visit_id is None or (shown.visit_id, session.role) in desk.logged


async def log_view(desk: Desk, shown: Rendered, session: Session) -> None:
    """One line in the view log for each visit and role; a full disk must not take the tablet away."""
    if shown.visit_id is None or _is_logged(desk, shown, session):
        return
    if len(desk.logged) >= MOST_LOGGED:
        desk.logged.clear()
    desk.logged.add((shown.visit_id, session.role))
    house = desk.house
    if was_shown(house.db.reader, shown.visit_id, session.role):
        return  # the tap itself logged it, for the tablets that were open
    try:
        await house.db.write(
            acts.show,
            shown.visit_id,
            role=session.role,
            recipient=house.config.shop.recipient,
            now_ms=house.time.now_ms(),
        )
    except StoreError as error:
        desk.logged.discard((shown.visit_id, session.role))
        house.log("view_not_logged", code=error.code, hint=error.hint)
