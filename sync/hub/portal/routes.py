"""The one table of the hub's pages: what answers, and who may ask. sync/README.md has a row for each."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import Response, route
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.datastructures import ResponseSpec

from edge.kit.errors import Busy, Refused, StoreError, WelkomError
from edge.kit.log import died
from sync import wire
from sync.hub.answers import code_of
from sync.hub.documented import problems
from sync.hub.metrics import metrics
from sync.hub.passes import answers as passes
from sync.hub.portal import access, choosing, entering, mydata, newcomer, office, own, receipts
from sync.hub.portal.guard import Asked, Guard, Method, admit, judge
from sync.hub.portal.pages import NO_STORE, Pages
from sync.hub.portal.security import FORM_BYTES, Ask
from sync.hub.problem import Refusal
from sync.hub.room import Room

if TYPE_CHECKING:
    from sync.hub.app import Hub


@dataclass(frozen=True, slots=True)
class Route:
    """An address, who may ask for it, and what answers. The guard runs before, for every one of them.

    `told` is what a program gets there, for the OpenAPI document; a page has none.
    """

    method: Method
    path: str
    guard: Guard
    answer: Callable[[Pages, Asked], Awaitable[Response[Any]]]
    told: type[msgspec.Struct] | None = None


ROUTES: Final = (
    Route("GET", "/portal", "customer", own.portal),
    Route("GET", "/portal/enter/{code:str}", "code", entering.enter),
    Route("GET", "/portal/sure", "customer", entering.sure),
    Route("GET", "/portal/live", "customer", own.portal_live),
    Route("GET", "/portal/static/{name:str}", "anybody", entering.static),
    Route("POST", "/portal/stop", "customer", own.stop),
    Route("POST", "/portal/stop/all", "customer", own.stop_all),
    Route("POST", "/portal/allow", "customer", own.allow),
    Route("GET", "/portal/data", "customer", mydata.data),
    Route("POST", "/portal/correct", "customer", mydata.put_right),
    Route("GET", "/portal/receipts/{record:str}", "customer", receipts.show),
    Route("GET", "/portal/receipts/{record:str}/json", "customer", receipts.json_ld),
    Route("GET", "/portal/receipts/{record:str}/kantara", "customer", receipts.kantara),
    Route("GET", "/portal/notices/{digest:str}", "anybody", receipts.notice),
    Route("GET", "/portal/download", "owner", mydata.take_along),
    Route("GET", "/portal/keys", "anybody", mydata.keys, mydata.PublicKeys),
    Route("GET", "/portal/digest", "customer", mydata.overview),
    Route("POST", "/portal/digest", "customer", mydata.ask_overview),
    Route("GET", "/portal/forget", "owner", mydata.forget),
    Route("POST", "/portal/forget", "owner", mydata.forget_now),
    Route("POST", "/portal/language", "customer", own.language),
    Route("POST", "/portal/leave", "customer", own.leave),
    Route("POST", "/portal/ask", "anybody", entering.ask),
    Route("GET", "/portal/link/{code:str}", "code", entering.link),
    Route("POST", "/portal/link/{code:str}", "code", entering.follow),
    Route("POST", "/portal/passkey/ask", "anybody", entering.ask_passkey),
    Route("POST", "/portal/passkey/enter", "code", entering.enter_by_passkey),
    Route("GET", "/portal/access", "customer", access.access),
    Route("POST", "/portal/session/end", "customer", access.end_session),
    Route("POST", "/portal/passkey/new", "owner", access.new_passkey),
    Route("POST", "/portal/passkey", "owner", access.keep_passkey),
    Route("POST", "/portal/passkey/drop", "owner", access.drop_passkey),
    Route("POST", "/portal/address", "owner", access.give_address),
    Route("POST", "/portal/address/drop", "owner", access.drop_address),
    Route("GET", "/portal/address/{code:str}", "code", entering.link),
    Route("POST", "/portal/address/{code:str}", "code", access.confirm_address),
    Route("GET", "/portal/join/{ticket:str}", "code", newcomer.ask),
    Route("POST", "/portal/join/{ticket:str}", "code", newcomer.answer),
    Route("GET", "/portal/choose/{shop:str}", "anybody", choosing.choose),
    Route("GET", "/portal/choose/{shop:str}/{helper:str}", "anybody", choosing.question),
    Route("GET", "/portal/choose/{shop:str}/{helper:str}/{answers:str}", "anybody", choosing.question),
    Route("GET", "/portal/keep/{shop:str}/{helper:str}/{answers:str}", "customer", choosing.keep),
    Route("POST", "/portal/keep/{shop:str}/{helper:str}/{answers:str}", "customer", choosing.keep_now),
    Route("GET", "/portal/pass", "customer", passes.show),
    Route("POST", "/portal/pass/make", "customer", passes.make),
    Route("POST", "/portal/pass/lost", "customer", passes.lost),
    Route("GET", "/portal/pass/welkom.pkpass", "owner", passes.pkpass),
    Route("GET", "/portal/pass/now", "anybody", passes.now),
    Route("GET", "/portal/pass/sw.js", "anybody", passes.worker),
    Route("GET", "/portal/pass/static/{name:str}", "anybody", passes.static),
    Route("GET", "/hq", "here", office.headquarters),
    Route("GET", "/hq/live", "here", office.headquarters_live),
    Route("GET", "/hq/fleet", "here", office.the_fleet),
    Route("GET", "/hq/cards", "here", office.lost_cards),
    Route("POST", "/hq/cards/block", "here", office.block_card),
    Route("GET", "/metrics", "here", metrics),
)


def router(hub: "Hub") -> Room:
    """Litestar's handlers for the table above."""
    pages = hub.pages

    def answer(request: Ask, error: Exception) -> Response[Any]:
        return trouble(pages, request, error)

    return Room(
        path="/",
        route_handlers=[_handler(pages, each) for each in ROUTES],
        exception_handlers={
            Exception: answer,
            WelkomError: answer,
            Refusal: answer,
            Refused: answer,
            wire.Malformed: answer,
            StoreError: answer,
            HTTPException: answer,
        },
        request_max_body_size=FORM_BYTES,
    )


def _handler(pages: Pages, its: Route) -> HTTPRouteHandler:
    async def respond(request: Ask) -> Response[Any]:
        asked = await admit(pages, request, its.method, its.guard)
        if its.guard != "code":
            return await its.answer(pages, asked)
        try:
            answer = await its.answer(pages, asked)
        except Refusal as refusal:
            judge(pages, request, refusal.status)
            raise
        judge(pages, request, answer.status_code or 200)
        return answer

    told = None
    if its.told is not None:
        told = ResponseSpec(its.told, generate_examples=False, description="as asked")
    return route(
        its.path,
        http_method=its.method,
        status_code=200,
        summary=(its.answer.__doc__ or "").partition(": ")[2].rstrip("."),
        include_in_schema=told is not None,
        responses={200: told, **problems(500, 503)} if told else None,
    )(respond)


def trouble(pages: Pages, request: Ask, error: Exception) -> Response[Any]:
    """The answer to what a page raised: a sentence for people, a problem for programs; never a traceback.

    Also to an address that is none of ours, below the pages.
    """
    kind, status, code = "broken", 500, "INTERNAL"
    match error:
        case Refusal(code="NO_SESSION"):
            kind, status, code = "closed", error.status, error.code
        case Refusal(code="NOT_SURE"):
            kind, status, code = "unsure", error.status, error.code
        case Refusal(code="NOT_HERE"):
            kind, status, code = "here", error.status, error.code
        case Refusal(code="TOO_OFTEN"):
            kind, status, code = "tried", error.status, error.code
        case Refusal():
            kind, status, code = ("form" if error.status == 403 else "absent"), error.status, error.code
        case Refused() | wire.Malformed():
            kind, status, code = "refused", 422, error.code
            kind = {"MINOR": "minor", "PARENT": "parent"}.get(code, kind)
        case StoreError():
            status, code = 503, "STORE_BUSY" if isinstance(error, Busy) else "STORE"
            pages.hub.log("store_failed", code=error.code, hint=error.hint)
        case HTTPException() if error.status_code < 500:
            kind, status, code = "absent", error.status_code, code_of(error)
        case _:
            pages.hub.log("request_died", **died(error))
    pages.hub.tally.refused(code)
    if isinstance(error, Refusal) and code != "NO_SESSION":  # whose session is over is no attack
        pages.telling(code, "page")
    wait_s = error.retry_s if isinstance(error, Refusal) else 0
    again = {"retry-after": str(wait_s)} if wait_s else {}
    if "text/html" in request.headers.get("accept", "text/html"):
        door = pages.door(request, kind, status=status, wait_s=wait_s)
        door.headers |= again
        return door
    hint = error.hint if isinstance(error, WelkomError) else "open the page again"
    problem = wire.Problem(
        title="the page refused", status=status, code=code, hint=hint, hub_time_ms=pages.hub.now_ms()
    )
    return Response(
        wire.encode_problem(problem),
        status_code=status,
        media_type="application/problem+json",
        headers=NO_STORE | again,
    )
