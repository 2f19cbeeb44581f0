"""Practice: invented people, and what a colleague did to them on one tablet. In memory alone, gone with the session.

Nothing here knows the house: what is practised cannot reach a table, the hub or anybody's card.
"""

from dataclasses import dataclass, replace
from typing import Any, Final

from edge.recognition.profile import Profile
from edge.visits.here import Arrival

MINUTE_MS: Final = 60_000
DAY_MS: Final = 24 * 60 * MINUTE_MS
FULL: Final = 8
BRAM: Final = b"bram" * 4
HELD_MS: Final = 2**62  # what is invented never expires


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist; `at` is their visit."""

    at: bytes
    how: str
    minutes: int
    name: dict[str, str]
    stamps: int
    points: int
    since: int
    days: int = 0  # since they bought `what`
    what: str = ""
    order: str = ""
    helper: str = ""


def _name(call: str, full: str, initials: str, say: str = "") -> dict[str, str]:
    short = call[0].upper() + call[1:]
    return {"call": call, "short": short, "full": full, "initials": initials} | ({"say": say} if say else {})


VRIES: Final = _name("mevrouw De Vries", "Meike de Vries", "MV")
JOOST: Final = _name("Joost", "Joost Bakker", "JB")
AYDIN: Final = _name("meneer Aydın", "Sinan Aydın", "SA")
LINDEN: Final = _name(
    "mevrouw Van der Linden-Özdemir", "Lale van der Linden-Özdemir", "LÖ", "van der LIN-den EUZ-de-mier"
)
PEOPLE: Final = (
    Person(b"\1" * 16, "tap", 0, VRIES, 7, 400, 2019, days=36, what="de wandelschoenen", order="20418"),
    Person(b"\2" * 16, "scan", 4, JOOST, 8, 185, 2021),
    Person(b"\3" * 16, "tap", 9, AYDIN, 2, 60, 2024, helper="Bram"),
    Person(b"\4" * 16, "tap", 12, LINDEN, 5, 920, 2016, days=14, what="de regenjas"),
)
_BY_VISIT: Final = {person.at: person for person in PEOPLE}


@dataclass(frozen=True, slots=True)
class Practice:
    """One tablet that practises. `added` are the stamps and points given or redeemed: visit, instrument, how many."""

    mine: frozenset[bytes] = frozenset()
    alone: frozenset[bytes] = frozenset()
    tipped: frozenset[bytes] = frozenset()
    stopped: frozenset[bytes] = frozenset()
    opened: frozenset[bytes] = frozenset()
    added: tuple[tuple[bytes, str, int], ...] = ()


def here(held: Practice) -> tuple[Person, ...]:
    """Who is in the invented shop, in the order in which they came last."""
    return tuple(person for person in PEOPLE if person.at not in held.stopped)


def person_of(held: Practice, visit: bytes | None) -> Person | None:
    return _BY_VISIT.get(visit) if visit and visit not in held.stopped else None


def done(held: Practice, person: Person, act: str, *, undo: bool = False) -> Practice:
    """What a touch does; an act that does not exist, or is not theirs to do, does nothing."""
    at = frozenset((person.at,))
    match act:
        case "help" if not person.helper:
            return replace(held, mine=held.mine | at)
        case "release":
            return replace(held, mine=held.mine - at)
        case "alone":
            return replace(held, alone=held.alone - at if undo else held.alone | at)
        case "tip":
            return replace(held, tipped=held.tipped | at)
        case "profile":
            return replace(held, opened=held.opened | at)
        case "stop":
            return replace(held, stopped=held.stopped | at)
        case _:
            return held


def wallet_done(held: Practice, person: Person, act: str, amount: int) -> Practice | None:
    """A stamp, a full card, points earned or spent; None when there is not enough, as in earnest."""
    lines = {
        "stamp": ("stamps", 1),
        "full": ("stamps", -FULL),
        "earn": ("points", amount),
        "spend": ("points", -amount),
    }
    if act not in lines:
        return None
    instrument, delta = lines[act]
    stamps, points = saved(held, person)
    if delta == 0 or {"stamps": stamps, "points": points}[instrument] + delta < 0:
        return None
    return replace(held, added=(*held.added, (person.at, instrument, delta)))


def saved(held: Practice, person: Person) -> tuple[int, int]:
    """Stamps and points now."""

    def total(instrument: str) -> int:
        return sum(delta for at, what, delta in held.added if at == person.at and what == instrument)

    return person.stamps + total("stamps"), person.points + total("points")


def arrival(held: Practice, person: Person, *, me: bytes, name: str, now_ms: int) -> Arrival:
    """Their visit, as the tables would give it; `me` and `name` are the colleague who practises."""
    at_ms = now_ms - person.minutes * MINUTE_MS
    mine = person.at in held.mine
    return Arrival(
        person.at,
        b"",
        "balie",
        person.how,
        "strong",
        at_ms,
        at_ms,
        HELD_MS,
        alone=person.at in held.alone,
        tipped=person.at in held.tipped,
        helper=me if mine else BRAM if person.helper else None,
        helper_name=name if mine else person.helper,
    )


def profile(held: Practice, person: Person, *, reward: str, now_ms: int) -> Profile:
    """What a card would show of them."""
    stamps, points = saved(held, person)
    values: dict[str, Any] = {
        "name": person.name,
        "since": {"year": person.since},
        "points": {"balance": points},
        "stamps": {"have": stamps, "of": FULL, "reward": reward},
    }
    if person.what:
        values["last"] = {"what": person.what, "at_ms": now_ms - person.days * DAY_MS}
    if person.order:
        values["pickup"] = {"orders": [{"number": person.order, "place": "B3", "ready_ms": now_ms - DAY_MS}]}
    return Profile(values=values, as_of_ms=dict.fromkeys(values, now_ms - MINUTE_MS), until_ms=HELD_MS)
