"""Fobs that say their customer is coming in: one is given with the customer's yes, or taken back; done at once."""

from dataclasses import dataclass, field
from functools import partial
from typing import Final, Literal

from litestar import Response
from litestar.response import Redirect

from edge.joining.rules import YEAR_MS
from edge.presence import acts, beacons
from edge.visits.here import Arrival
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.looks import log_look
from staff_ui.pages.named import open_visit
from staff_ui.pages.said import each_of
from staff_ui.pages.values import text
from staff_ui.pages.where import FINDING
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

Step = Literal["list", "yes", "refused"]
PERIODS: Final = {"year": key("fobs.period.year"), "stop": key("fobs.period.stop")}
SAID: Final[dict[str, str]] = {"given": key("fobs.given"), "back": key("fobs.back_done")}
HANDLE: Final = 24
# Purpose -> what the customer read of it.
ASKED: Final = {
    "location": (key("fobs.yes"), key("fobs.yes.what")),
    FINDING: (key("fobs.finding"), key("fobs.finding.yes")),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One fob; `handle` is what a form may call it."""

    handle: str
    label: str


@dataclass(frozen=True, slots=True)
class Fobs:
    """`step` is `list`, `yes` where the customer is asked, or `refused`; `read` says that a fob was read."""

    frame: Frame
    visit: str
    name: str = field(repr=False)
    lines: tuple[Line, ...]
    step: Step = "list"
    read: bool = False
    said: str = ""
    finding: bool = False  # the shop lets staff look up where customers stand who ask for that


async def fobs(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/fobs`; `?said=` is `given` or `back`."""
    found = open_visit(desk, request)
    await log_look(desk, found, guest, ["recognition"])
    around = frame(desk, request, guest)
    said = SAID.get(request.query_params.get("said", ""), "")
    return _page(desk, around, found, said=words(desk, around).say(said) if said else "")


async def fobs_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/fobs`: `look` asks the customer, `yes` with `period` gives it, `back` takes one back."""
    form = await own_form(request, guest.tablet)
    found, around = open_visit(desk, request), frame(desk, request, guest)
    if "back" in form:
        return await _take_back(desk, guest, found, form["back"])
    read = desk.house.counter.notes.fob()
    if read is None:
        return _page(desk, around, found, said=words(desk, around).say("fobs.not_read"))
    if form.get("period") not in PERIODS or "yes" not in form:
        return _page(desk, around, found, step="yes")
    house, now_ms, say = desk.house, desk.house.time.now_ms(), words(desk, around)
    chosen = PERIODS[form["period"]]
    await house.db.write(
        partial(
            acts.give,
            fob=read.fob,
            customer_id=found.customer_id,
            shop_key=house.keys.shop_key,
            kek=house.keys.kek,
            purposes=("location", FINDING)
            if house.config.presence.finding and "finding" in form
            else ("location",),
            until_ms=now_ms + YEAR_MS if form["period"] == "year" else None,
            doer=guest.who.doer,
            visit_id=found.visit_id,
            recipient=house.config.shop.recipient,
            now_ms=now_ms,
            said=each_of(ASKED, say, say.say(chosen), say.say("fobs.yes.stop")),
        )
    )
    house.counter.notes.fob_done()
    id_ = acts.device_id(read.fob, shop_key=house.keys.shop_key)
    if id_ not in beacons.of_customer(house.db.reader, found.customer_id):
        return _page(desk, around, found, step="refused")
    if house.radio is not None:
        house.radio.changed([found.customer_id])
    return _to(found, "given")


async def _take_back(desk: Desk, guest: Guest, found: Arrival, handle: str) -> Response[str]:
    house = desk.house
    for id_ in beacons.of_customer(house.db.reader, found.customer_id):
        if id_.hex()[:HANDLE] == handle:
            await house.db.apply(
                acts.take_back,
                id_,
                customer_id=found.customer_id,
                doer=guest.who.doer,
                visit_id=found.visit_id,
                now_ms=house.time.now_ms(),
            )
            if house.radio is not None:
                house.radio.dropped([id_])
    return _to(found, "back")


def _to(found: Arrival, said: str) -> Response[str]:
    address = f"/visits/{found.visit_id.hex()}/fobs?said={said}"
    return Redirect(address, status_code=303, headers={"cache-control": "no-store"})


def lines(ids: list[bytes], say: Words) -> tuple[Line, ...]:
    """In words, by number: nothing of what a fob says or holds."""
    return tuple(
        Line(id_.hex()[:HANDLE], say.say("fobs.one", number=number)) for number, id_ in enumerate(ids, 1)
    )


def _page(desk: Desk, around: Frame, found: Arrival, *, step: Step = "list", said: str = "") -> Response[str]:
    house = desk.house
    say, now_ms = words(desk, around), house.time.now_ms()
    it = Fobs(
        frame=around,
        visit=found.visit_id.hex(),
        name=text(house.names.of(house.db.reader, found.customer_id, now_ms=now_ms), "call"),
        lines=lines(beacons.of_customer(house.db.reader, found.customer_id), say),
        step=step,
        read=house.counter.notes.fob() is not None,
        said=said,
        finding=house.config.presence.finding,
    )
    return html(desk, "fobs.html", it, language=around.language)
