"""What every page is handed: the house, who is signed in, the templates. And who may come in."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError
from typing import Any, Final, Literal, Protocol

from litestar import Response

from edge.config import Language
from edge.house import House
from edge.kit.errors import NotAllowed, NotSignedIn, Practising
from edge.kit.proxies import came_through_one
from edge.staff import tables
from edge.staff.pins import token_hash
from staff_ui.assets import Asset
from staff_ui.fragments import Fragments
from staff_ui.handed import HandedTablets
from staff_ui.security import Ask, cookie_name, form_token
from staff_ui.sessions import Session, Sessions
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import LANGUAGES, Words

Guard = Literal["open", "tablet", "staff", "display", "loopback"]
THEMES: Final = ("auto", "light", "dark", "glare")
HANDS: Final = ("right", "left")
# Pages that show more of a customer than a glance: a tablet left alone on one locks within a minute.
PROFILES: Final = ("/profile", "/wallet", "/advice", "/cards", "/fobs", "/where")
SAVING: Final = "/saving/"  # and a balance without a name
BY_THEMSELVES: Final = ("/live", "/signin/badge")  # asked without anybody touching anything
TOUCH: Final = "/touch"  # says that somebody is there; opens nothing
# What a tablet in a customer's hands may open: their page, and the PIN that ends it.
TO_CUSTOMERS: Final = ("/join", "/own", "/signin")
# What a tablet that practises may open: invented people, and what keeps its session.
WHILE_PRACTISING: Final = ("/practice", "/touch")
LOOPBACK: Final = ("127.", "::1", "::ffff:127.")


@dataclass(frozen=True, slots=True)
class Saying:
    """A message of the catalogue and its values; a value `…_ms` is said as a clock."""

    key: str
    values: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class StagePerson:
    """An invented person who stands at the counter of the demo."""

    name: str
    barcode: str = field(repr=False)
    birthday: tuple[int, int] | None = field(default=None, repr=False)  # day, month


@dataclass(frozen=True, slots=True)
class StageLetter:
    """A letter that somebody of the stage was sent."""

    to: str = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class StageState:
    """What stands above the panes: the switch, the day, and the sentence of each."""

    internet: bool
    playing: bool
    caption: Saying
    line: Saying
    chosen: int
    figures: tuple[Saying, ...]
    where: tuple[str, ...] = ()  # the zone of each of the people, empty where they are not in the shop


class Stage(Protocol):
    """What the demo hands over: people, a card of nobody, the counter, the cable, a phone and headquarters."""

    people: tuple[StagePerson, ...]
    stranger: str
    staff: str
    pin: str
    hub: str

    def tap(self, barcode: str, *, unlocked: bool = False) -> None: ...
    async def walk(self, who: int, zone: str) -> None: ...
    async def internet(self, on: bool) -> None: ...
    async def play(self, on: bool) -> None: ...
    async def phone(self, *, apart: bool = False) -> str | None: ...
    def letters(self) -> Sequence[StageLetter]: ...
    def office(self) -> str: ...
    def state(self) -> StageState: ...


@dataclass(frozen=True, slots=True)
class Desk:
    """The staff side of one house, made once by `make_app`."""

    house: House
    sessions: Sessions
    sheets: Sheets
    fragments: Fragments
    assets: dict[str, Asset]
    logged: set[tuple[bytes, str]]
    handed: HandedTablets
    # Visit -> how often a birthday was guessed wrong in it. In memory: a visit is over in hours.
    tries: dict[bytes, int] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)  # code of a refusal -> when the log said it last
    asked: dict[bytes, int] = field(default_factory=dict)  # visit -> since when its card is asked for
    stage: Stage | None = None
    paths: frozenset[str] = frozenset()  # what this house serves: the menu links to nothing else


@dataclass(frozen=True, slots=True)
class Look:
    """How pages look on one tablet, kept in its cookie as `language.theme.hand`."""

    language: Language
    theme: str = THEMES[0]
    hand: str = HANDS[0]


@dataclass(frozen=True, slots=True)
class Guest:
    """Who asks: the tablet's token, empty in a browser that is no tablet, and the session on it."""

    tablet: str
    session: Session | None
    bound: bool = False  # it has a key of its own, and has to show it

    @property
    def who(self) -> Session:
        """The session that the guard of a `staff` page has made sure of."""
        if self.session is None:
            raise _not_signed_in()
        return self.session


async def admit(desk: Desk, request: Ask, guard: Guard) -> Guest:
    """Let a request in or raise NotAllowed or NotSignedIn. Opening a page by hand counts as touching it."""
    if guard == "loopback" and not _is_loopback(request):
        raise NotAllowed("only from this machine", code="U04", hint="ask from the appliance itself")
    if guard in ("open", "loopback"):
        return Guest(tablet="", session=None)
    if guard == "display" and desk.stage is not None and _is_loopback(request):
        return Guest(tablet="", session=None)  # the demo's stage shows it beside the tablet
    tablet = request.cookies.get(cookie_name("tablet", secure=_secure(desk)), "")
    tablet_hash = token_hash(tablet)
    if guard == "display":
        if not tablet or not tables.is_display(desk.house.db.reader, tablet_hash):
            raise NotAllowed(
                "this browser is no display of the shop", code="U01", hint="`welkom tablet display`"
            )
        return Guest(tablet=tablet, session=None)
    device_key = tables.device_key(desk.house.db.reader, tablet_hash) if tablet else None
    if device_key is None:
        raise NotAllowed("this browser is no tablet of the shop", code="U01", hint="pair it: `welkom tablet`")
    now_ms, bound = desk.house.time.now_ms(), bool(device_key)
    if request.url.path.startswith("/device"):
        return Guest(tablet=tablet, session=None, bound=bound)
    if bound:
        given = request.cookies.get(cookie_name("proof", secure=_secure(desk)), "")
        desk.sessions.demand(tablet_hash, given, now_ms=now_ms)
    if not request.url.path.startswith(TO_CUSTOMERS):
        desk.handed.refuse(tablet_hash)
    by_hand = (
        request.url.path not in BY_THEMSELVES
        and "hx-request" not in request.headers
        and "quiet" not in request.query_params
    )
    session = desk.sessions.of(request.scope["headers"], now_ms=now_ms, touched=by_hand)
    if session is not None and by_hand and request.url.path != TOUCH:
        path = request.url.path
        session.profile = path.endswith(PROFILES) or path.startswith(SAVING)
    await desk.sessions.settle()
    if session is not None and session.tablet_hash != tablet_hash:
        session = None
    if guard == "staff" and session is None:
        raise _not_signed_in()
    if (
        guard == "staff"
        and session
        and session.practice
        and not request.url.path.startswith(WHILE_PRACTISING)
    ):
        raise Practising("this tablet practises", code="U16", hint="stop practising first")
    return Guest(tablet=tablet, session=session, bound=bound)


def managers_only(guest: Guest) -> None:
    """Raise NotAllowed unless a manager is signed in."""
    if guest.who.role != "manager":
        raise NotAllowed("only a manager may do this", code="U11", hint="ask a manager to sign in")


def _is_loopback(request: Ask) -> bool:
    """Whether it was asked on this machine, and not by a proxy here for somebody on the shop's network."""
    near = bool(request.client and request.client.host.startswith(LOOPBACK))
    return near and not came_through_one(request.headers)


def _not_signed_in() -> NotSignedIn:
    return NotSignedIn("nobody is signed in on this tablet", code="U02", hint="sign in")


def _secure(desk: Desk) -> bool:
    return desk.house.config.server.secure_cookies


def look(desk: Desk, request: Ask) -> Look:
    """How this tablet wants its pages; the shop's language and the usual look where it never chose."""
    plain = Look(language=desk.house.config.shop.language)
    try:
        parts = request.cookies.get(cookie_name("look", secure=_secure(desk)), "").split(".")
    except CookieError:
        return plain
    if len(parts) != 3 or parts[0] not in LANGUAGES or parts[1] not in THEMES or parts[2] not in HANDS:
        return plain
    return Look(language=parts[0], theme=parts[1], hand=parts[2])


def frame(desk: Desk, request: Ask, guest: Guest, *, here: str = "") -> Frame:
    """The frame of a page for this tablet and whoever is signed in on it; `here` is the marked menu item."""
    chosen, session = look(desk, request), guest.session
    return Frame(
        language=session.language if session else chosen.language,
        shop=desk.house.config.shop.name,
        theme=chosen.theme,
        hand=chosen.hand,
        own=form_token(guest.tablet) if guest.tablet else "",
        staff=session.name if session else "",
        initials=initials(session.name) if session else "",
        here=here,
        bound=guest.bound,
        practising=session is not None and session.practice is not None,
        manager=session is not None and session.role == "manager",
        products="/products" in desk.paths,
        plan=desk.house.radio is not None,
        idle_ms=session.idle_ms if session else 0,
    )


def initials(name: str) -> str:
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def words(desk: Desk, around: Frame) -> Words:
    return desk.sheets.words[around.language]


def html(desk: Desk, template: str, it: object, *, language: Language, status: int = 200) -> Response[str]:
    """A page that nobody may keep."""
    return Response(
        desk.sheets.render(template, it, language),
        status_code=status,
        media_type="text/html",
        headers={"cache-control": "no-store"},
    )
