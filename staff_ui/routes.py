"""The one table of addresses: what answers, and who may ask. README.md has a row for each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from litestar import Response
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import ASGIRouteHandler, HTTPRouteHandler, asgi, route
from litestar.types import Receive, Scope, Send

from staff_ui.desk import Desk, Guard, Guest, admit
from staff_ui.pages import (
    advice,
    balie,
    cards_new,
    device,
    floor,
    hand,
    helping,
    installed,
    join,
    look,
    machine,
    manage,
    pair,
    product,
    products,
    profile,
    scan,
    search,
    signin,
    stage,
    stop,
    store,
    tour,
    wallet,
    wallet_acts,
)
from staff_ui.security import Ask

Page = Callable[[Desk, Ask, Guest], Awaitable[Any]]
Thin = Callable[[Desk, Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Route:
    method: Literal["GET", "POST"]
    path: str
    guard: Guard
    page: Page


ROUTES: Final = (
    Route("GET", "/", "staff", floor.floor),
    Route("GET", "/live", "staff", machine.live),
    Route("GET", "/visits/{visit:str}", "staff", floor.pinned),
    Route("GET", "/visits/{visit:str}/stop", "staff", stop.stop),
    Route("POST", "/visits/{visit:str}/stop", "staff", stop.stop_now),
    Route("GET", "/visits/{visit:str}/wallet", "staff", wallet.wallet),
    Route("POST", "/visits/{visit:str}/wallet", "staff", wallet_acts.wallet_now),
    Route("GET", "/saving/{note:str}", "staff", wallet.saving),
    Route("POST", "/saving/{note:str}", "staff", wallet_acts.saving_now),
    Route("GET", "/visits/{visit:str}/advice", "staff", advice.advice),
    Route("GET", "/visits/{visit:str}/advice/still", "staff", advice.still),
    Route("POST", "/visits/{visit:str}/advice", "staff", advice.advice_now),
    Route("GET", "/products", "staff", products.products),
    Route("GET", "/products/{item:str}", "staff", product.product),
    Route("POST", "/visits/{visit:str}/help", "staff", helping.help_now),
    Route("POST", "/visits/{visit:str}/release", "staff", helping.release_now),
    Route("POST", "/visits/{visit:str}/alone", "staff", helping.alone_now),
    Route("POST", "/visits/{visit:str}/tip", "staff", helping.tip_now),
    Route("GET", "/visits/{visit:str}/profile", "staff", profile.look_closer),
    Route("POST", "/visits/{visit:str}/profile", "staff", profile.look_closer_now),
    Route("GET", "/search", "staff", search.search),
    Route("POST", "/search", "staff", search.search_now),
    Route("POST", "/search/open", "staff", search.open_now),
    Route("GET", "/scan", "staff", scan.scan),
    Route("POST", "/scan", "staff", scan.scan_now),
    Route("GET", "/store", "staff", store.store),
    Route("POST", "/store/busy", "staff", store.busy_now),
    Route("POST", "/store/feedback", "staff", store.feedback_now),
    Route("GET", "/tour", "staff", tour.tour),
    Route("GET", "/manage", "staff", manage.manage),
    Route("POST", "/manage/unlock", "staff", manage.unlock_now),
    Route("POST", "/manage/badge", "staff", manage.badge_now),
    Route("POST", "/manage/unpair", "staff", manage.unpair_now),
    Route("POST", "/manage/end", "staff", manage.end_now),
    Route("GET", "/touch", "staff", installed.touch),
    Route("POST", "/draft", "staff", installed.draft_now),
    Route("GET", "/signin/badge", "tablet", installed.badge),
    Route("GET", "/manifest.webmanifest", "open", installed.manifest),
    Route("GET", "/sw.js", "open", installed.worker),
    Route("GET", "/offline", "open", installed.offline),
    Route("GET", "/signin", "tablet", signin.signin),
    Route("POST", "/signin", "tablet", signin.signin_now),
    Route("POST", "/signout", "tablet", signin.signout),
    Route("GET", "/look", "tablet", look.look),
    Route("POST", "/look", "tablet", look.look_now),
    Route("GET", "/join/start", "staff", hand.hand),
    Route("POST", "/join/start", "staff", hand.hand_now),
    Route("GET", "/join", "tablet", join.join),
    Route("POST", "/join", "tablet", join.join_now),
    Route("GET", "/cards/new/{note:str}", "staff", cards_new.cards_new),
    Route("POST", "/cards/new/{note:str}", "staff", cards_new.cards_new_now),
    Route("GET", "/balie", "display", balie.balie),
    Route("GET", "/balie/live", "display", balie.live),
    Route("GET", "/pair/{code:str}", "open", pair.pair),
    Route("POST", "/pair/{code:str}", "open", pair.pair_now),
    Route("GET", "/device", "tablet", device.device),
    Route("GET", "/device/challenge", "tablet", device.challenge),
    Route("POST", "/device", "tablet", device.prove),
    Route("GET", "/manage/pair", "staff", pair.manage_pair),
    Route("POST", "/manage/pair", "staff", pair.manage_pair_now),
    Route("GET", "/healthz", "open", machine.healthz),
    Route("GET", "/metrics", "loopback", machine.metrics),
    Route("GET", "/static/{path:path}", "open", machine.static),
)
# Only where the house has a stage: `welkom demo`.
STAGE: Final = (
    Route("GET", "/demo", "loopback", stage.stage),
    Route("GET", "/demo/tablet", "loopback", stage.tablet),
    Route("GET", "/demo/tablet/open", "loopback", stage.signed_in),
    Route("GET", "/demo/state", "loopback", stage.state),
    Route("GET", "/demo/phone", "loopback", stage.phone),
    Route("GET", "/demo/office", "loopback", stage.office),
    Route("POST", "/demo/tap", "loopback", stage.tap_now),
    Route("POST", "/demo/internet", "loopback", stage.internet_now),
    Route("POST", "/demo/play", "loopback", stage.play_now),
)
# Asked by every tablet on every poke: plain ASGI without a request object, and it guards itself. Litestar 2.25
# answers such a route with 500 when its path has a parameter, so the pinned fragment stands above.
THIN: Final[dict[str, Thin]] = {"/visits": floor.visits}


def handlers(desk: Desk) -> list[HTTPRouteHandler | ASGIRouteHandler]:
    """Litestar's handlers for the tables above."""
    pages = (*ROUTES, *STAGE) if desk.stage else ROUTES
    made: list[HTTPRouteHandler | ASGIRouteHandler] = [_page(desk, each) for each in pages]
    return [*made, *(_thin(desk, path, page) for path, page in THIN.items())]


def _page(desk: Desk, each: Route) -> HTTPRouteHandler:
    async def answer(request: Ask) -> Response[Any]:
        found: Response[Any] = await each.page(desk, request, await admit(desk, request, each.guard))
        return found

    return route(each.path, http_method=each.method, status_code=200)(answer)


def _thin(desk: Desk, path: str, page: Thin) -> ASGIRouteHandler:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] != "GET":  # type: ignore[typeddict-item]
            raise MethodNotAllowedException
        await page(desk, scope, receive, send)

    return asgi(path, copy_scope=False)(answer)
