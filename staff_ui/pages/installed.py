"""What a tablet asks for itself: its manifest, its service worker, a sign of life, drafts, the badge at sign-in."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from litestar import Response

from staff_ui import drafts
from staff_ui.desk import Desk, Guest, frame, html, look
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame

# What the worker keeps: the offline page and what that needs. Never a page with data.
KEPT: Final = ("tokens.css", "welkom.css", "icon.svg")
_NOW: Final = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Offline:
    frame: Frame


async def manifest(desk: Desk, request: Ask, guest: Guest) -> Response[object]:
    """`GET /manifest.webmanifest`: installable, in the look of this house."""
    icon, large = desk.assets["icon.svg"].address, desk.assets["icon-512.png"].address
    body = {
        "name": desk.house.config.shop.name,
        "short_name": "Welkom",
        "lang": look(desk, request).language,
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f6f4ee",
        "theme_color": "#f6f4ee",
        "icons": [
            {"src": icon, "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
            {"src": large, "sizes": "512x512", "type": "image/png", "purpose": "any maskable"},
        ],
    }
    return Response(body, media_type="application/manifest+json", headers={"cache-control": "no-cache"})


async def worker(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /sw.js`: the worker, with its version and the addresses that it may keep written into it."""
    kept = ["/offline", *(desk.assets[path].address for path in KEPT)]
    source = desk.assets["sw.js"].body.decode().replace("KEPT", repr(kept), 1)
    # The offline page has no hash in its address: with new words or another language it is a new version too.
    page = _offline(desk, request).content
    source = source.replace("VERSION", sha256(f"{source}{page}".encode()).hexdigest()[:16], 1)
    return Response(source, media_type="text/javascript", headers={"cache-control": "no-cache"})


async def offline(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /offline`: what the worker shows when the shop's computer cannot be reached; about nobody."""
    answer = _offline(desk, request)
    answer.headers["cache-control"] = "no-cache"
    return answer


def _offline(desk: Desk, request: Ask) -> Response[str]:
    around = frame(desk, request, Guest(tablet="", session=None))
    return html(desk, "offline.html", Offline(around), language=around.language)


async def touch(desk: Desk, request: Ask, guest: Guest) -> Response[None]:
    """`GET /touch`: somebody is there; being let in is all it does."""
    return Response(None, status_code=204, headers=_NOW)


async def draft_now(desk: Desk, request: Ask, guest: Guest) -> Response[None]:
    """`POST /draft`: field `form` and the form's own fields, kept sealed until they are sent."""
    form = await own_form(request, guest.tablet)
    await drafts.keep(desk, guest, form.get("form", ""), dict(form))
    return Response(None, status_code=204, headers=_NOW)


async def badge(desk: Desk, request: Ask, guest: Guest) -> Response[object]:
    """`GET /signin/badge`: who tapped a badge just now; it chooses a tile and opens nothing."""
    name = desk.house.counter.badges.tapped(now_ms=desk.house.time.now_ms())
    return Response({"staff": name}, headers=_NOW)
