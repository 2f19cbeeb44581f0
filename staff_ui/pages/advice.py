"""Advice for one visit: three offers with their reasons and the data behind them. Staff decide; nobody is rated."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from litestar import Response
from litestar.response import Redirect

from edge.advice import acts, outcomes, tables
from edge.advice.advisor import Advice
from edge.advice.interests import Interest, interests
from edge.advice.limits import barred_words, price_law
from edge.advice.pack import pack_id
from edge.advice.reasons import (
    DueAgain,
    DueAgainVisits,
    GoesWith,
    Often,
    OthersLikeYou,
    PopularHere,
    Reason,
    Suggestion,
)
from edge.advice.rules import Item, barred
from edge.advice.tables import Own
from edge.kit.errors import Corrupt, Gone, NotAllowed
from edge.shop import tables as shop
from edge.visits.here import Arrival
from staff_ui.desk import Desk, Guest, frame, html, words
from staff_ui.pages import offers
from staff_ui.pages.looks import log_look
from staff_ui.pages.named import open_visit
from staff_ui.pages.nearby import lying_there, room_of_visit
from staff_ui.pages.tabs import Link, tabs
from staff_ui.pages.values import text
from staff_ui.security import Ask, own_form
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

MOST_DATES: Final = 5
MOST_PURCHASES: Final = 3
MOST_ITEMS: Final = 5
# Answer of a button -> why, as the fact says it; being said is a fact of its own.
ANSWERS: Final[dict[str, str]] = {"said": "", "not_interested": "not_interested", "odd": "odd"}
AWAY: Final = "away"  # beside them, of a product that is not looked at for this customer
EMPTY: Final[dict[str, str]] = {
    "withheld": key("advice.withheld"),
    "enough": key("advice.enough"),
    "down": key("advice.down"),
    "soon": key("advice.soon"),
    "nothing": key("advice.nothing"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One suggestion as it may be said, with why, what it was made of, and where the product is."""

    item: str
    title: str
    sentence: str = field(repr=False)
    why: str = field(repr=False)
    used: tuple[str, ...] = field(repr=False)
    stock: str
    place: str
    said: bool
    also: tuple[str, ...] = field(default=(), repr=False)
    price: str = ""  # the law that keeps its price out of an offer, in words
    hand: str = field(default="", repr=False)  # what they look at now and it goes with, in words
    near: str = field(default="", repr=False)  # that it lies where they are, in words


@dataclass(frozen=True, slots=True)
class Held:
    """A product that they look at now."""

    item: str
    title: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Purchase:
    when: str
    what: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AdvicePage:
    """`mark` is of what is shown: a page that would look different now fetches itself again.

    `profiled`: there is a basis for their purchases; `used`: something of them is on the page.
    """

    frame: Frame
    visit: str
    name: str = field(repr=False)
    profiled: bool
    shown: tuple[Shown, ...]
    sentence: str
    purchases: tuple[Purchase, ...] = field(repr=False)
    mark: str
    interests: tuple[str, ...] = field(default=(), repr=False)
    used: bool = False
    rules: str = ""
    choose: bool = False  # the shop has choice helpers
    looking: tuple[Held, ...] = field(default=(), repr=False)
    follows: str = ""  # when what is looked up or scanned counts here
    tabs: tuple[Link, ...] = ()


async def advice(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /visits/{visit}/advice`."""
    arrival = open_visit(desk, request)
    desk.house.advisor.wanted(arrival.visit_id, arrival.customer_id)
    around = frame(desk, request, guest, here="floor")
    say = words(desk, around)
    it = _page(desk, arrival, around, say, guest)
    located = any(each.near for each in it.shown)
    used = {"recognition": True, "profiling": it.used, "location": located}
    await log_look(desk, arrival, guest, [purpose for purpose, is_used in used.items() if is_used])
    await _keep_shown(desk, arrival, it)
    busy = shop.busy(desk.house.db.reader)
    it = replace(it, tabs=tabs(arrival.visit_id.hex(), "advice", say, busy=busy))
    return html(desk, "advice.html", it, language=around.language)


async def _keep_shown(desk: Desk, arrival: Arrival, it: AdvicePage) -> None:
    """What stands on the page for the first time in this visit is kept, to learn from: never who looked."""
    house = desk.house
    new = set(outcomes.unseen(house.db.reader, arrival.visit_id, [each.item for each in it.shown]))
    made = {each.item: each.code for each in house.advisor.suggestions(arrival.visit_id) if each.item in new}
    if made and it.profiled:
        recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
        await house.db.apply(outcomes.shown, arrival.visit_id, made, recipient=recipient, now_ms=now_ms)


async def still(desk: Desk, request: Ask, guest: Guest) -> Response[None]:
    """`GET /visits/{visit}/advice/still?mark=`: whether the page still says what is true; asked on every poke."""
    try:
        arrival = open_visit(desk, request)
    except Gone:
        return Response(None, status_code=200, headers={"hx-redirect": "/", "cache-control": "no-store"})
    around = frame(desk, request, guest, here="floor")
    it = _page(desk, arrival, around, words(desk, around), guest)
    headers = {"cache-control": "no-store"}
    if not hmac.compare_digest(it.mark, request.query_params.get("mark", "")):
        headers["hx-refresh"] = "true"
    return Response(None, status_code=200 if len(headers) > 1 else 204, headers=headers)


async def advice_now(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`POST /visits/{visit}/advice`: `answer` (said, not_interested, odd) to `item`, or away: not looked at."""
    form = await own_form(request, guest.tablet)
    house, arrival = desk.house, open_visit(desk, request)
    answer, item = form.get("answer", ""), form.get("item", "")
    if answer not in (*ANSWERS, AWAY):
        raise NotAllowed("an answer that does not exist", code="U07", hint="choose one of the page's own")
    back = Redirect(
        f"/visits/{arrival.visit_id.hex()}/advice", status_code=303, headers={"cache-control": "no-store"}
    )
    if answer == AWAY:
        house.advisor.looks_away(arrival.visit_id, arrival.customer_id, item)
        return back
    suggested = {each.item: each for each in house.advisor.suggestions(arrival.visit_id)}
    if item not in suggested:
        return back  # pressed twice, or taken away meanwhile
    recipient, now_ms = house.config.shop.recipient, house.time.now_ms()
    if answer == "said":
        reason = suggested[item].code
        done = await house.db.write(
            acts.said, arrival.visit_id, item=item, reason=reason, recipient=recipient, now_ms=now_ms
        )
        house.advisor.was_said(arrival.visit_id, item)
        house.live.tell("visits", done.seq)
        return back
    why = ANSWERS[answer]
    gone = await house.db.write(
        acts.dismiss, arrival.visit_id, item=item, why=why, recipient=recipient, now_ms=now_ms
    )
    house.advisor.put_away(arrival.visit_id, item)
    house.live.tell("visits", gone.seq)
    return back


def _page(desk: Desk, arrival: Arrival, around: Frame, say: Words, guest: Guest) -> AdvicePage:
    house, now_ms = desk.house, desk.house.time.now_ms()
    quiet = _quiet(desk, arrival)
    held = None if quiet else house.advisor.advice(arrival.visit_id)
    own = _own(desk, arrival, now_ms=now_ms)
    found = held.suggestions if held else ()
    bought = [item for basket in own.baskets for item in basket.items] if own else []
    hand = held.hand if held else ()
    items = {
        **offers.titles(house.db.reader, found),
        **tables.items(house.db.reader, {*bought, *hand}),
    }
    country = house.config.shop.country
    shown = tuple(_shown(each, items, own, held, say, country=country, now_ms=now_ms) for each in found)
    if held is not None and held.profiled:
        shown = _near_first(desk, arrival, shown, items, say)
    name = house.names.of(house.db.reader, arrival.customer_id, now_ms=now_ms)
    called = text(name, "call") or text(name, "short") or say.say("row.nameless")
    sentence = "" if shown else say.say(EMPTY[_empty(desk, arrival, held, quiet=quiet)])
    purchases = _purchases(own, items, say, country=country, now_ms=now_ms) if own and not quiet else ()
    likes = _interests(own, items, say, country=country, now_ms=now_ms) if own and not quiet else ()
    spelt = (
        repr(
            [[each.item, each.why, each.also, each.stock, each.said, each.hand, each.near] for each in shown]
        )
        + repr(hand)
        + sentence
        + str(own is None)
    )
    return AdvicePage(
        frame=around,
        visit=arrival.visit_id.hex(),
        name=called,
        profiled=own is not None,
        shown=shown,
        sentence=sentence,
        purchases=purchases,
        interests=likes,
        used=bool(purchases) or bool(held and held.profiled and shown),
        mark=hmac.digest(guest.tablet.encode(), spelt.encode(), sha256).hex()[:16],
        rules=say.say("advice.rules", id=pack_id()) if shown else "",
        choose=bool(house.helpers),
        looking=tuple(Held(each, items[each].title) for each in hand if each in items),
        follows=_follows(arrival, guest, say) if own is not None and not quiet else "",
    )


def _near_first(
    desk: Desk, arrival: Arrival, shown: tuple[Shown, ...], items: Mapping[str, Item], say: Words
) -> tuple[Shown, ...]:
    """What lies in the zone where the customer is comes first, and says so."""
    room, radio = room_of_visit(desk, arrival), desk.house.radio
    if room is None or radio is None:
        return shown
    places = {each.item: items[each.item].place for each in shown if each.item in items}
    there = lying_there(radio.plan, room, places)
    line = say.say("advice.near", zone=room.name(say.language))
    told = [replace(each, near=line if each.item in there else "") for each in shown]
    return tuple(sorted(told, key=lambda each: not each.near))


def _follows(arrival: Arrival, guest: Guest, say: Words) -> str:
    if arrival.helper == guest.who.staff_id:
        return say.say("advice.follows")
    return "" if arrival.helper else say.say("advice.follows.help")


def _quiet(desk: Desk, arrival: Arrival) -> bool:
    """Whoever wants to be left alone, and a shop in its rush, gets neither suggestions nor purchases."""
    house = desk.house
    return arrival.alone or shop.busy(house.db.reader) or house.advisor.withheld(arrival.visit_id)


def _empty(desk: Desk, arrival: Arrival, held: Advice | None, *, quiet: bool) -> str:
    if quiet:
        return "withheld"
    if held is None and desk.house.advisor.enough(arrival.visit_id):
        return "enough"
    if held is not None:
        return "nothing"
    return "down" if desk.house.advisor.condition.down else "soon"


def _own(desk: Desk, arrival: Arrival, *, now_ms: int) -> Own | None:
    house = desk.house
    try:
        return tables.own(
            house.db.reader,
            arrival.customer_id,
            recipient=house.config.shop.recipient,
            now_ms=now_ms,
            kek=house.keys.kek,
        )
    except Corrupt as error:
        house.log("card_unreadable", code=error.code, hint=error.hint)
        return None


def _shown(
    each: Suggestion,
    items: Mapping[str, Item],
    own: Own | None,
    held: Advice | None,
    say: Words,
    *,
    country: str,
    now_ms: int,
) -> Shown:
    item = items.get(each.item)
    stock, place, price = say.say("advice.stock_unknown"), "", ""
    theirs = own if held is not None and held.profiled else None
    hand = held.hand if held is not None else ()
    if item is not None:
        if law := price_law(item.category, country):
            price = say.say("advice.price", law=law)
        place = say.say("advice.place", place=item.place) if item.place else ""
        if item.stock is not None and item.counted_ms is not None:
            when = say.when(item.counted_ms, now_ms=now_ms)
            stock = say.count("advice.stock", item.stock, when=when)
    return Shown(
        item=each.item,
        title=each.title,
        sentence=offers.short(each, items, say),
        why=offers.why(each.reason, items, say, now_ms=now_ms),
        used=tuple(
            dict.fromkeys(
                line
                for reason in (each.reason, *each.also)
                for line in _used(each.item, reason, items, theirs, say, hand=hand, now_ms=now_ms)
            )
        ),
        stock=stock,
        place=place,
        said=held is not None and each.item in held.said,
        also=tuple(offers.why(reason, items, say, now_ms=now_ms) for reason in each.also),
        price=price,
        hand=_in_hand(each.reason, items, hand, say),
    )


def _in_hand(reason: Reason, items: Mapping[str, Item], hand: Sequence[str], say: Words) -> str:
    """That it goes with what they look at now, where that is the reason."""
    if not isinstance(reason, GoesWith) or reason.item not in hand or reason.item not in items:
        return ""
    return say.say("advice.hand", other=items[reason.item].title)


def _used(
    named: str,
    reason: Reason,
    items: Mapping[str, Item],
    own: Own | None,
    say: Words,
    *,
    hand: Sequence[str],
    now_ms: int,
) -> tuple[str, ...]:
    """The data behind a reason, in plain words with dates."""
    baskets = own.baskets if own else ()
    match reason:
        case DueAgain() | DueAgainVisits() | Often():
            dates = _dates([b.at_ms for b in baskets if named in b.items], say, now_ms=now_ms)
            return (say.say("used.own"), *([say.say("used.dates", dates=dates)] if dates else []))
        case GoesWith(item):
            dates = _dates([b.at_ms for b in baskets if item in b.items], say, now_ms=now_ms)
            other = items[item].title if item in items else item
            own_line = (
                say.say("used.bought", other=other, dates=dates)
                if dates and item not in hand
                else say.say("used.hand", other=other)
            )
            return own_line, say.say("used.together")
        case OthersLikeYou():
            dated = [b.at_ms for b in baskets if b.at_ms is not None]
            since = say.when(min(dated), now_ms=now_ms) if dated else ""
            own_line = say.say("used.own_since", since=since) if since else say.say("used.own")
            return own_line, say.say("used.others")
        case PopularHere():
            return (say.say("used.popular.order") if baskets else say.say("used.popular"),)


def _dates(at_ms: Sequence[int | None], say: Words, *, now_ms: int) -> str:
    dated = [each for each in at_ms if each is not None][-MOST_DATES:]
    return ", ".join(say.when(each, now_ms=now_ms) for each in dated)


def _interests(
    own: Own, items: Mapping[str, Item], say: Words, *, country: str, now_ms: int
) -> tuple[str, ...]:
    """What they come back for, each with what it rests on."""
    found = interests(own.baskets, items, barred_words(country), now_ms=now_ms)
    return tuple(_interest(each, say, now_ms=now_ms) for each in found)


def _interest(each: Interest, say: Words, *, now_ms: int) -> str:
    tag = each.tag[:1].upper() + each.tag[1:]
    if each.last_ms is None:
        return say.count("advice.interest", each.times, tag=tag, of=say.number(each.of))
    when = say.ago(each.last_ms, now_ms=now_ms)
    return say.count("advice.interest.last", each.times, tag=tag, of=say.number(each.of), when=when)


def _purchases(
    own: Own, items: Mapping[str, Item], say: Words, *, country: str, now_ms: int
) -> tuple[Purchase, ...]:
    """The last purchases in words; what is sensitive, or not in the catalogue, is not named."""
    found: list[Purchase] = []
    for basket in reversed(own.baskets):
        named = [
            items[item].title
            for item in basket.items
            if item in items and not barred(items[item], barred_words(country))
        ]
        if not named:
            continue
        when = say.ago(basket.at_ms, now_ms=now_ms) if basket.at_ms is not None else say.say("advice.once")
        what = ", ".join(named[:MOST_ITEMS])
        found.append(Purchase(when[:1].upper() + when[1:], what))
        if len(found) == MOST_PURCHASES:
            break
    return tuple(found)
