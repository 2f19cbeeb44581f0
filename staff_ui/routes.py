"""The one table of addresses: what answers, and who may ask. README.md has a row for each."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal

from litestar import Response
from litestar.handlers import HTTPRouteHandler, route
from litestar.types import ASGIApp, Receive, Scope, Send

from edge.kit.at_once import AtOnce, Headers
from staff_ui.described import document
from staff_ui.desk import Desk, Guard, Guest, admit
from staff_ui.pages import (
    advice,
    balie,
    cards,
    cards_new,
    choose,
    device,
    floor,
    fobs,
    guest,
    hand,
    helping,
    installed,
    join,
    look,
    machine,
    manage,
    mypage,
    own,
    own_asked,
    pair,
    plan,
    post,
    practice,
    product,
    products,
    profile,
    scan,
    search,
    sign,
    signin,
    stage,
    stop,
    store,
    tags,
    tour,
    walk,
    wallet,
    wallet_acts,
    where,
)
from staff_ui.security import Ask

Page = Callable[[Desk, Ask, Guest], Awaitable[Any]]
# The answer where it is at hand; it sends nothing before it is called.
Short = Callable[[Desk, Headers], AtOnce | None]


@dataclass(frozen=True, slots=True)
class Route:
    method: Literal["GET", "POST"]
    path: str
    guard: Guard
    page: Page


async def schema(desk: Desk, request: Ask, guest: Guest) -> Response[Any]:
    """`GET /schema/openapi.json`: this table for programs."""
    return Response(document(ROUTES), media_type="application/json")


ROUTES: Final = (
    Route("GET", "/", "staff", floor.floor),
    Route("GET", "/live", "staff", machine.live),
    Route("GET", "/visits", "staff", floor.visits),
    Route("GET", "/plan", "staff", plan.floor_plan),
    Route("GET", "/plan/now", "staff", plan.now),
    Route("GET", "/visits/{visit:str}", "staff", floor.pinned),
    Route("GET", "/visits/{visit:str}/stop", "staff", stop.stop),
    Route("POST", "/visits/{visit:str}/stop", "staff", stop.stop_now),
    Route("GET", "/visits/{visit:str}/page", "staff", mypage.mypage),
    Route("POST", "/visits/{visit:str}/page", "staff", mypage.mypage_now),
    Route("GET", "/visits/{visit:str}/wallet", "staff", wallet.wallet),
    Route("POST", "/visits/{visit:str}/wallet", "staff", wallet_acts.wallet_now),
    Route("GET", "/saving/{note:str}", "staff", wallet.saving),
    Route("POST", "/saving/{note:str}", "staff", wallet_acts.saving_now),
    Route("GET", "/elsewhere/{note:str}", "staff", guest.passing),
    Route("POST", "/elsewhere/{note:str}", "staff", guest.passing_now),
    Route("GET", "/visits/{visit:str}/advice", "staff", advice.advice),
    Route("POST", "/visits/{visit:str}/advice", "staff", advice.advice_now),
    Route("GET", "/products", "staff", products.products),
    Route("GET", "/products/{item:str}", "staff", product.product),
    Route("GET", "/choose", "staff", choose.choose),
    Route("GET", "/choose/{helper:str}", "staff", choose.question),
    Route("GET", "/choose/{helper:str}/{answers:str}", "staff", choose.question),
    Route("GET", "/shelfcard/{helper:str}", "staff", choose.card),
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
    Route("GET", "/sign", "staff", sign.sign),
    Route("GET", "/tour", "staff", tour.tour),
    Route("POST", "/practice", "staff", practice.practice_now),
    Route("GET", "/practice", "staff", practice.practice),
    Route("GET", "/practice/{visit:str}", "staff", practice.practice),
    Route("GET", "/practice/{visit:str}/{page:str}", "staff", practice.closer),
    Route("POST", "/practice/{visit:str}/{page:str}", "staff", practice.closer_now),
    Route("GET", "/manage", "staff", manage.manage),
    Route("POST", "/manage/unlock", "staff", manage.unlock_now),
    Route("POST", "/manage/badge", "staff", manage.badge_now),
    Route("POST", "/manage/badge/remove", "staff", manage.no_badge_now),
    Route("POST", "/manage/unpair", "staff", manage.unpair_now),
    Route("POST", "/manage/end", "staff", manage.end_now),
    Route("GET", "/manage/walk", "staff", walk.walk),
    Route("POST", "/manage/walk", "staff", walk.walk_now),
    Route("POST", "/manage/tags", "staff", tags.tags_now),
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
    Route("POST", "/join/phone", "staff", hand.phone_now),
    Route("GET", "/join", "tablet", join.join),
    Route("POST", "/join", "tablet", join.join_now),
    Route("GET", "/visits/{visit:str}/cards", "staff", cards.cards),
    Route("POST", "/visits/{visit:str}/cards", "staff", cards.cards_now),
    Route("GET", "/visits/{visit:str}/fobs", "staff", fobs.fobs),
    Route("POST", "/visits/{visit:str}/fobs", "staff", fobs.fobs_now),
    Route("GET", "/visits/{visit:str}/where", "staff", where.where),
    Route("GET", "/cards/new/{note:str}", "staff", cards_new.cards_new),
    Route("POST", "/cards/new/{note:str}", "staff", cards_new.cards_new_now),
    Route("GET", "/balie", "display", balie.balie),
    Route("GET", "/balie/live", "display", balie.live),
    Route("GET", "/pair/{code:str}", "open", pair.pair),
    Route("GET", "/own", "tablet", own.own),
    Route("POST", "/own/stop", "tablet", own.stop_now),
    Route("GET", "/own/correct", "tablet", own_asked.correct),
    Route("POST", "/own/correct", "tablet", own_asked.correct_now),
    Route("GET", "/own/forget", "tablet", own_asked.forget),
    Route("POST", "/own/forget", "tablet", own_asked.forget_now),
    Route("POST", "/pair/{code:str}", "open", pair.pair_now),
    Route("GET", "/device", "tablet", device.device),
    Route("GET", "/device/challenge", "tablet", device.challenge),
    Route("POST", "/device", "tablet", device.prove),
    Route("GET", "/manage/pair", "staff", pair.manage_pair),
    Route("POST", "/manage/pair", "staff", pair.manage_pair_now),
    Route("GET", "/healthz", "open", machine.healthz),
    Route("GET", "/metrics", "loopback", machine.metrics),
    Route("GET", "/schema/openapi.json", "open", schema),
    Route("GET", "/static/{path:path}", "open", machine.static),
)
# Only where the house has a stage: `welkom demo`.
STAGE: Final = (
    Route("GET", "/demo", "loopback", stage.stage),
    Route("GET", "/demo/tablet", "loopback", stage.tablet),
    Route("GET", "/demo/tablet/open", "loopback", stage.signed_in),
    Route("GET", "/demo/state", "loopback", stage.state),
    Route("GET", "/demo/phone", "loopback", stage.phone),
    Route("GET", "/demo/post", "loopback", post.post),
    Route("GET", "/demo/office", "loopback", stage.office),
    Route("POST", "/demo/tap", "loopback", stage.tap_now),
    Route("POST", "/demo/walk", "loopback", stage.walk_now),
    Route("POST", "/demo/internet", "loopback", stage.internet_now),
    Route("POST", "/demo/play", "loopback", stage.play_now),
)
# Asked by every tablet on every poke: where somebody is signed in, answered when its head is there, before there is a
# task and the framework has looked; both take longer than the answer. All else is the route's of the same path.
SHORT: Final[dict[bytes, Short]] = {b"/visits": floor.visits_at_once}


def handlers(desk: Desk) -> list[HTTPRouteHandler]:
    """Litestar's handlers for the tables above."""
    pages = (*ROUTES, *STAGE) if desk.stage else ROUTES
    return [_page(desk, each) for each in pages]


class WithShortcuts:
    """`pages`, and beside them what `SHORT` has an answer for at once."""

    def __init__(self, desk: Desk, pages: ASGIApp) -> None:
        self._desk = desk
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._pages(scope, receive, send)

    def at_once(self, address: bytes, headers: Headers) -> AtOnce | None:
        short = SHORT.get(address)
        if short is not None:
            # What goes wrong here goes wrong once more in its route, where it is said and logged.
            with suppress(Exception):
                return short(self._desk, headers)
        return None


def _page(desk: Desk, each: Route) -> HTTPRouteHandler:
    async def answer(request: Ask) -> Response[Any]:
        found: Response[Any] = await each.page(desk, request, await admit(desk, request, each.guard))
        return found

    return route(each.path, http_method=each.method, status_code=200)(answer)
