"""What a name may be, what a yes covers and until when. Pure: no clock, no ids."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from edge.consent.rules import MINOR, PURPOSES, may_ask

Period = Literal["year", "stop", "today"]
PERIODS: Final[tuple[Period, ...]] = ("year", "stop", "today")
# What the customer is asked, each a yes of its own (S136). The rest of PURPOSES is asked where it is used.
ASKED: Final = ("recognition", "profiling", "contact")
# What does not end with the period that they chose.
STAYS: Final = frozenset({"saving", MINOR, "guardian"})
YEAR_MS: Final = 365 * 24 * 3_600_000
MOST_LETTERS: Final = 80
DAYS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_MARKS: Final = frozenset(" .'’-")
# How people are addressed before their name: no part of their initials. Lower case, without full stops.
_TITLES: Final = frozenset(
    (
        "mevrouw",
        "mevr",
        "mw",
        "meneer",
        "mijnheer",
        "dhr",
        "heer",
        "dr",
        "drs",
        "ir",
        "ing",
        "mr",
        "mrs",
        "ms",
        "mx",
    )
)
_PARTICLES: Final = frozenset(
    (
        "van",
        "de",
        "der",
        "den",
        "het",
        "'t",
        "’t",
        "ten",
        "ter",
        "te",
        "op",
        "la",
        "le",
        "von",
        "du",
        "di",
        "el",
        "al",
    )
)


@dataclass(frozen=True, slots=True)
class Wish:
    """What the customer filled in, word for word; it lives in memory until they confirm it."""

    name: str = field(default="", repr=False)
    purposes: tuple[str, ...] = ()
    period: Period = PERIODS[0]
    young: bool = False  # under sixteen: then a parent says yes, by name
    parent: str = field(default="", repr=False)


def tidy(text: str) -> str:
    """What was typed as one line: composed letters, single spaces, nothing invisible."""
    composed = unicodedata.normalize("NFC", text)
    shown = "".join(each if unicodedata.category(each)[0] != "C" else " " for each in composed)
    return " ".join(shown.split())


def is_name(text: str) -> bool:
    """Whether a tidy text can be how somebody is addressed: letters of any script, with the marks of names.

    No digits and no other signs, so that no phone number, address or link gets in by this door.
    """
    letters = [each for each in text if unicodedata.category(each)[0] in "LM"]
    return (
        any(map(str.isalpha, letters))  # a mark alone is nobody's name
        and len(text) <= MOST_LETTERS
        and len(letters) + sum(map(_MARKS.__contains__, text)) == len(text)
    )


def name_of(text: str) -> dict[str, str] | None:
    """The trait of a name as its owner typed it; None for what is no name."""
    tidied = tidy(text)[: 2 * MOST_LETTERS]
    return name_trait(tidied) if is_name(tidied) else None


def birthday(day: str, month: str) -> dict[str, int] | None:
    """The trait of a birthday, never with a year; None for a day that there is not."""
    if not (
        day.isascii() and day.isdigit() and month.isascii() and month.isdigit() and len(day + month) <= 4
    ):
        return None
    which, of = int(day), int(month)
    return {"month": of, "day": which} if 1 <= of <= 12 and 1 <= which <= DAYS[of - 1] else None


def name_trait(name: str) -> dict[str, str]:
    """The trait of a name as they want it: in a sentence, at the start of a line, and in two letters."""
    return {"call": name, "short": name[0].upper() + name[1:], "initials": initials_of(name), "full": name}


def initials_of(name: str) -> str:
    """One or two letters that tell a name at a glance: titles and particles are left out, empty for none."""
    words = [word for word in name.split() if any(map(str.isalpha, word))]
    own = [word for word in words if word.lower().rstrip(".") not in _TITLES | _PARTICLES] or words
    firsts = [next(filter(str.isalpha, word)) for word in own]
    return "".join(firsts[:1] + firsts[1:][-1:]).upper()


@dataclass(frozen=True, slots=True)
class Kept:
    """Exactly what a wish would leave behind: the same list is shown, confirmed and written."""

    traits: tuple[str, ...]
    purposes: tuple[str, ...]
    card: bool
    until_ms: int | None


def asked_of(wish: Wish) -> tuple[str, ...]:
    """The consents that a wish gives: of whom is under sixteen only those that a parent may give."""
    return tuple(
        purpose for purpose in ASKED if purpose in wish.purposes and may_ask(purpose, minor=wish.young)
    )


def kept(wish: Wish, *, card: bool, now_ms: int, day_ends_ms: int) -> Kept:
    """What is kept of somebody. Saving rests on the agreement and comes with a card; a name needs a purpose."""
    asked = asked_of(wish)
    until_ms = {"year": now_ms + YEAR_MS, "stop": None, "today": day_ends_ms}[wish.period]
    return Kept(
        traits=(
            *(("name", "since") if "recognition" in asked else ()),
            *((MINOR,) if wish.young else ()),
            *(("guardian",) if wish.young and asked else ()),
        ),
        purposes=(*(("saving",) if card else ()), *asked),
        card=card,
        until_ms=until_ms,
    )


def of_period(wish: Wish, keep: Kept, *, year: int) -> dict[str, Any]:
    """The traits that are kept as long as they chose."""
    return {"name": name_trait(wish.name), "since": {"year": year}} if "name" in keep.traits else {}


def lasting(wish: Wish, keep: Kept, *, how: str) -> dict[str, Any]:
    """The traits that stay: who was sixteen by the end of a period would be a guess. `how` their parent said yes."""
    young = {MINOR: "under16"} if MINOR in keep.traits else {}
    return young | ({"guardian": {"name": wish.parent, "how": how}} if "guardian" in keep.traits else {})


def ends_ms(purpose: str, until_ms: int | None) -> int | None:
    """When a yes ends: the chosen period is of the consents; what was saved stays the customer's."""
    return until_ms if PURPOSES[purpose] == "consent" else None


Wrong = Literal["name", "nothing", "parent"]


def wrong(wish: Wish, *, card: bool) -> Wrong | None:
    """Why a wish cannot be kept as it stands: no usable name, no parent, or nothing that anything is kept for."""
    if "recognition" in wish.purposes and not is_name(wish.name):
        return "name"
    if wish.young and asked_of(wish) and not is_name(wish.parent):
        return "parent"
    if "recognition" in wish.purposes:
        return None
    return None if card else "nothing"
