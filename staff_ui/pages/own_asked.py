"""What a customer asks for on their own page in the shop: set right, be forgotten. In their own hands, line or not.

The rules are those of the page at headquarters (sync/own_request.py): setting right takes what let them in here, a
card or phone that proves itself; being forgotten takes a phone that its owner unlocks, held to the reader after this
page asked for it. A card may be in other hands for a moment.
"""

from dataclasses import dataclass, field, replace
from typing import Final, Literal

from litestar import Response
from litestar.response import Redirect

from edge import jobs, own_requests
from edge.joining.rules import birthday, name_of
from edge.kit.errors import Corrupt, Gone
from edge.own_page import CHECK_MS, shown_since
from edge.own_requests import ENOUGH, Request
from edge.recognition.evidence import Evidence
from edge.staff.deeds import Doer
from edge.staff.pins import token_hash
from edge.visits.here import arrival
from edge.visits.tables import proved
from edge.wallet.tables import profile_here
from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.handed import Owner
from staff_ui.pages.own import KEEP, owner_of, saved_of
from staff_ui.pages.own_shown import Saved, saved
from staff_ui.pages.purse import here
from staff_ui.pages.values import text
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import MONTHS, key

SENT, KEPT = key("own.correct.sent"), key("own.correct.kept")
NO_NAME, NO_DAY = key("own.correct.wrong.name"), key("own.correct.wrong.day")
WRONG: Final = {"name": NO_NAME, "birthday": NO_DAY}


@dataclass(frozen=True, slots=True)
class Correct:
    """`wrong` says what could not be taken; the rest is what is known now."""

    frame: Frame
    name: str = field(repr=False)
    day: str
    month: int
    months: tuple[str, ...]
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Forget:
    """`step`: tap (nothing was held there yet), weak (that was a card, or what can be copied), ready."""

    frame: Frame
    step: str
    lost: tuple[Saved, ...] = field(repr=False)


async def correct(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /own/correct`."""
    return _correct(desk, request, guest, _asking(desk, guest))


async def correct_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /own/correct`: field `name`, or `day` and `month`. Headquarters hears it now, or first when it can."""
    form = await own_form(request, guest.tablet)
    owner, tablet, house = _asking(desk, guest), token_hash(guest.tablet), desk.house
    kind: Literal["name", "birthday"] = "name" if "name" in form else "birthday"
    said = {each: form.get(each, "") for each in (("name",) if kind == "name" else ("day", "month"))}
    good = name_of(said["name"]) if kind == "name" else birthday(said["day"], said["month"])
    if good is None:
        return _correct(desk, request, guest, owner, wrong=kind)
    if owner.proved not in ENOUGH[kind]:
        raise _not_enough()
    now_ms = house.time.now_ms()
    body = own_requests.sealed(house.db.reader, owner.customer_id, said, kek=house.keys.kek, at_ms=now_ms)
    if not body:
        raise _not_enough()
    asked = Request(owner.customer_id, kind, owner.proved, now_ms, body)
    await house.db.apply(
        own_requests.correct, asked, doer=Doer(owner.staff_id, tablet), visit_id=owner.visit_id
    )
    await house.own_page.carry_out()
    waits = kind in own_requests.of(house.db.reader, owner.customer_id)
    told = desk.sheets.words[owner.language].say(KEPT if waits else SENT)
    if desk.handed.of(tablet) is not None:
        right = owner.right if waits else {**owner.right, kind: good}
        desk.handed.put(tablet, replace(owner, said=told, right=right, touched_ms=now_ms))
    return Redirect("/own", status_code=303, headers=KEEP)


async def forget(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /own/forget`: what goes, what stays; asks for their phone, unlocked."""
    owner, now_ms = _asking(desk, guest), desk.house.time.now_ms()
    if owner.asked_ms < now_ms - CHECK_MS:
        owner = replace(owner, asked_ms=now_ms)
        desk.handed.put(token_hash(guest.tablet), owner)
    return _forget(desk, request, guest, owner)


async def forget_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /own/forget`: field `sure`, yes. Off every screen here at once, and gone when headquarters heard it."""
    form = await own_form(request, guest.tablet)
    owner, tablet, house = _asking(desk, guest), token_hash(guest.tablet), desk.house
    now_ms = house.time.now_ms()
    if owner.asked_ms < now_ms - CHECK_MS:
        return await forget(desk, request, guest)
    shown = _shown(desk, owner)
    if shown not in ENOUGH["forget"] or form.get("sure") != "yes":
        return _forget(desk, request, guest, owner)
    asked = Request(owner.customer_id, "forget", shown, now_ms)
    done = await house.db.write(
        own_requests.forget, asked, doer=Doer(owner.staff_id, tablet), visit_id=owner.visit_id
    )
    house.live.tell("visits", done.seq)
    # Their wish is kept, whatever the disk takes from here on.
    await jobs.attempt(house, jobs.end_without_basis(house))
    await house.own_page.carry_out()
    kept = "forget" in own_requests.of(house.db.reader, owner.customer_id)
    if desk.handed.of(tablet) is not None:  # what the tablet knows of them goes too; only the answer stays
        gone = replace(owner, customer_id=b"", visit_id=b"", said="", right={}, touched_ms=now_ms)
        desk.handed.put(tablet, replace(gone, gone="kept" if kept else "done"))
    return Redirect("/own", status_code=303, headers=KEEP)


def _asking(desk: Desk, guest: Guest) -> Owner:
    """Whose hands this tablet is in, where they may ask; raises Gone where it is in nobody's, or there is no hub."""
    owner = owner_of(desk, guest)
    now_ms, shop = desk.house.time.now_ms(), desk.house.config.shop
    found = arrival(desk.house.db.reader, owner.visit_id, recipient=shop.recipient, now_ms=now_ms)
    if owner.gone or found is None or not desk.house.own_page.carries:
        raise Gone("nothing can be asked for here now", code="U13", hint="hand the tablet over again")
    return owner


def _shown(desk: Desk, owner: Owner) -> Evidence:
    strong_ms, unlocked_ms = proved(desk.house.db.reader, owner.visit_id)
    return shown_since(owner.asked_ms, strong_ms=strong_ms, unlocked_ms=unlocked_ms)


def _correct(desk: Desk, request: Ask, guest: Guest, owner: Owner, *, wrong: str = "") -> Response[str]:
    house, say = desk.house, desk.sheets.words[owner.language]
    around = replace(frame(desk, request, guest), language=owner.language, staff="", initials="")
    try:
        values = profile_here(
            house.db.reader, owner.customer_id, role="staff", here=here(house), now_ms=house.time.now_ms()
        ).values
    except Corrupt as error:
        house.log("card_unreadable", code=error.code, hint=error.hint)
        values = {}
    values = {**values, **owner.right}
    born = values.get("birthday")
    day, month = (born.get("day", 0), born.get("month", 0)) if isinstance(born, dict) else (0, 0)
    it = Correct(
        frame=around,
        name=text(values.get("name"), "call"),
        day=str(day or ""),
        month=month,
        months=tuple(say.say(each) for each in MONTHS),
        wrong=say.say(WRONG[wrong]) if wrong else "",
    )
    return html(desk, "own_correct.html", it, language=owner.language)


def _forget(desk: Desk, request: Ask, guest: Guest, owner: Owner) -> Response[str]:
    house, say, now_ms = desk.house, desk.sheets.words[owner.language], desk.house.time.now_ms()
    around = replace(frame(desk, request, guest), language=owner.language, staff="", initials="")
    shown = _shown(desk, owner)
    found = arrival(house.db.reader, owner.visit_id, recipient=house.config.shop.recipient, now_ms=now_ms)
    held = found is not None and found.seen_ms > owner.asked_ms
    step = "ready" if shown in ENOUGH["forget"] else "weak" if held else "tap"
    it = Forget(around, step, tuple(saved(saved_of(desk, owner), say, now_ms=now_ms)))
    return html(desk, "own_forget.html", it, language=owner.language)


def _not_enough() -> Gone:
    return Gone(
        "this takes a card or phone that proves itself", code="U13", hint="hand the tablet over again"
    )
