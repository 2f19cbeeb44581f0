"""The stage of the demo: four panes beside each other and a switch for the internet. Only there, only on loopback."""

from dataclasses import dataclass
from typing import Any

from litestar import Response
from litestar.response import Redirect

from edge.config import Language
from edge.kit.errors import Gone
from edge.staff import acts, tables
from edge.staff.pins import token_hash
from edge.staff.rules import SESSION_MS
from staff_ui.desk import Desk, Guest, Saying, Stage, StagePerson, StageState, frame, html, initials
from staff_ui.security import YEAR_S, Ask, cookie, cookie_name, form_token, own_form
from staff_ui.sheets import Frame
from staff_ui.words import LANGUAGES, MONTHS, Words, key

# The stage is nobody's tablet: its forms carry a token of this name, beside what the browser says of itself.
FORMS = "stage"
# What the stage of `welkom demo` says above the panes.
SAID = (
    key("stage.day.allow"),
    key("stage.day.birthday"),
    key("stage.day.close"),
    key("stage.day.cut"),
    key("stage.day.join"),
    key("stage.day.known"),
    key("stage.day.offline_tap"),
    key("stage.day.open"),
    key("stage.day.redeem"),
    key("stage.day.stop"),
    key("stage.day.stranger"),
    key("stage.day.wallet"),
    key("stage.declined"),
    key("stage.figure.redeemed"),
    key("stage.figure.sent"),
    key("stage.figure.stopped"),
    key("stage.figure.strangers"),
    key("stage.figure.visits"),
    key("stage.intro"),
    key("stage.line.back"),
    key("stage.line.out"),
    key("stage.line.well"),
    key("stage.walks"),
    key("stage.walks_out"),
    key("stage.yours"),
)
_KEEP = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Tappable:
    name: str
    initials: str
    barcode: str
    birthday: str = ""  # what only they have to know, for whoever plays them


@dataclass(frozen=True, slots=True)
class Screens:
    """What the four panes show: the addresses of real pages."""

    display: str
    tablet: str
    phone: str
    office: str


@dataclass(frozen=True, slots=True)
class Part:
    """A zone somebody can be walked to, and the initials of who is there now."""

    zone: str
    name: str
    here: str = ""


@dataclass(frozen=True, slots=True)
class StagePage:
    frame: Frame
    own: str
    screens: Screens
    people: tuple[Tappable, ...]
    stranger: str
    caption: str
    line: str
    internet: bool
    playing: bool
    parts: tuple[Part, ...] = ()
    languages: tuple[Language, ...] = LANGUAGES


def on(desk: Desk) -> Stage:
    """The stage of this house; raises Gone where there is none."""
    if desk.stage is None:
        raise Gone("there is no stage here", code="U05", hint="run `welkom demo`")
    return desk.stage


def spoken(words: Words, saying: Saying) -> str:
    """A saying in words: counts as people count, instants as a clock."""
    values: dict[str, Any] = {
        name.removesuffix("_ms"): words.clock(value) if name.endswith("_ms") else value
        for name, value in saying.values.items()
    }
    for counted in ("count", "waiting"):
        if counted in values:
            return words.count(saying.key, values.pop(counted), **values)
    return words.say(saying.key, **values)


async def stage(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /demo`; `?language=` as the visitor wants it."""
    here = on(desk)
    around = frame(desk, request, guest)
    language = _language(request, around)
    words = desk.sheets.words[language]
    now = here.state()
    it = StagePage(
        frame=around if around.language == language else _speaking(around, language),
        own=form_token(FORMS),
        screens=Screens(
            display=f"/balie?language={language}",
            tablet=f"/demo/tablet/open?language={language}",
            phone=f"/demo/phone?language={language}",
            office=f"/demo/office?language={language}",
        ),
        people=tuple(_tappable(each, words) for each in here.people),
        stranger=here.stranger,
        caption=spoken(words, now.caption),
        line=spoken(words, now.line),
        internet=now.internet,
        playing=now.playing,
        parts=_parts(desk, here, now, language),
    )
    return html(desk, "stage.html", it, language=language)


async def state(desk: Desk, request: Ask, guest: Guest) -> Response[object]:
    """`GET /demo/state`: what stands above the panes, asked for every second while the stage is looked at."""
    here = on(desk)
    # Whoever watches the stage is there: the tablet in its pane does not lock itself.
    desk.sessions.of(request.scope["headers"], now_ms=desk.house.time.now_ms(), touched=True)
    words = desk.sheets.words[_language(request, frame(desk, request, guest))]
    now = here.state()
    body = {
        "internet": now.internet,
        "playing": now.playing,
        "caption": spoken(words, now.caption),
        "line": spoken(words, now.line),
        "chosen": now.chosen,
        "figures": [spoken(words, each) for each in now.figures],
        "here": {each.zone: each.here for each in _parts(desk, here, now, words.language)},
    }
    return Response(body, headers=_KEEP)


async def tap_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /demo/tap`: fields `barcode`, one of the stage's own, and `unlocked`: the phone knew its owner."""
    here = on(desk)
    form = await own_form(request, FORMS)
    barcode = form.get("barcode", "")
    if barcode in {here.stranger, *(person.barcode for person in here.people)}:
        here.tap(barcode, unlocked="unlocked" in form)
    return _back(request)


async def walk_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /demo/walk`: field `who` by place, `zone` one of the floor's, or empty for the street."""
    here = on(desk)
    form = await own_form(request, FORMS)
    who, zone, radio = form.get("who", ""), form.get("zone", ""), desk.house.radio
    known = radio is not None and (not zone or radio.plan.room(zone) is not None)
    if known and who.isdecimal() and int(who) < len(here.people):
        await here.walk(int(who), zone)
    return _back(request)


async def internet_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /demo/internet`: field `on`, 1 or 0; really cuts the appliance from the hub."""
    form = await own_form(request, FORMS)
    await on(desk).internet(form.get("on") == "1")
    return _back(request)


async def play_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /demo/play`: field `on`, 1 or 0; the day that plays by itself."""
    form = await own_form(request, FORMS)
    await on(desk).play(form.get("on") == "1")
    return _back(request)


async def phone(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /demo/phone`: the page of whoever tapped last, entered with a code that works once.

    `?apart=1` for a window of its own, where the page has the name that passkeys and links are for.
    """
    address = await on(desk).phone(apart=request.query_params.get("apart") == "1")
    if address is None:
        raise Gone("nobody knows this customer any more", code="U18", hint="tap somebody else on the stage")
    return Redirect(f"{address}?{request.url.query}", status_code=303, headers=_KEEP)


async def office(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /demo/office`: headquarters, with the balance of whoever tapped last."""
    return Redirect(f"{on(desk).office()}&{request.url.query}", status_code=303, headers=_KEEP)


async def tablet(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /demo/tablet`: makes whatever browser opens it a tablet, which only a demo may do.

    One that is a tablet already stays that one: another token in its place would end what it is doing.
    """
    on(desk)
    house = desk.house
    if _tablet_of(desk, request):
        return Redirect("/signin", status_code=303, headers=_KEEP)
    code = await house.db.apply(acts.pair_code, "demo", now_ms=house.time.now_ms())
    return Redirect(f"/pair/{code}", status_code=303, headers=_KEEP)


async def signed_in(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /demo/tablet/open`: a tablet on which somebody is already signed in, for the pane of the stage.

    A browser that opens the stage once more keeps its tablet, and with it the window that shows it apart; what was
    on it ends, as when staff take it back.
    """
    here, house = on(desk), desk.house
    now_ms, language = house.time.now_ms(), _language(request, frame(desk, request, guest))
    token: str | None = _tablet_of(desk, request)
    if not token:
        code = await house.db.apply(acts.pair_code, "demo", now_ms=now_ms)
        token = await house.db.apply(acts.pair, code, now_ms=now_ms)
    staff = tables.by_name(house.db.reader, here.staff)
    if token is None or staff is None:
        raise Gone("the stage has no tablet", code="U05", hint="start the demo again")
    session = await desk.sessions.sign_in(staff, token_hash(token), language=language)
    desk.handed.take_back(token_hash(token))
    secure = house.config.server.secure_cookies
    return Redirect(
        "/",
        status_code=303,
        cookies=[
            cookie("tablet", token, secure=secure, max_age_s=YEAR_S),
            cookie("session", session, secure=secure, max_age_s=SESSION_MS // 1000),
            cookie(
                "look",
                f"{language}.light.right",
                secure=secure,
                max_age_s=YEAR_S,
            ),
        ],
        headers=_KEEP,
    )


def _tablet_of(desk: Desk, request: Ask) -> str:
    """The token of the tablet that this browser is; empty where it is none."""
    secure = desk.house.config.server.secure_cookies
    token = request.cookies.get(cookie_name("tablet", secure=secure), "")
    known = token and tables.device_key(desk.house.db.reader, token_hash(token)) is not None
    return token if known else ""


def _parts(desk: Desk, here: Stage, now: StageState, language: Language) -> tuple[Part, ...]:
    if desk.house.radio is None:
        return ()
    return tuple(
        Part(
            room.zone,
            room.name(language),
            " ".join(
                initials(person.name)
                for person, zone in zip(here.people, now.where, strict=False)
                if zone == room.zone
            ),
        )
        for room in desk.house.radio.plan.rooms
    )


def _tappable(person: StagePerson, words: Words) -> Tappable:
    birthday = ""
    if person.birthday is not None:
        day, month = person.birthday
        birthday = words.say("stage.birthday", day=day, month=words.say(MONTHS[month - 1]))
    return Tappable(person.name, initials(person.name), person.barcode, birthday)


def link_here(desk: Desk, address: str) -> str:
    """The address behind a code, for the demo: who plays both sides has no second phone at hand. Else empty."""
    return address if desk.stage is not None else ""


def _language(request: Ask, around: Frame) -> Language:
    asked = request.query_params.get("language")
    return next((each for each in LANGUAGES if each == asked), around.language)


def _speaking(around: Frame, language: Language) -> Frame:
    return Frame(language=language, shop=around.shop, theme=around.theme, hand=around.hand, own=around.own)


def _back(request: Ask) -> Response[str]:
    """What a script sent needs no page; a form without one goes back to the stage."""
    if request.headers.get("sec-fetch-dest") == "empty":
        return Response("", status_code=204, headers=_KEEP)
    return Redirect("/demo", status_code=303, headers=_KEEP)
