"""Every error that leaves the hub: RFC 9457 problem details with a code, and nothing personal."""

import re
from collections.abc import Callable
from typing import Any, Final

from litestar import Request, Response
from litestar.exceptions import HTTPException, SerializationException
from litestar.types import ExceptionHandlersMap

from edge.kit.errors import Busy, Refused, StoreError
from edge.kit.log import Log, died
from sync import wire
from sync.hub.bodies import MOST_DEEP, TooDeep
from sync.hub.documented import MEDIA_TYPE
from sync.hub.problem import Refusal
from sync.hub.telling import Telling
from sync.signing import BadSignature

AnyRequest = Request[Any, Any, Any]

_SEE: Final = "see /schema/openapi.json"
_MOST_HINT: Final = 400
# What a decoder says of shapes: nothing in it is quoted from what was sent, but a name that looks like one of ours.
_SHAPES: Final = re.compile(
    r"Expected [^'\"]*(?:regex '.*')?|Object missing required field `\w+`"
    r"|Object contains unknown field `[a-z_]{1,40}`"
)
_MISSING: Final = re.compile(r"Missing required (\w+) parameter '([\w-]+)'")
_CONFLICTS: Final = frozenset(
    {"CUSTOMER_TAKEN", "CREDENTIAL_TAKEN", "IMPORT_TOUCHED", "IMPORT_OPEN", "IMPORT_UNDONE"}
)


def where(error: HTTPException) -> str:
    """Which field of a request is wrong and how, without any value: `$.cards[0].value: Expected `str`, got `int``."""
    if isinstance(error.__cause__, TooDeep):
        return f"$: it nests deeper than {MOST_DEEP}"
    if isinstance(error.__cause__, SerializationException):
        return "$: the body is no JSON"
    if missing := _MISSING.match(error.detail):
        return f"{missing[1]}.{missing[2]}: it is missing"
    found = error.extra if isinstance(error.extra, list) else []
    return "; ".join(_fault(each) for each in found if isinstance(each, dict))


def _fault(told: dict[str, Any]) -> str:
    source = getattr(told.get("source"), "value", "$")  # `$` is the body, as in JSONPath
    name, message = str(told.get("key", "")), str(told.get("message", ""))
    at = source if name in ("", "data") else f"{source}.{name}"
    return f"{at}: {message if _SHAPES.fullmatch(message) else 'not one of the values that are taken'}"


def code_of(error: HTTPException) -> str:
    """How an answer that the framework gives by itself is called, to programs and in the counts."""
    code = {404: "NOT_FOUND", 405: "NOT_ALLOWED", 413: "TOO_LARGE"}.get(error.status_code)
    return code or "BAD_REQUEST"


def problems(*, now_ms: Callable[[], int], log: Log, counted: Callable[[str], None]) -> ExceptionHandlersMap:
    """How each kind of error becomes an answer; `counted` is told the code of each."""

    def answer(status: int, title: str, *, code: str, hint: str) -> Response[bytes]:
        problem = wire.Problem(title=title, status=status, code=code, hint=hint, hub_time_ms=now_ms())
        counted(code)
        return Response(wire.encode_problem(problem), status_code=status, media_type=MEDIA_TYPE)

    telling = Telling(now_ms=now_ms, log=log)

    def tell(request: AnyRequest, code: str) -> None:
        path, device = request.scope["path"], getattr(request.state, "device", "")
        if path.startswith("/sync/"):
            telling(code, "signed" if device else "unsigned", device=device)
        elif path.startswith("/api/"):
            telling(code, "program")

    def refused(request: AnyRequest, error: Refusal) -> Response[bytes]:
        tell(request, error.code)
        said = answer(error.status, str(error), code=error.code, hint=error.hint)
        if error.retry_s:
            said.headers["retry-after"] = str(error.retry_s)
        if error.status == 401:
            said.headers["www-authenticate"] = "Bearer"
        return said

    def not_done(_: AnyRequest, error: Refused) -> Response[bytes]:
        status = 404 if error.code.startswith("UNKNOWN_") else 409 if error.code in _CONFLICTS else 422
        return answer(status, str(error), code=error.code, hint=error.hint)

    def unsigned(request: AnyRequest, error: BadSignature) -> Response[bytes]:
        tell(request, error.code)
        return answer(401, str(error), code=error.code, hint=error.hint)

    def malformed(request: AnyRequest, error: wire.Malformed) -> Response[bytes]:
        tell(request, error.code)
        return answer(413 if error.code == "TOO_LARGE" else 400, str(error), code=error.code, hint=error.hint)

    def http(request: AnyRequest, error: HTTPException) -> Response[bytes]:
        # The exception's own detail may quote the request; its status says enough.
        title = {404: "nothing is here", 405: "not by this method", 413: "too long"}.get(
            error.status_code, "the request is not as the contract says"
        )
        code = code_of(error)
        tell(request, code)
        hint = "; ".join(each for each in (where(error)[:_MOST_HINT], _SEE) if each)
        return answer(error.status_code, title, code=code, hint=hint)

    def store(_: AnyRequest, error: StoreError) -> Response[bytes]:
        log("store_failed", code=error.code, hint=error.hint)
        if isinstance(error, Busy):
            return answer(503, str(error), code="STORE_BUSY", hint=error.hint)
        return answer(503, "the hub cannot write or read", code="STORE", hint="try again later")

    def unforeseen(_: AnyRequest, error: Exception) -> Response[bytes]:
        log("request_died", **died(error))
        return answer(500, "the hub failed", code="INTERNAL", hint="look into the hub's log")

    return {
        Refusal: refused,
        Refused: not_done,
        BadSignature: unsigned,
        wire.Malformed: malformed,
        HTTPException: http,
        StoreError: store,
        Exception: unforeseen,
    }
