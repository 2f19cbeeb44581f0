"""The pages of a tablet that practises: the real list, card, wallet and closer look, of people who do not exist."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Final

from litestar import Response
from litestar.response import Redirect
from markupsafe import Markup

from edge.health import Health
from edge.kit.clock import rfc3339
from edge.kit.errors import Gone
from edge.visits.here import Arrival
from edge.wallet.rules import Balances, StampCard
from edge.wallet.tables import Written
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.card import glance
from staff_ui.pages.named import id_of
from staff_ui.pages.profile import WHY, Profile, fields_of, reasons
from staff_ui.pages.purse import Purse
from staff_ui.pages.rows import CURRENT, HOW, Row
from staff_ui.pages.state import State
from staff_ui.pages.stop import Stop
from staff_ui.pages.tabs import tabs
from staff_ui.pages.values import text
from staff_ui.pages.visits import Visits
from staff_ui.pages.wallet import WHY_NOT, Said, said, sheet
from staff_ui.practice import (
    FULL,
    Person,
    Practice,
    arrival,
    done,
    here,
    person_of,
    profile,
    saved,
    wallet_done,
)
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import Words

MOST_DIGITS: Final = 6
# Practised for one reason, and refused for one.
REASON: Final = WHY["help"][0]
SHORT: Final = WHY_NOT["points"]
_NOW: Final = {"cache-control": "no-store"}


@dataclass(frozen=True, slots=True)
class Practised:
    frame: Frame
    visits: Markup = field(repr=False)


async def practice_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /practice`: field `on` is `1`, or `0` to leave; whatever was practised is gone then."""
    form = await own_form(request, guest.tablet)
    begins = form.get("on") == "1"
    if begins:
        desk.house.counter.counts["used_practice"] += 1  # how often, by nobody
    guest.who.practice = Practice() if begins else None
    return Redirect("/practice" if begins else "/store", status_code=303, headers=_NOW)


async def practice(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /practice` and `GET /practice/{visit}`: the list, and one of its cards."""
    held = _held(guest)
    named = request.path_params.get("visit", "")
    around, now_ms = frame(desk, request, guest, here="floor"), desk.house.time.now_ms()
    say = words(desk, around)
    current = person_of(held, id_of(named)) if named else next(iter(here(held)), None)
    it = floor(
        desk.sheets,
        around,
        held,
        current,
        say,
        me=guest.who.staff_id,
        now_ms=now_ms,
        stopped=bool(named) and current is None,
    )
    return html(desk, "practice.html", it, language=around.language)


def floor(
    sheets: Sheets,
    around: Frame,
    held: Practice,
    current: Person | None,
    say: Words,
    *,
    me: bytes,
    now_ms: int,
    stopped: bool = False,
) -> Practised:
    """The list and a card of the invented shop."""
    visits = {
        person.at: arrival(held, person, me=me, name=around.staff, now_ms=now_ms) for person in here(held)
    }
    card = None
    if current is not None:
        known = profile(held, current, reward=say.say("practice.reward"), now_ms=now_ms)
        card = glance(visits[current.at], known, say, now_ms=now_ms, me=me)
        card = replace(card, tabs=tabs(current.at.hex(), "card", say, busy=True))
    rows = [_row(person, visits[person.at], say, now_ms=now_ms) for person in here(held)]
    lines = [sheets.render("row.html", row, around.language) for row in rows]
    at = current.at.hex() if current else ""
    it = Visits(
        state=State("well", say.say("practice.state")),
        rows=Markup(
            "".join(
                line if row.key == at else line.replace(CURRENT, "", 1)
                for row, line in zip(rows, lines, strict=True)
            )
        ),
        card=card,
        stopped=stopped,
    )
    return Practised(frame=around, visits=Markup(ours(sheets.render("visits.html", it, around.language))))


async def closer(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /practice/{visit}/{page}`: wallet, profile or stop of somebody invented."""
    held, around = _held(guest), frame(desk, request, guest, here="floor")
    say, now_ms = words(desk, around), desk.house.time.now_ms()
    person = _person(held, request)
    visit = arrival(held, person, me=guest.who.staff_id, name=around.staff, now_ms=now_ms)
    match request.path_params["page"]:
        case "wallet":
            what = _last(held, person, request.query_params, say, now_ms=now_ms)
            template, it = "wallet.html", _wallet(held, person, visit, around, say, what, now_ms=now_ms)
        case "profile":
            template, it = "profile.html", _profile(held, person, around, say, now_ms=now_ms)
        case "stop":
            where = say.say("stop.where", reader=visit.reader)
            initials = text(person.name, "initials")
            template, it = "stop.html", Stop(around, person.at.hex(), initials=initials, where=where)
        case _:
            raise Gone("this is not practised", code="U06", hint="go back to the list")
    answer = html(desk, template, it, language=around.language)
    answer.content = ours(answer.content)
    return answer


async def closer_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /practice/{visit}/{page}`: does it to somebody invented, in this tablet's memory."""
    form = await own_form(request, guest.tablet)
    held = _held(guest)
    person, act = _person(held, request), request.path_params["page"]
    back = f"/practice/{person.at.hex()}"
    if act == "wallet":
        typed = form.get("amount", "")
        amount = int(typed) if typed.isascii() and typed.isdigit() and len(typed) <= MOST_DIGITS else 0
        after = wallet_done(held, person, form.get("act", ""), amount)
        guest.who.practice = after or held
        return Redirect(f"{back}/wallet?{'done' if after else 'no'}=1", status_code=303, headers=_NOW)
    guest.who.practice = done(held, person, act, undo="undo" in form)
    return Redirect(f"{back}/profile" if act == "profile" else back, status_code=303, headers=_NOW)


def ours(page: str) -> str:
    """A page of the shop with its addresses in the invented one, and without what would ask the real one."""
    return page.replace('"/visits/', '"/practice/').replace(' data-wallet="', ' data-practised="')


def _held(guest: Guest) -> Practice:
    held = guest.who.practice
    if held is None:
        raise Gone("this tablet does not practise", code="U06", hint="begin at Winkel")
    return held


def _person(held: Practice, request: Ask) -> Person:
    person = person_of(held, id_of(request.path_params["visit"]))
    if person is None:
        raise Gone("this invented visit is over", code="U06", hint="go back to the list")
    return person


def _row(person: Person, visit: Arrival, say: Words, *, now_ms: int) -> Row:
    taken = visit.helper is not None
    said_ = say.say("row.helped", reader=visit.reader, name=visit.helper_name) if taken else ""
    if visit.alone:
        said_ = say.say("row.alone", reader=visit.reader)
    return Row(
        key=person.at.hex(),
        visit=person.at.hex(),
        initials=text(person.name, "initials"),
        name=text(person.name, "short"),
        ago=say.minutes(now_ms - visit.seen_ms),
        at=rfc3339(visit.seen_ms),
        words=said_ or say.say(HOW[person.how], reader=visit.reader),
        fresh=False,
        at_ms=visit.seen_ms,
        taken=taken,
    )


def _wallet(
    held: Practice,
    person: Person,
    visit: Arrival,
    around: Frame,
    say: Words,
    what: Said | None,
    *,
    now_ms: int,
) -> object:
    at = person.at.hex()
    it = sheet(
        around,
        Purse(f"/visits/{at}/wallet", person.at, b"", visit),
        text(person.name, "call"),
        _balances(held, person, say, now_ms=now_ms),
        say,
        said=what,
        health=Health(online=True, online_since_ms=now_ms),
        new_id=lambda: person.at,
        now_ms=now_ms,
    )
    return replace(it, tabs=tabs(at, "wallet", say, busy=True))


def _balances(held: Practice, person: Person, say: Words, *, now_ms: int) -> Balances:
    stamps, points = saved(held, person)
    card = StampCard(stamps, FULL, say.say("practice.reward"))
    return Balances(points, card, (), (), as_of_ms={"points": now_ms, "stamps": now_ms}, added={})


def _last(held: Practice, person: Person, asked: Collection[str], say: Words, *, now_ms: int) -> Said | None:
    """What the last form did, or why it did nothing."""
    if "no" in asked:
        return Said("wrong", "", say.say(SHORT))
    lines = [each for each in held.added if each[0] == person.at]
    if "done" not in asked or not lines:
        return None
    _, instrument, delta = lines[-1]
    line = Written(instrument, delta, "purchase" if delta > 0 else "reward", now_ms)
    online = Health(online=True, online_since_ms=now_ms)
    return said(line, _balances(held, person, say, now_ms=now_ms), say, health=online)


def _profile(held: Practice, person: Person, around: Frame, say: Words, *, now_ms: int) -> Profile:
    opened = person.at in held.opened
    known = profile(held, person, reward=say.say("practice.reward"), now_ms=now_ms)
    return Profile(
        frame=around,
        visit=person.at.hex(),
        initials=text(person.name, "initials"),
        call=text(person.name, "call") if opened else "",
        reasons=() if opened else reasons(say),
        reason=say.say("profile.for", why=say.say(REASON).lower()) if opened else "",
        fields=fields_of(known, "staff", say, now_ms=now_ms) if opened else (),
    )
