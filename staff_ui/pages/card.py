"""The glance card: how to address someone, why they are here, one sentence to say, at most three facts."""

import re
from calendar import isleap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final, Literal

from edge.recognition.profile import Profile
from edge.visits.here import Arrival
from staff_ui.pages.tabs import Link, tabs
from staff_ui.pages.talk import to_say
from staff_ui.pages.values import items, text, whole
from staff_ui.words import MONTHS, Words, key

# S120: what one takes in at a glance, without the buttons.
MOST_WORDS: Final = 35
MOST_FACTS: Final = 5
MOST_LINES: Final = 3
# More dots than this are counted by nobody; the words beside them say it.
MOST_DOTS: Final = 12
# Long enough to wish, short enough not to be strange.
BIRTHDAY_DAYS: Final = 7
REASONS: Final[dict[str, str]] = {
    "tap": key("reason.tap"),
    "scan": key("reason.scan"),
    "near": key("reason.near"),
    "typed": key("reason.typed"),
    "joined": key("reason.joined"),
}
Help = Literal["free", "mine", "theirs"]


@dataclass(frozen=True, slots=True)
class Stamps:
    have: int
    of: int
    words: str


@dataclass(frozen=True, slots=True)
class Line:
    """One fact: what it is called, what it is, and as of when."""

    label: str
    value: str
    note: str = ""
    stamps: Stamps | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """Everything of a person that a tablet shows at a glance; what has no basis is simply not there."""

    visit: str
    greeting: str
    call: str = field(repr=False)
    reason: str
    sentence: str = field(repr=False)
    source: str = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)
    spoken: str = field(default="", repr=False)  # how the name is said
    how: str = ""  # how they were recognised, where the reason is a better one
    ready: bool = False  # the reason is an order that lies ready
    help: Help = "free"
    helper: str = ""
    alone: bool = False
    tipped: bool = False
    tabs: tuple[Link, ...] = ()


def glance(
    arrival: Arrival,
    profile: Profile,
    words: Words,
    *,
    now_ms: int,
    busy: bool = False,
    me: bytes = b"",
) -> Card:
    """The card of a visit for a colleague `me`; in the busy mode, and for whoever wants rest, without advice."""
    name, visit = profile.values.get("name"), arrival.visit_id.hex()
    sentence, source = ("", "") if busy or arrival.alone else to_say(profile, words, now_ms=now_ms)
    ready, how = _pickup(profile, words), reason(arrival, words)
    lines = tuple(_lines(profile, words, now_ms=now_ms))
    whole = Card(
        visit=visit,
        greeting=greeting(words, now_ms=now_ms),
        call=text(name, "call"),
        spoken=_spoken(text(name, "say"), words),
        reason=ready or how,
        how=how if ready else "",
        ready=bool(ready),
        sentence=sentence,
        source=source,
        lines=lines[:MOST_LINES],
        help="free" if arrival.helper is None else "mine" if arrival.helper == me else "theirs",
        helper=arrival.helper_name,
        alone=bool(arrival.alone),
        tipped=bool(arrival.tipped),
        tabs=tabs(visit, "card", words, busy=busy),
    )
    # Nearly every card is a glance as it is.
    return whole if _is_glance(whole) else _filled(_short_enough(replace(whole, lines=())), lines)


_WORD: Final = re.compile(r"\S*[^\W_]\S*")  # what stands between spaces and has a letter or digit


def word_count(card: Card, *beside: str) -> int:
    """Words that a reader reads of a customer, with a line `beside` them; what buttons say is the same everywhere."""
    said = [card.greeting, card.call, card.spoken, card.reason, card.how, card.sentence, card.source, *beside]
    for line in card.lines:
        said += [line.label, line.value, line.note]
    return len(_WORD.findall(" ".join(said)))


def fact_count(card: Card) -> int:
    """Why they are here, what to say, and each line."""
    return bool(card.reason) + bool(card.sentence) + len(card.lines)


def _is_glance(card: Card) -> bool:
    return word_count(card) <= MOST_WORDS and fact_count(card) <= MOST_FACTS


def takes(card: Card, *line: str) -> bool:
    """Whether a card with one more fact, an offer of these words, is still a glance."""
    return word_count(card, *line) <= MOST_WORDS and fact_count(card) < MOST_FACTS


def _short_enough(card: Card) -> Card:
    """What a card leads with, without what makes it longer than a glance."""
    for without in ({"how": ""}, {"spoken": ""}, {"source": "", "sentence": ""}):
        if word_count(card) <= MOST_WORDS:
            break
        card = replace(card, **without)  # type: ignore[arg-type]
    return card


def _filled(card: Card, lines: Sequence[Line]) -> Card:
    """As many facts as a glance takes in, the most useful first; ages and origins give way to facts."""
    for line in lines:
        short = replace(line, note="")
        for base, each in ((card, line), (card, short), (replace(card, how=""), short)):
            more = replace(base, lines=(*card.lines, each))
            if _is_glance(more) and len(more.lines) <= MOST_LINES:
                card = more
                break
    return card


def greeting(words: Words, *, now_ms: int) -> str:
    hour = words.local(now_ms).hour
    if hour < 12:
        return words.say("greeting.morning")
    return words.say("greeting.afternoon") if hour < 18 else words.say("greeting.evening")


def reason(arrival: Arrival, words: Words) -> str:
    """Where and how they were recognised: the answer to "how do you know?"."""
    return words.say(REASONS.get(arrival.how, "reason.tap"), reader=arrival.reader)


def _spoken(say: str, words: Words) -> str:
    return words.say("card.spoken", say=say) if say else ""


def _pickup(profile: Profile, words: Words) -> str:
    """The first order that lies ready, and how many more."""
    orders = [each for each in items(profile.values.get("pickup"), "orders") if text(each, "number")]
    if not orders:
        return ""
    number, place = text(orders[0], "number"), text(orders[0], "place").removeprefix("vak ")
    said = words.say("pickup.at", number=number, place=place) if place else ""
    said = said or words.say("pickup.ready", number=number)
    return said if len(orders) == 1 else said + " " + words.count("pickup.more", len(orders) - 1)


def _lines(profile: Profile, words: Words, *, now_ms: int) -> Iterator[Line]:
    found = (
        _birthday(profile, words, now_ms=now_ms),
        _stamps(profile, words),
        _points(profile, words, now_ms=now_ms),
        _since(profile, words),
    )
    return (line for line in found if line)


def days_to(month: int, day: int, today: date) -> int | None:
    """Days until the next birthday, None for no day of a calendar. 29 February is the 28th in ordinary years."""
    for year in (today.year, today.year + 1):
        kept = 28 if (month, day) == (2, 29) and not isleap(year) else day
        try:
            then = date(year, month, kept)
        except ValueError:
            return None
        if then >= today:
            return (then - today).days
    return None


def _birthday(profile: Profile, words: Words, *, now_ms: int) -> Line | None:
    trait = profile.values.get("birthday")
    month, day = whole(trait, "month"), whole(trait, "day")
    if month is None or day is None:
        return None
    days = days_to(month, day, words.local(now_ms).date())
    if days is None or days > BIRTHDAY_DAYS:
        return None
    if days < 2:
        value = words.say("birthday.today") if days == 0 else words.say("birthday.tomorrow")
    else:
        value = words.say("time.on_day", day=day, month=words.say(MONTHS[month - 1]))
    return Line(words.say("card.birthday"), value)


def _stamps(profile: Profile, words: Words) -> Line | None:
    trait = profile.values.get("stamps")
    have, of, reward = whole(trait, "have"), whole(trait, "of"), text(trait, "reward")
    if have is None or not of:
        return None
    have = min(have, of)
    value = words.count("card.stamps_left", of - have, reward=reward)
    if have == of:
        value = words.say("card.stamps_full", reward=reward)
    dots = Stamps(have=have, of=of, words=words.say("card.stamps_of", have=have, of=of))
    return Line(words.say("card.stamps"), value, stamps=dots if of <= MOST_DOTS else None)


def _points(profile: Profile, words: Words, *, now_ms: int) -> Line | None:
    balance = whole(profile.values.get("points"), "balance")
    if balance is None:
        return None
    as_of = words.when(profile.as_of_ms["points"], now_ms=now_ms)
    return Line(words.say("card.points"), words.number(balance), note=as_of)


def _since(profile: Profile, words: Words) -> Line | None:
    year = whole(profile.values.get("since"), "year")
    return None if year is None else Line(words.say("card.since"), str(year))
