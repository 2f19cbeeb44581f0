"""The glance card: how to address someone, why they are here, one sentence to say, at most three facts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from edge.recognition.profile import Profile
from edge.visits.tables import Arrival
from staff_ui.words import Words, key

MOST_LINES: Final = 3
# More dots than this are counted by nobody; the words beside them say it.
MOST_DOTS: Final = 12
REASONS: Final[dict[str, str]] = {
    "tap": key("reason.tap"),
    "scan": key("reason.scan"),
    "near": key("reason.near"),
    "typed": key("reason.typed"),
    "joined": key("reason.joined"),
}


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
    """Everything of a person that a tablet shows; what has no basis is simply not there."""

    visit: str
    greeting: str
    call: str = field(repr=False)
    reason: str
    sentence: str = field(repr=False)
    source: str = field(repr=False)
    lines: tuple[Line, ...] = field(repr=False)


def glance(arrival: Arrival, profile: Profile, words: Words, *, now_ms: int) -> Card:
    call = text(profile.values.get("name"), "call")
    sentence, source = _to_say(profile.values.get("last"), words, now_ms=now_ms)
    found = (_stamps(profile, words), _points(profile, words, now_ms=now_ms), _since(profile, words))
    return Card(
        visit=arrival.visit_id.hex(),
        greeting=greeting(words, now_ms=now_ms),
        call=call,
        reason=reason(arrival, words),
        sentence=sentence,
        source=source,
        lines=tuple(line for line in found if line)[:MOST_LINES],
    )


def greeting(words: Words, *, now_ms: int) -> str:
    hour = words.local(now_ms).hour
    if hour < 12:
        return words.say("greeting.morning")
    return words.say("greeting.afternoon") if hour < 18 else words.say("greeting.evening")


def reason(arrival: Arrival, words: Words) -> str:
    """Where and how they were recognised: the answer to "how do you know?"."""
    return words.say(REASONS.get(arrival.how, "reason.tap"), reader=arrival.reader)


def text(value: Any, name: str) -> str:
    """A text inside a trait; empty where the hub sent something else."""
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, str) else ""


def whole(value: Any, name: str) -> int | None:
    found = value.get(name) if isinstance(value, Mapping) else None
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else None


def _to_say(last: Any, words: Words, *, now_ms: int) -> tuple[str, str]:
    what, at_ms = text(last, "what"), whole(last, "at_ms")
    if not what or at_ms is None:
        return "", ""
    ago = words.ago(at_ms, now_ms=now_ms)
    return words.say("say.how_is", what=what), words.say("say.bought", ago=ago[:1].upper() + ago[1:])


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
