"""What a person or a program gets when something is not there, not allowed or broken: never a traceback."""

import sqlite3
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode, urlsplit

from litestar import MediaType, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from edge.kit.errors import DiskFull, Gone, Handed, NotAllowed, NotSignedIn, Practising, WelkomError
from edge.kit.log import died
from edge.staff.pins import token_hash
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.security import Ask, cookie_name
from staff_ui.sheets import Frame
from staff_ui.telling import refused
from staff_ui.words import key

# Title, sentence, next step. The address of the next step is `/` unless it says otherwise.
WORDS: Final[dict[str, tuple[str, str, str]]] = {
    "unpaired": (key("trouble.unpaired"), key("trouble.unpaired.why"), key("trouble.unpaired.next")),
    "used": (key("trouble.used"), key("trouble.used.why"), key("trouble.used.next")),
    "form": (key("trouble.form"), key("trouble.form.why"), key("trouble.form.next")),
    "over": (key("trouble.over"), key("trouble.over.why"), key("trouble.over.next")),
    "idle": (key("trouble.idle"), key("trouble.idle.why"), key("trouble.idle.next")),
    "card": (key("trouble.card"), key("trouble.card.why"), key("trouble.card.next")),
    "saving": (key("trouble.saving"), key("trouble.saving.why"), key("trouble.saving.next")),
    "absent": (key("trouble.absent"), key("trouble.absent.why"), key("trouble.absent.next")),
    "unsold": (key("trouble.unsold"), key("trouble.unsold.why"), key("trouble.unsold.next")),
    "full": (key("trouble.full"), key("trouble.full.why"), key("trouble.full.next")),
    "manager": (key("trouble.manager"), key("trouble.manager.why"), key("trouble.manager.next")),
    "forgotten": (key("trouble.forgotten"), key("trouble.forgotten.why"), key("trouble.forgotten.next")),
    "no_floor": (key("trouble.no_floor"), key("trouble.no_floor.why"), key("trouble.no_floor.next")),
    "broken": (key("trouble.broken"), key("trouble.broken.why"), key("trouble.broken.next")),
}
BY_CODE: Final = {
    "U01": "unpaired",
    "U03": "form",
    "U05": "used",
    "U06": "over",
    "U07": "form",
    "U10": "unpaired",
    "U11": "manager",
    "U12": "unsold",
    "U13": "idle",
    "U14": "card",
    "U15": "saving",
    "U17": "no_floor",
    "U18": "forgotten",
}
# What comes up because a customer went, often by itself: a tablet that stays there would miss whoever comes next.
LEADS_BACK: Final = frozenset({"over", "card", "saving"})
MACHINES: Final = ("/healthz", "/metrics", "/live", "/static/")


@dataclass(frozen=True, slots=True)
class Trouble:
    frame: Frame
    title: str
    why: str
    next: str
    link: str
    leads: bool = False  # follows its link by itself


def trouble(desk: Desk, request: Ask, error: Exception) -> Response[object]:
    """The answer to what a page raised."""
    if isinstance(error, sqlite3.Error):
        error = desk.house.db.met(error)
    status, code = status_of(error), error.code if isinstance(error, WelkomError) else ""
    if status == 500:
        desk.house.log("page_failed", path=request.scope["path"].split("/")[1], **died(error))
    if isinstance(error, NotAllowed):
        refused(desk.house, desk.told, code=error.code, path=request.scope["path"])
    fetched = "hx-request" in request.headers
    door = _door(request, error) if isinstance(error, NotSignedIn) else ""
    # A tablet that has to show its key does so first: the customer's page would send it back here.
    if isinstance(error, Handed | NotSignedIn) and not door and _is_handed(desk, request):
        if fetched:
            return _plain(403, headers={"hx-redirect": "/join"})
        if not _is_machine(request):
            return Redirect("/join", status_code=303, headers=_NO_STORE)
    if isinstance(error, Practising) and not _is_machine(request):
        if fetched:
            return _plain(403, headers={"hx-redirect": "/practice"})
        return Redirect("/practice", status_code=303, headers=_NO_STORE)
    if isinstance(error, NotSignedIn) and fetched:
        # htmx follows this by itself: what is on a locked tablet must go away.
        return _plain(status, headers={"hx-redirect": door or "/signin?idle=1"})
    if code == "U01" and fetched:
        return _plain(
            status, headers={"hx-redirect": "/signin"}
        )  # there it says that this is no tablet any more
    if _is_machine(request) or fetched:
        return problem(status, error)
    if isinstance(error, NotSignedIn):
        if door:
            return Redirect(door, status_code=303, headers=_NO_STORE)
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
        link={
            "unpaired": "/signin",
            "used": "/signin",
            "unsold": "/products",
            "forgotten": "/demo/phone",
        }.get(kind, "/"),
        leads=kind in LEADS_BACK,
    )
    return html(desk, "trouble.html", it, language=around.language, status=status)  # type: ignore[return-value]


def _door(request: Ask, error: NotSignedIn) -> str:
    """Where a tablet shows its key and then goes on to where it was; empty when that is not what is wrong."""
    if error.code != "U08":
        return ""
    here = (
        urlsplit(request.headers.get("hx-current-url", ""))
        if "hx-request" in request.headers
        else request.url
    )
    to = f"{here.path}?{here.query}" if here.query else here.path
    return "/device?" + urlencode({"to": to if request.method == "GET" else "/"})


def status_of(error: Exception) -> int:
    match error:
        case HTTPException():
            return error.status_code
        case NotSignedIn():
            return 401
        case NotAllowed() | Handed() | Practising():
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


def _is_handed(desk: Desk, request: Ask) -> bool:
    """Whether a customer has this tablet: whoever has no session there is led to their page, not to the PIN."""
    secure = desk.house.config.server.secure_cookies
    tablet = request.cookies.get(cookie_name("tablet", secure=secure), "")
    return desk.handed.of(token_hash(tablet)) is not None


def _is_machine(request: Ask) -> bool:
    accepts = request.headers.get("accept", "")
    return request.scope["path"].startswith(MACHINES) or ("json" in accepts and "text/html" not in accepts)
