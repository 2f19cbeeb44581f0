"""A customer's own traits as their page shows them; what is absent or of another shape is simply not there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from edge.kit.errors import Corrupt
from edge.kit.log import Log
from edge.kit.seal import key_place, trait_place, unseal
from sync.hub.portal.words import MONTHS, Words, key
from sync.hub.tables.portal import Sealed

MOST_ITEMS: Final = 6
MOST_DOTS: Final = 12  # more are counted by nobody; the words beside them say it
MOST_WHOLE: Final = 10**12
MOST_TEXT: Final = 200
_LAST_MS: Final = 253_402_300_799_000  # the end of the year 9999, beyond which Python has no dates


@dataclass(frozen=True, slots=True)
class Stamps:
    have: int
    of: int
    dots: bool
    full: bool
    sentence: str
    words: str


@dataclass(frozen=True, slots=True)
class Item:
    """A voucher or gift card: what it is, and until when or how much."""

    label: str
    note: str
    code: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """Everything that the customer holds."""

    call: str = field(repr=False)
    ready: tuple[str, ...] = field(repr=False)
    points: str
    points_as_of: str
    stamps: Stamps | None
    vouchers: tuple[Item, ...] = field(repr=False)
    giftcards: tuple[Item, ...] = field(repr=False)
    known: tuple[str, ...] = field(repr=False)  # what else is known, a sentence each

    @property
    def empty(self) -> bool:
        return not (self.points or self.stamps or self.vouchers or self.giftcards)


@dataclass(frozen=True, slots=True)
class Traits:
    values: Mapping[str, Any] = field(repr=False)
    as_of_ms: Mapping[str, int]


def open_traits(sealed: Sequence[Sealed], *, kek: bytes, log: Log) -> Traits:
    """What opens with the customer's key; what does not is logged and left out."""
    values: dict[str, Any] = {}
    as_of_ms: dict[str, int] = {}
    for each in sealed:
        try:
            own = unseal(kek, each.wrapped, key_place(each.customer_id))
            plain = unseal(own, each.sealed, trait_place(each.customer_id, each.name, each.ver))
            values[each.name] = msgspec.json.decode(plain)
        except Corrupt as error:
            log("trait_unreadable", code=error.code, hint=error.hint)
            continue
        except (msgspec.MsgspecError, ValueError, RecursionError):
            continue
        as_of_ms[each.name] = each.as_of_ms
    return Traits(values, as_of_ms)


def card(traits: Traits, words: Words, *, advised: bool, now_ms: int) -> Card:
    points, as_of = points_of(traits, words, now_ms=now_ms)
    return Card(
        call=_call(traits.values.get("name")),
        ready=_ready(traits, words),
        points=points,
        points_as_of=as_of,
        stamps=stamps_of(traits, words),
        vouchers=_vouchers(traits, words, now_ms=now_ms),
        giftcards=_giftcards(traits, words),
        known=_known(traits, words, advised=advised, now_ms=now_ms),
    )


def points_of(traits: Traits, words: Words, *, now_ms: int) -> tuple[str, str]:
    """The balance and when it was true, as people say them; empty without one."""
    balance = whole(traits.values.get("points"), "balance")
    if balance is None:
        return "", ""
    as_of_ms = min(max(0, traits.as_of_ms["points"]), now_ms)
    return words.number(balance), words.when(as_of_ms, now_ms=now_ms)


def stamps_of(traits: Traits, words: Words) -> Stamps | None:
    trait = traits.values.get("stamps")
    have, of, reward = whole(trait, "have"), whole(trait, "of"), text(trait, "reward")
    if have is None or not of:
        return None
    full, begun = divmod(have, of)
    have = min(have, of)
    reward = reward or words.say("stamps.reward")
    if not full:
        sentence = words.count("stamps.left", of - have, reward=reward)
    elif full == 1:
        sentence = words.say("stamps.full", reward=reward)
    else:
        sentence = words.say("stamps.fulls", cards=words.number(full), reward=reward)
    if full and begun:
        sentence = words.count("stamps.and_next", begun, full=sentence)
    counted = words.say("stamps.of", have=words.number(have), of=words.number(of))
    return Stamps(have, of, of <= MOST_DOTS, have == of, sentence, counted)


def text(value: Any, name: str) -> str:
    """A text inside a trait; empty where something else stands."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found.strip()[:MOST_TEXT] if isinstance(found, str) else ""


def whole(value: Any, name: str) -> int | None:
    found = value.get(name) if isinstance(value, Mapping) else None
    sound = isinstance(found, int) and not isinstance(found, bool) and 0 <= found <= MOST_WHOLE
    return found if sound else None


def _items(value: Any, name: str) -> list[Any]:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found[:MOST_ITEMS] if isinstance(found, list) else []


def _instant(value: Any, name: str) -> int | None:
    at_ms = value.get(name) if isinstance(value, Mapping) else None
    sound = isinstance(at_ms, int) and not isinstance(at_ms, bool) and 0 <= at_ms <= _LAST_MS
    return at_ms if sound else None


def _call(name: Any) -> str:
    found = text(name, "call") or (name.strip()[:MOST_TEXT] if isinstance(name, str) else "")
    return found[:1].upper() + found[1:]


def _ready(traits: Traits, words: Words) -> tuple[str, ...]:
    found = []
    for each in _items(traits.values.get("pickup"), "orders"):
        number, place = text(each, "number"), text(each, "place")
        if not number:
            number = str(whole(each, "number") or "")
        if number:
            said = (
                words.say("ready.place", number=number, place=place)
                if place
                else words.say("ready.order", number=number)
            )
            found.append(said)
    return tuple(found)


def _vouchers(traits: Traits, words: Words, *, now_ms: int) -> tuple[Item, ...]:
    found = []
    for each in _items(traits.values.get("vouchers"), "items"):
        label, until_ms = text(each, "label"), _instant(each, "until_ms")
        if not label or (until_ms is not None and until_ms <= now_ms):
            continue
        note = words.say("voucher.until", day=day(until_ms, words, now_ms=now_ms)) if until_ms else ""
        found.append(Item(label, note, text(each, "code")))
    return tuple(found)


def day(at_ms: int, words: Words, *, now_ms: int) -> str:
    """`22 nov`, with the year when it is another one."""
    at = words.local(at_ms)
    month = words.say(MONTHS[at.month - 1])
    if at.year == words.local(now_ms).year:
        return words.say("day", day=at.day, month=month)
    return words.say("day.year", day=at.day, month=month, year=at.year)


def _euros(cents: int, words: Words) -> str:
    return words.say("euros", whole=words.number(cents // 100), cents=f"{cents % 100:02d}")


def _giftcards(traits: Traits, words: Words) -> tuple[Item, ...]:
    found = []
    for each in _items(traits.values.get("giftcards"), "items"):
        cents = whole(each, "balance_cents")
        if cents is not None:
            found.append(Item(text(each, "label") or words.say("giftcard"), _euros(cents, words)))
    return tuple(found)


MONTH_NAMES: Final = (
    key("monthname.1"), key("monthname.2"), key("monthname.3"), key("monthname.4"), key("monthname.5"),
    key("monthname.6"), key("monthname.7"), key("monthname.8"), key("monthname.9"), key("monthname.10"),
    key("monthname.11"), key("monthname.12"),
)  # fmt: skip


def _known(traits: Traits, words: Words, *, advised: bool, now_ms: int) -> tuple[str, ...]:
    found = []
    values = traits.values
    if (year := whole(values.get("since"), "year")) and 1900 <= year <= 9999:
        found.append(words.say("known.since", year=year))
    month, day = whole(values.get("birthday"), "month"), whole(values.get("birthday"), "day")
    if month and day and month <= 12 and day <= 31:
        found.append(words.say("known.birthday", day=day, month=words.say(MONTH_NAMES[month - 1])))
    what, at_ms = text(values.get("last"), "what"), _instant(values.get("last"), "at_ms")
    if what and at_ms is not None:
        found.append(words.say("known.last", what=what, ago=words.ago(at_ms, now_ms=now_ms)))
    baskets = values.get("baskets")
    if isinstance(baskets, Mapping) and isinstance(baskets.get("baskets"), list) and baskets["baskets"]:
        said = key("known.baskets") if advised else key("known.baskets.idle")
        found.append(words.count(said, len(baskets["baskets"])))
    return tuple(found)
