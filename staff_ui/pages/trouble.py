"""What a person or a program gets when something is not there, not allowed or broken: never a traceback."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from litestar import MediaType, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from edge.kit.errors import DiskFull, Gone, NotAllowed, NotSignedIn, WelkomError
from edge.kit.log import died
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.security import Ask
from staff_ui.sheets import Frame
from staff_ui.words import key

# Title, sentence, next step. The address of the next step is `/` unless it says otherwise.
WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "unpaired": (key("trouble.unpaired"), key("trouble.unpaired.why"), key("trouble.unpaired.next")),
    "used": (key("trouble.used"), key("trouble.used.why"), key("trouble.used.next")),
    "form": (key("trouble.form"), key("trouble.form.why"), key("trouble.form.next")),
    "over": (key("trouble.over"), key("trouble.over.why"), key("trouble.over.next")),
    "managers": (key("trouble.managers"), key("trouble.managers.why"), key("trouble.managers.next")),
    "absent": (key("trouble.absent"), key("trouble.absent.why"), key("trouble.absent.next")),
    "full": (key("trouble.full"), key("trouble.full.why"), key("trouble.full.next")),
    "broken": (key("trouble.broken"), key("trouble.broken.why"), key("trouble.broken.next")),
}
BY_CODE: Final = {
    "U01": "unpaired",
    "U05": "used",
    "U03": "form",
    "U06": "over",
    "U07": "form",
    "U08": "managers",
}
MACHINES: Final = ("/healthz", "/metrics", "/live", "/static/")


@dataclass(frozen=True, slots=True)
class Trouble:
    frame: Frame
    title: str
    why: str
    next: str
    link: str


def trouble(desk: Desk, request: Ask, error: Exception) -> Response[object]:
    """The answer to what a page raised."""
    status, code = status_of(error), error.code if isinstance(error, WelkomError) else ""
    if status == 500:
        desk.house.log("page_failed", path=request.scope["path"].split("/")[1], **died(error))
    fetched = "hx-request" in request.headers
    if isinstance(error, NotSignedIn) and fetched:
        # htmx follows this by itself: what is on a locked tablet must go away.
        return _plain(status, headers={"hx-redirect": "/signin?idle=1"})
    if _is_machine(request) or fetched:
        return problem(status, error)
    if isinstance(error, NotSignedIn):
        came_back = "welkom_session=" in request.headers.get("cookie", "")
        return Redirect("/signin?idle=1" if came_back else "/signin", status_code=303, headers=_NO_STORE)
    kind = BY_CODE.get(code) or ("full" if status == 503 else "absent" if status in (404, 405) else "broken")
    around = frame(desk, request, Guest(tablet="", session=None))
    title, why, then = WORDS[kind]
    say = desk.sheets.words[around.language].say
    it = Trouble(
        frame=around,
        title=say(title),
        why=say(why),
        next=say(then),
        link="/signin" if kind in ("unpaired", "used") else "/",
    )
    return html(desk, "trouble.html", it, language=around.language, status=status)  # type: ignore[return-value]


def status_of(error: Exception) -> int:
    match error:
        case HTTPException():
            return error.status_code
        case NotSignedIn():
            return 401
        case NotAllowed():
            return 403
        case Gone():
            return 410
        case DiskFull():
            return 503
        case _:
            return 500


def problem(status: int, error: Exception) -> Response[object]:
    """RFC 9457 problem details; words of ours only, never those of an exception we did not foresee."""
    body: dict[str, object] = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if isinstance(error, WelkomError):
        body |= {"detail": str(error), "code": error.code, "hint": error.hint}
    return Response(body, status_code=status, media_type="application/problem+json", headers=_NO_STORE)


_NO_STORE: Final = {"cache-control": "no-store"}


def _plain(status: int, *, headers: dict[str, str]) -> Response[object]:
    return Response(b"", status_code=status, media_type=MediaType.TEXT, headers={**_NO_STORE, **headers})


def _is_machine(request: Ask) -> bool:
    accepts = request.headers.get("accept", "")
    return request.scope["path"].startswith(MACHINES) or ("json" in accepts and "text/html" not in accepts)
