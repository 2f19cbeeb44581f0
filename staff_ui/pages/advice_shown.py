"""What stands on the page of advice for one visit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Final

from edge.advice import tables
from edge.advice.advisor import Advice
from edge.advice.limits import price_law
from edge.advice.pack import pack_id
from edge.advice.reasons import Suggestion
from edge.advice.rules import Item
from edge.advice.tables import Own
from edge.kit.errors import Corrupt
from edge.shop import tables as shop
from edge.visits.here import Arrival
from staff_ui.desk import Desk, Guest
from staff_ui.pages import advice_basis, offers
from staff_ui.pages.advice_basis import Purchase
from staff_ui.pages.nearby import lying_there, room_of_visit
from staff_ui.pages.tabs import Link
from staff_ui.pages.values import text
from staff_ui.sheets import Frame
from staff_ui.words import Words, key

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
class AdvicePage:
    """`now` is of what is shown: a page that would look different fetches itself again (`stays.js`).

    `profiled`: there is a basis for their purchases; `used`: something of them is on the page.
    """

    frame: Frame
    visit: str
    name: str = field(repr=False)
    profiled: bool
    shown: tuple[Shown, ...]
    sentence: str
    purchases: tuple[Purchase, ...] = field(repr=False)
    now: str
    interests: tuple[str, ...] = field(default=(), repr=False)
    used: bool = False
    rules: str = ""
    choose: bool = False  # the shop has choice helpers
    looking: tuple[Held, ...] = field(default=(), repr=False)
    follows: str = ""  # when what is looked up or scanned counts here
    tabs: tuple[Link, ...] = ()


def page_of(desk: Desk, arrival: Arrival, around: Frame, say: Words, guest: Guest) -> AdvicePage:
    """The page as it is true now, still without its tabs."""
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
    basis = None if quiet else own
    purchases = advice_basis.purchases(basis, items, say, country=country, now_ms=now_ms) if basis else ()
    likes = advice_basis.comes_back_for(basis, items, say, country=country, now_ms=now_ms) if basis else ()
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
        now=sha256(spelt.encode()).hexdigest()[:16],
        rules=say.say("advice.rules", id=pack_id()) if shown else "",
        choose=bool(house.helpers),
        looking=tuple(Held(each, items[each].title) for each in hand if each in items),
        follows=_follows(arrival, guest, say) if basis else "",
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
                for line in advice_basis.used(each.item, reason, items, theirs, say, hand=hand, now_ms=now_ms)
            )
        ),
        stock=stock,
        place=place,
        said=held is not None and each.item in held.said,
        also=tuple(offers.why(reason, items, say, now_ms=now_ms) for reason in each.also),
        price=price,
        hand=advice_basis.in_hand(each.reason, items, hand, say),
    )
