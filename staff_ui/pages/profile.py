"""Closer than a glance: each field with where it comes from and how old it is, after somebody said why."""

from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

from litestar import Response
from litestar.response import Redirect

from edge.consent.rules import TRAITS, traits_for
from edge.consent.tables import choices
from edge.kit.errors import Corrupt
from edge.recognition import profile
from edge.shop import tables as shop
from edge.visits import acts
from edge.visits.here import Arrival
from edge.visits.rules import REASONS
from edge.wallet.tables import profile_here
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages.looks import log_look
from staff_ui.pages.named import open_visit
from staff_ui.pages.purse import here
from staff_ui.pages.tabs import Link, tabs
from staff_ui.pages.values import initials, items, text, whole
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import MONTHS, Words, key

WHY: Final[dict[str, tuple[str, str]]] = {
    "help": (key("why.help"), key("why.help.more")),
    "exchange": (key("why.exchange"), key("why.exchange.more")),
    "pickup": (key("why.pickup"), key("why.pickup.more")),
    "phone": (key("why.phone"), key("why.phone.more")),
}
# Trait -> what it is called here. A trait without a line of its own is one that another page shows.
LABELS: Final[dict[str, str]] = {
    "name": key("field.name"),
    "since": key("card.since"),
    "birthday": key("card.birthday"),
    "pickup": key("field.pickup"),
    "points": key("card.points"),
    "stamps": key("card.stamps"),
    "last": key("field.last"),
}
# What stands there where nothing is known: that nothing is worth a question is no gap, purchases or not.
UNKNOWN: Final = {"last": key("field.no_last")}


@dataclass(frozen=True, slots=True)
class Reason:
    value: str
    label: str
    more: str


@dataclass(frozen=True, slots=True)
class Field:
    label: str
    value: str = field(repr=False)
    source: str
    known: bool


@dataclass(frozen=True, slots=True)
class Profile:
    """Either the question why, or the fields; `now` changes when anything of them does."""

    frame: Frame
    visit: str
    initials: str = field(repr=False)
    call: str = field(repr=False)
    reasons: tuple[Reason, ...]
    reason: str
    fields: tuple[Field, ...] = field(repr=False)
    now: str = ""
    tabs: tuple[Link, ...] = ()
    soon: str = ""  # recognition ends before long, and nobody asked whether it may go on
    findable: bool = False  # the shop lets staff look up where customers stand who asked for that


async def look_closer(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/profile`: asks why, or shows what was opened for a reason."""
    around = frame(desk, request, guest, here="floor")
    found, say = open_visit(desk, request), words(desk, around)
    opened = guest.who.opened
    reason = opened[1] if opened and opened[0] == found.visit_id else ""
    held, now_ms = _read(desk, guest, found), desk.house.time.now_ms()
    name, fields = held.values.get("name"), fields_of(held, guest.who.role, say, now_ms=now_ms)
    if reason:
        await log_look(desk, found, guest, purposes(held), reason=reason)
    it = Profile(
        frame=around,
        visit=found.visit_id.hex(),
        initials=initials(name) or "·",
        call=text(name, "call") if reason else "",
        reasons=() if reason else reasons(say),
        reason=say.say("profile.for", why=say.say(WHY[reason][0]).lower()) if reason else "",
        fields=fields if reason else (),
        now=sha256(repr([(each.value, each.source) for each in fields]).encode()).hexdigest()[:16]
        if reason
        else "why",
        tabs=tabs(found.visit_id.hex(), "profile", say, busy=shop.busy(desk.house.db.reader)),
        soon=_soon(desk, found, say) if reason else "",
        findable=desk.house.config.presence.finding and desk.house.radio is not None,
    )
    return html(desk, "profile.html", it, language=around.language)


async def look_closer_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/profile`: field `why`; a line in the view log, which the customer can read."""
    form = await own_form(request, guest.tablet)
    house, found, why = desk.house, open_visit(desk, request), form.get("why", "")
    if why in REASONS:
        done = await house.db.write(
            acts.show,
            found.visit_id,
            role=guest.who.role,
            recipient=house.config.shop.recipient,
            now_ms=house.time.now_ms(),
            reason=why,
            doer=guest.who.doer,
        )
        guest.who.opened = (found.visit_id, why)
        house.live.tell("views", done.seq)
    address = f"/visits/{found.visit_id.hex()}/profile"
    return Redirect(address, status_code=303, headers={"cache-control": "no-store"})


def reasons(say: Words) -> tuple[Reason, ...]:
    return tuple(Reason(each, say.say(WHY[each][0]), say.say(WHY[each][1])) for each in REASONS)


def purposes(held: profile.Profile) -> list[str]:
    """For what the fields that are shown may be used: a line of the view log for each."""
    shown = {TRAITS[name].purpose for name in LABELS if name in held.values}
    return ["recognition", *sorted(shown - {"recognition"})]


def _soon(desk: Desk, found: Arrival, say: Words) -> str:
    house, now_ms = desk.house, desk.house.time.now_ms()
    for each in choices(house.db.reader, found.customer_id):
        mine = (each.purpose, each.recipient) == ("recognition", house.config.shop.recipient)
        if mine and each.until_ms is not None and each.ends_soon(now_ms=now_ms):
            return say.say("profile.soon", day=say.day(each.until_ms))
    return ""


def _read(desk: Desk, guest: Guest, found: Arrival) -> profile.Profile:
    house, now_ms = desk.house, desk.house.time.now_ms()
    try:
        return profile_here(
            house.db.reader, found.customer_id, role=guest.who.role, here=here(house), now_ms=now_ms
        )
    except Corrupt as error:
        house.log("card_unreadable", code=error.code, hint=error.hint)
        return profile.Profile(values={}, as_of_ms={}, until_ms=now_ms)


def fields_of(held: profile.Profile, role: Any, say: Words, *, now_ms: int) -> tuple[Field, ...]:
    """A line for each declared trait a role may see; unknown stays unknown instead of guessed."""
    found = []
    for name in traits_for(role):
        if name not in LABELS:
            continue
        value = _said(name, held.values.get(name), say, now_ms=now_ms)
        source = say.say("field.source", when=say.when(held.as_of_ms[name], now_ms=now_ms)) if value else ""
        unknown = UNKNOWN.get(name, key("field.unknown"))
        found.append(Field(say.say(LABELS[name]), value or say.say(unknown), source, bool(value)))
    return tuple(found)


def _said(name: str, value: Any, say: Words, *, now_ms: int) -> str:
    match name:
        case "name":
            return text(value, "full") or text(value, "call")
        case "since":
            year = whole(value, "year")
            return "" if year is None else str(year)
        case "birthday":
            day, month = whole(value, "day"), whole(value, "month")
            if day is None or month is None or not 1 <= month <= 12:
                return ""
            return f"{day} {say.say(MONTHS[month - 1])}"
        case "pickup":
            return ", ".join(text(each, "number") for each in items(value, "orders"))
        case "points":
            balance = whole(value, "balance")
            return "" if balance is None else say.number(balance)
        case "stamps":
            have, of = whole(value, "have"), whole(value, "of")
            return "" if have is None or not of else say.say("card.stamps_of", have=min(have, of), of=of)
        case _:
            what, at_ms = text(value, "what"), whole(value, "at_ms")
            return f"{what}, {say.ago(at_ms, now_ms=now_ms)}" if what and at_ms is not None else ""
