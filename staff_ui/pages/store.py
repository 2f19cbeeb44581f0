"""Winkel: how the house is, in words; today in five lines; the busy mode; what staff think of Welkom."""

import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime

from litestar import Response
from litestar.response import Redirect

from edge.health import Health
from edge.shop import acts, tables
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.drafts import drafted, sent
from staff_ui.pages.state import CLOCK, fetching
from staff_ui.pages.visits import joined_words
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

GIB = 1024**3
# Below this a person should act; at a few kilobytes a visit it still is months of work.
LITTLE_ROOM = 2 * GIB


@dataclass(frozen=True, slots=True)
class Sentence:
    """One part of the house; `kind` is `well` or `waiting`."""

    kind: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Figure:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Store:
    frame: Frame
    health: tuple[Sentence, ...]
    today: tuple[Figure, ...]
    busy: bool
    typed: str = field(repr=False)
    thanks: bool = False


async def store(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /store`; `?thanks` after feedback was given. To htmx only how the house is."""
    house, now_ms = desk.house, desk.house.time.now_ms()
    around = frame(desk, request, guest, here="store")
    say = words(desk, around)
    free = shutil.disk_usage(house.config.store.state).free
    local = say.local(now_ms)
    midnight_ms = int(local.replace(hour=0, minute=0, second=0, microsecond=0).timestamp() * 1000)
    counted = tables.today(house.db.reader, since_ms=midnight_ms, day=local.date().isoformat())
    it = Store(
        frame=around,
        health=sentences(house.health, say, free=free, now_ms=now_ms),
        today=figures(counted, say, joined=joined_words(house.db.reader, say, now_ms=now_ms)),
        busy=tables.busy(house.db.reader),
        typed=drafted(desk, guest, "feedback", "text"),
        thanks="thanks" in request.query_params,
    )
    template = "store_now.html" if "hx-request" in request.headers else "store.html"
    return html(desk, template, it, language=around.language)


async def busy_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /store/busy`: field `busy` is `on` or `off`; for every tablet at once."""
    form = await own_form(request, guest.tablet)
    house, turned_on = desk.house, form.get("busy") == "on"
    await house.db.apply(acts.set_busy, turned_on, doer=guest.who.doer, now_ms=house.time.now_ms())
    house.live.tell("visits")
    return _back("/store")


async def feedback_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /store/feedback`: field `text`; kept without who said it."""
    form = await own_form(request, guest.tablet)
    house = desk.house
    kept = await house.db.apply(acts.say, form.get("text", ""), now_ms=house.time.now_ms())
    await sent(desk, guest, "feedback")
    return _back("/store?thanks=1" if kept else "/store")


def sentences(health: Health, say: Words, *, free: int, now_ms: int) -> tuple[Sentence, ...]:
    """How each part of the house is, as one tells a colleague."""
    found = []
    for name, reader in sorted(health.readers.items()):
        since = say.since(int(reader.since.astimezone(UTC).timestamp() * 1000), now_ms=now_ms)
        value = say.say("health.reader_up") if reader.up else say.say("health.reader_out", since=since)
        found.append(Sentence(_kind(reader.up), say.say("health.reader", reader=name), value))
    since = say.since(health.online_since_ms, now_ms=now_ms)
    if health.alone:
        line = say.say("health.alone")
    elif health.online:
        line = say.say("health.online", since=since)
    else:
        line = say.say("health.offline", since=since)
    waiting = say.count("health.waiting", health.waiting) if health.waiting else say.say("health.all_sent")
    enough = key("health.room") if free >= LITTLE_ROOM else key("health.little_room")
    room = say.say(enough, free=free // GIB)
    stored = say.say("health.store_out") if health.store else room
    ready = key("health.search_ready") if health.search_ready else key("health.search_loading")
    names = say.say(ready)
    date_ = datetime.fromtimestamp(now_ms / 1000, UTC)
    clock = say.say("health.clock_is", clock=say.clock(now_ms), day=say.day(now_ms))
    if health.clock:
        clock = say.say(CLOCK[health.clock])
    if health.fetching:
        found.append(Sentence(_kind(False), say.say("health.customers"), say.say(fetching(health))))
    if health.lease_over:
        found.append(Sentence(_kind(False), say.say("health.recognition"), say.say("state.lease_over")))
    if health.advice_down:
        found.append(Sentence(_kind(False), say.say("health.advice"), say.say("state.no_advice")))
    found += [
        Sentence(_kind(health.online or health.alone), say.say("health.headquarters"), line),
        Sentence(_kind(not health.waiting), say.say("health.central"), waiting),
        Sentence(_kind(not health.store and free >= LITTLE_ROOM), say.say("health.disk"), stored),
        Sentence(_kind(date_.year >= 2026 and not health.clock), say.say("health.clock"), clock),
        Sentence(_kind(health.search_ready), say.say("health.search"), names),
    ]
    return tuple(found)


def figures(counted: tables.Today, say: Words, *, joined: str = "") -> tuple[Figure, ...]:
    """The day in five lines, and who became known where somebody was asked; about nobody."""
    tips = say.say("today.tips_are", good=counted.good, bad=counted.bad)
    lines = (
        Figure(say.say("today.visits"), say.number(counted.visits)),
        Figure(say.say("today.helped"), say.number(counted.helped)),
        Figure(say.say("today.alone"), say.number(counted.alone)),
        Figure(say.say("today.stopped"), say.number(counted.stopped)),
        Figure(say.say("today.tips"), tips),
    )
    return (*lines, Figure(say.say("today.joined"), joined)) if joined else lines


def _kind(well: bool) -> str:
    return "well" if well else "waiting"


def _back(address: str) -> Response[str]:
    return Redirect(address, status_code=303, headers={"cache-control": "no-store"})
