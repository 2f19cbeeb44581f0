"""The one table of the hub's pages: what answers, and who may ask. sync/README.md has a row for each."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final, Literal

from litestar import Response, Router, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect, Stream

from edge.kit.errors import Refused, StoreError, WelkomError
from edge.kit.log import died
from edge.kit.packing import packed
from edge.kit.words import LANGUAGES, Language
from sync import wire
from sync.hub.feed import EVERYTHING
from sync.hub.portal import fleet, hq, live, page
from sync.hub.portal.door import DOORS, Door
from sync.hub.portal.page import Guest
from sync.hub.portal.security import (
    FORM_BYTES,
    Ask,
    cookie,
    cookie_name,
    foreign_form,
    from_here,
    own_form,
)
from sync.hub.portal.sheets import Frame, Sheets
from sync.hub.problem import Refusal
from sync.hub.tables import portal as tables

if TYPE_CHECKING:
    from sync.hub.app import Hub

YEAR_S: Final = 365 * 24 * 3600
NO_STORE: Final = {"cache-control": "no-store"}
EVENTS: Final = {"cache-control": "no-cache", "x-accel-buffering": "no"}
Answer = Callable[["Pages", Ask], Awaitable[Response[Any]]]


class Pages:
    """The pages of one hub: its templates, and who is in."""

    def __init__(self, hub: "Hub") -> None:
        self.hub = hub
        self.sheets = Sheets(timezone=hub.config.timezone)

    async def guest(self, request: Ask) -> Guest | None:
        token = request.cookies.get(cookie_name(secure=self.hub.config.secure_cookies), "")
        return await self.hub.db.read(page.guest, token, now_ms=self.hub.now_ms())

    async def inside(self, request: Ask) -> Guest:
        """Whoever is in; raises Refusal when nobody is."""
        found = await self.guest(request)
        if found is None:
            raise Refusal("no session", code="NO_SESSION", hint="ask for a code in the shop", status=401)
        return found

    def html(self, template: str, it: object, language: Language, *, status: int = 200) -> Response[Any]:
        """A page that nobody may keep."""
        text = self.sheets.render(template, it, language)
        return Response(text, status_code=status, media_type="text/html", headers=NO_STORE)

    def door(self, request: Ask, kind: str, *, status: int) -> Response[Any]:
        """What stands instead of a page, with a sentence and a next step."""
        language = asked_language(request)
        say = self.sheets.words[language].say
        title, why, then = DOORS[kind]
        path = request.scope["path"]
        here = path if path in ("/hq/fleet", "/hq/cards") else "/hq" if path.startswith("/hq") else "/portal"
        it = Door(Frame(language=language, here=here), kind, say(title), say(why), say(then))
        return self.html("door.html", it, language, status=status)

    def back(self, where: str, token: str | None = None) -> Response[Any]:
        """To our own page after a form; with a token the cookie is set too, and an empty one deletes it."""
        cookies = []
        if token is not None:
            age_s = page.SESSION_MS // 1000 if token else 0
            cookies = [cookie(token, secure=self.hub.config.secure_cookies, max_age_s=age_s)]
        return Redirect(where, status_code=303, cookies=cookies, headers=NO_STORE)


def asked_language(request: Ask) -> Language:
    asked = request.query_params.get("language", "")
    return next((each for each in LANGUAGES if each == asked), LANGUAGES[0])


async def portal(pages: Pages, request: Ask) -> Response[Any]:
    who = await pages.guest(request)
    if who is None:
        return pages.door(request, "closed", status=401)
    words = pages.sheets.words[who.language]
    it = await page.page(pages.hub, who, words, changed=request.query_params.get("changed") == "1")
    return pages.html("portal.html", it, who.language)


async def enter(pages: Pages, request: Ask) -> Response[Any]:
    if "prefetch" in request.headers.get("sec-purpose", ""):
        return pages.door(request, "closed", status=503)  # a code is not used up by a look ahead
    token = await pages.hub.db.apply(
        page.enter,
        request.path_params["code"],
        language=asked_language(request),
        now_ms=pages.hub.now_ms(),
    )
    if token is None:
        return pages.door(request, "used", status=410)
    if request.headers.get("sec-fetch-site") == "cross-site":
        # A browser keeps a strict cookie back on a redirect that began on another site, as from web mail.
        answer = pages.door(request, "open", status=200)
        answer.cookies = pages.back("/portal", token).cookies
        return answer
    return pages.back("/portal", token)


async def leave(pages: Pages, request: Ask) -> Response[Any]:
    who = await pages.inside(request)
    await own_form(request, who.token)
    await pages.hub.db.apply(tables.end_session, who.token_hash)
    pages.hub.bell.poke([who.customer_id])
    return pages.back("/portal", "")


async def language(pages: Pages, request: Ask) -> Response[Any]:
    who = await pages.inside(request)
    chosen = (await own_form(request, who.token)).get("language", "")
    if chosen not in LANGUAGES:
        raise foreign_form()
    await pages.hub.db.apply(tables.set_language, who.token_hash, language=chosen)
    return pages.back("/portal")


async def stop(pages: Pages, request: Ask) -> Response[Any]:
    who = await pages.inside(request)
    form = await own_form(request, who.token)
    await page.stop(pages.hub, who, purpose=form.get("purpose", ""), recipient=form.get("recipient", ""))
    return pages.back("/portal#mag")


async def allow(pages: Pages, request: Ask) -> Response[Any]:
    who = await pages.inside(request)
    form = await own_form(request, who.token)
    base = page.base_of(form.get("gen", ""), form.get("state", ""))
    purpose, recipient = form.get("purpose", ""), form.get("recipient", "")
    done = await page.allow(pages.hub, who, purpose=purpose, recipient=recipient, base=base)
    return pages.back("/portal#mag" if done else "/portal?changed=1#mag")


async def portal_live(pages: Pages, request: Ask) -> Response[Any]:
    who = await pages.inside(request)

    async def alive() -> bool:
        return await pages.guest(request) is not None

    events = live.stream(pages.hub.bell, who.customer_id, alive=alive)
    return Stream(events, media_type="text/event-stream", headers=EVENTS)


async def static(pages: Pages, request: Ask) -> Response[Any]:
    asset = pages.sheets.assets.get(request.path_params["name"])
    if asset is None:
        return pages.door(request, "absent", status=404)
    known = request.query_params.get("v") == asset.version
    keep = f"public, max-age={YEAR_S}, immutable" if known else "no-cache"
    body, said = packed(asset.body, asset.kind, accepted=request.headers.get("accept-encoding", ""))
    return Response(body, media_type=asset.kind, headers={"cache-control": keep, **said})


async def headquarters(pages: Pages, request: Ask) -> Response[Any]:
    from_here(request)
    language = asked_language(request)
    words = pages.sheets.words[language]
    # One customer's balance stands beside the others only on the demo's stage, which is what may frame us.
    customer = request.query_params.get("customer") if pages.hub.config.frame_ancestors else None
    it = await hq.headquarters(pages.hub, words, customer=customer)
    return pages.html("hq.html", it, language)


async def headquarters_live(pages: Pages, request: Ask) -> Response[Any]:
    from_here(request)
    events = live.stream(pages.hub.bell, EVERYTHING)
    return Stream(events, media_type="text/event-stream", headers=EVENTS)


async def the_fleet(pages: Pages, request: Ask) -> Response[Any]:
    from_here(request)
    language = asked_language(request)
    it = await fleet.page(pages.hub, pages.sheets.words[language])
    return pages.html("fleet.html", it, language)


async def lost_cards(pages: Pages, request: Ask) -> Response[Any]:
    from_here(request)
    language = asked_language(request)
    it = fleet.cards(pages.hub, pages.sheets.words[language], done=request.query_params.get("done", ""))
    return pages.html("cards.html", it, language)


async def block_card(pages: Pages, request: Ask) -> Response[Any]:
    from_here(request)
    form = await own_form(request, fleet.hub_token(pages.hub.keys))
    value, done = form.get("card", "").strip(), "blocked"
    try:
        if not value:
            done = "empty"
        else:
            await pages.hub.change(fleet.block, pages.hub.keys, value=value)
    except Refused:
        done = "nobody"
    return pages.back(f"/hq/cards?done={done}&language={asked_language(request)}")


ROUTES: Final[tuple[tuple[Literal["GET", "POST"], str, Answer], ...]] = (
    ("GET", "/portal", portal),
    ("GET", "/portal/enter/{code:str}", enter),
    ("GET", "/portal/live", portal_live),
    ("GET", "/portal/static/{name:str}", static),
    ("POST", "/portal/stop", stop),
    ("POST", "/portal/allow", allow),
    ("POST", "/portal/language", language),
    ("POST", "/portal/leave", leave),
    ("GET", "/hq", headquarters),
    ("GET", "/hq/live", headquarters_live),
    ("GET", "/hq/fleet", the_fleet),
    ("GET", "/hq/cards", lost_cards),
    ("POST", "/hq/cards/block", block_card),
)


def router(hub: "Hub") -> Router:
    """Litestar's handlers for the table above."""
    pages = Pages(hub)

    def trouble(request: Ask, error: Exception) -> Response[Any]:
        return _trouble(pages, request, error)

    return Router(
        path="/",
        route_handlers=[_handler(pages, *each) for each in ROUTES],
        exception_handlers={
            Exception: trouble,
            Refusal: trouble,
            StoreError: trouble,
            HTTPException: trouble,
        },
        include_in_schema=False,
        request_max_body_size=FORM_BYTES,
    )


def _handler(pages: Pages, method: Literal["GET", "POST"], path: str, answer: Answer) -> HTTPRouteHandler:
    async def respond(request: Ask) -> Response[Any]:
        return await answer(pages, request)

    return route(path, http_method=method, status_code=200)(respond)


def _trouble(pages: Pages, request: Ask, error: Exception) -> Response[Any]:
    """The answer to what a page raised: a sentence for people, a problem for programs; never a traceback."""
    kind, status, code = "broken", 500, "INTERNAL"
    match error:
        case Refusal(code="NO_SESSION"):
            kind, status, code = "closed", error.status, error.code
        case Refusal():
            kind, status, code = ("form" if error.status == 403 else "absent"), error.status, error.code
        case StoreError():
            status, code = 503, "STORE"
            pages.hub.log("store_failed", code=error.code, hint=error.hint)
        case HTTPException() if error.status_code < 500:
            kind, status, code = "absent", error.status_code, "BAD_REQUEST"
        case _:
            pages.hub.log("request_died", **died(error))
    if "text/html" in request.headers.get("accept", "text/html"):
        return pages.door(request, kind, status=status)
    hint = error.hint if isinstance(error, WelkomError) else "open the page again"
    problem = wire.Problem(
        title="the page refused", status=status, code=code, hint=hint, hub_time_ms=pages.hub.now_ms()
    )
    return Response(
        wire.encode_problem(problem),
        status_code=status,
        media_type="application/problem+json",
        headers=NO_STORE,
    )
