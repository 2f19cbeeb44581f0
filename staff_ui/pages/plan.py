"""The floor, live: who is in which zone, and which scanners hear; who did not agree to a zone is in the shop."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from litestar import Response

from edge.kit.errors import Gone
from edge.visits import whereabouts
from edge.visits.here import arrival
from edge.visits.whereabouts import Present
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.drawn import Drawing, drawing
from staff_ui.pages.looks import log_look
from staff_ui.pages.values import initials
from staff_ui.security import Ask
from staff_ui.sheets import Frame
from staff_ui.words import Words, key, turns_ms

if TYPE_CHECKING:
    from edge.presence.floor import Scanner
    from edge.presence.plan import Plan
    from edge.radio import Radio

MOST_PEOPLE: Final = 40
MOST_LOGGED: Final = 10_000
STATES: Final = {
    "hears": key("scanner.hears"),
    "silent": key("scanner.silent"),
    "deaf": key("scanner.deaf"),
    "offline": key("scanner.offline"),
}


@dataclass(frozen=True, slots=True)
class Person:
    visit: str
    initials: str = field(repr=False)
    when: str
    since_ms: int


@dataclass(frozen=True, slots=True)
class Ear:
    """A scanner in words; `state` is `hears`, `silent`, `deaf` or `offline`."""

    name: str
    state: str
    said: str


@dataclass(frozen=True, slots=True)
class ZoneLine:
    zone: str
    name: str
    count: str
    people: tuple[Person, ...]
    ears: tuple[Ear, ...]


@dataclass(frozen=True, slots=True)
class PlanPage:
    """`elsewhere` are in the shop and in no zone; `known` counts everybody on the page."""

    frame: Frame
    drawing: Drawing
    zones: tuple[ZoneLine, ...]
    elsewhere: tuple[Person, ...]
    known: int
    more: str = ""
    fresh_ms: int = 0


def radio_of(desk: Desk) -> "Radio":
    """The radio of this house; raises Gone where there is no floor and no radio reader."""
    if desk.house.radio is None:
        raise Gone("this shop has no floor", code="U17", hint="write a floor file")
    return desk.house.radio


async def floor_plan(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /plan`; `now` alone to htmx."""
    radio_of(desk)
    return await _answer(desk, request, guest, "plan.html")


async def now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /plan/now`: the fragment that the page fetches on each poke."""
    return await _answer(desk, request, guest, "plan_now.html")


async def _answer(desk: Desk, request: Ask, guest: Guest, template: str) -> Response[str]:
    around = frame(desk, request, guest, here="plan")
    found = _found(desk, now_ms=desk.house.time.now_ms())
    await _log(desk, guest, found)
    it = _page(desk, around, found)
    answer = html(desk, template, it, language=around.language)
    answer.headers["welkom-fresh-ms"] = str(it.fresh_ms)
    return answer


@dataclass(frozen=True, slots=True)
class Found:
    """Where each open visit is: a zone and since when, or nowhere in particular."""

    present: Present
    zone: str
    since_ms: int


def _found(desk: Desk, *, now_ms: int) -> list[Found]:
    """Everybody who is here: by zone where they agreed to that and are heard, and not who was heard leaving."""
    house, tracker = desk.house, radio_of(desk).nearby.tracker
    stays, remembered = tracker.stays(), tracker.remembered()
    found = []
    for each in whereabouts.present(
        house.db.reader, recipient=house.config.shop.recipient, now_ms=now_ms, most=MOST_PEOPLE
    ):
        customer = each.customer_id.hex()
        stay = stays.get(customer) if each.located else None
        if stay is not None:
            found.append(Found(each, stay.zone, round(stay.zone_since_s * 1000)))
        elif not (each.located and customer in remembered):
            found.append(Found(each, "", each.started_ms))
    return found


async def _log(desk: Desk, guest: Guest, found: Sequence[Found]) -> None:
    """Whoever is shown in a zone was located by somebody: a line a visit and role."""
    house = desk.house
    for each in found:
        logged = (each.present.visit_id, f"{guest.who.role} location")
        if not each.zone or logged in desk.logged:
            continue
        visit = arrival(
            house.db.reader,
            each.present.visit_id,
            recipient=house.config.shop.recipient,
            now_ms=house.time.now_ms(),
        )
        if visit is not None:
            await log_look(desk, visit, guest, ["location"])
            if len(desk.logged) >= MOST_LOGGED:
                desk.logged.clear()
            desk.logged.add(logged)


def _page(desk: Desk, around: Frame, found: Sequence[Found]) -> PlanPage:
    house, radio, say = desk.house, radio_of(desk), words(desk, around)
    now_ms = house.time.now_ms()
    people: dict[str, list[Person]] = {}
    for each in sorted(found, key=lambda each: each.since_ms):
        name = house.names.of(house.db.reader, each.present.customer_id, now_ms=now_ms)
        person = Person(
            visit=each.present.visit_id.hex(),
            initials=initials(name) or "?",
            when=say.minutes(now_ms - each.since_ms),
            since_ms=each.since_ms,
        )
        people.setdefault(each.zone, []).append(person)
    down = {name for name, reader in house.health.readers.items() if not reader.up}
    return arranged(
        around,
        radio.plan,
        radio.floor.scanners,
        people,
        {ear: _state(radio, ear, down, now_ms) for ear in (each.id for each in radio.floor.scanners)},
        say,
        full=len(found) >= MOST_PEOPLE,
        until_ms=min((each.present.until_ms for each in found), default=now_ms + 3_600_000),
        now_ms=now_ms,
    )


def _state(radio: "Radio", scanner: str, down: set[str], now_ms: int) -> str:
    return "offline" if scanner in down else radio.nearby.tracker.health.state(scanner, now_ms / 1000)


def arranged(
    around: Frame,
    plan: "Plan",
    scanners: "Sequence[Scanner]",
    people: Mapping[str, Sequence[Person]],
    states: Mapping[str, str],
    say: Words,
    *,
    full: bool = False,
    until_ms: int = 0,
    now_ms: int = 0,
) -> PlanPage:
    """The page of who is where; `people` by zone, those in no zone under the empty text."""
    zones = []
    for room in plan.rooms:
        here = tuple(people.get(room.zone, ()))
        ears = tuple(
            Ear(each.id, states[each.id], say.say(STATES[states[each.id]]))
            for each in scanners
            if each.zone == room.zone
        )
        count = say.count("plan.count", len(here)) if here else say.say("plan.nobody")
        zones.append(ZoneLine(room.zone, room.name(say.language), count, here, ears))
    everybody = [person for each in people.values() for person in each]
    turns = [turns_ms(each.since_ms, now_ms=now_ms) for each in everybody]
    return PlanPage(
        frame=around,
        drawing=drawing(
            plan,
            language=say.language,
            people={zone: [each.initials for each in here] for zone, here in people.items() if zone},
            deaf={
                each.zone: say.say("plan.deaf")
                for each in zones
                if any(ear.state == "offline" for ear in each.ears)
            },
            entrance=say.say("plan.entrance"),
        ),
        zones=tuple(zones),
        elsewhere=tuple(people.get("", ())),
        known=len(everybody),
        more=say.say("plan.more") if full else "",
        fresh_ms=max(1_000, min([until_ms, *turns]) - now_ms),
    )
