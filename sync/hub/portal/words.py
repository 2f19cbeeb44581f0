"""What the hub's pages say: the words of the kit, in the languages that customers speak."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from edge.kit import words as kit
from edge.kit.words import MINUTE_MS, MONTHS, key

__all__ = [
    "LANGUAGES",
    "LOCALES",
    "MONTHS",
    "NAMES",
    "Language",
    "Words",
    "bare",
    "key",
    "known",
    "order",
    "spoken",
]

Language = Literal["nl", "en", "de", "fr"]
LANGUAGES: Final[tuple[Language, ...]] = ("nl", "en", "de", "fr")
# How each language calls itself: whoever looks for theirs reads no other.
NAMES: Final[dict[Language, str]] = {"nl": "Nederlands", "en": "English", "de": "Deutsch", "fr": "Français"}
DIGITS: Final = 9  # of a number inside a name
LOCALES: Final = Path(__file__).parent / "locales"


class Words(kit.Words[Language]):
    """One language in one time zone. Raises OSError when its catalogue is not there."""

    def __init__(self, language: Language, timezone: str) -> None:
        super().__init__(language, timezone, LOCALES)

    def span(self, span_ms: int) -> str:
        """How long something lasts, as one says it: `40 minuten`, `3 uur`, `12 dagen`."""
        minutes = span_ms // MINUTE_MS
        if minutes < 120:
            return self.wait(span_ms)
        hours = minutes // 60
        return self.count("span.hours", hours) if hours < 48 else self.count("span.days", hours // 24)

    def moment(self, at_ms: int, *, now_ms: int) -> str:
        """`om 10:41` today, else with the day before it: `op 22 nov om 10:41`."""
        when, clock = self.when(at_ms, now_ms=now_ms), self.say("time.at", clock=self.clock(at_ms))
        return when if when == clock else f"{when} {clock}"

    def within(self, title: str) -> str:
        """A title inside a sentence: a language with capital nouns keeps them."""
        return title if self.language == "de" else title[:1].lower() + title[1:]


def order(name: str) -> str:
    """What a list of names goes by: ’s-Hertogenbosch among the s, a capital as any letter, 9 before 10."""
    return re.sub(r"\d+", lambda digits: digits[0].zfill(DIGITS), bare(name))


def bare(name: str) -> str:
    """A name as somebody types it who looks for it: without the apostrophe before it, in small letters."""
    return name.lstrip("’'‘").casefold()


def known(text: str) -> Language | None:
    """A language of ours by its code, None for any other text."""
    return next((each for each in LANGUAGES if each == text), None)


def spoken(accepted: str) -> Language:
    """The best of our languages for an `Accept-Language` (RFC 9110, 12.5.4); Dutch where none is asked for."""
    ranked: list[tuple[float, int, Language]] = []
    for place, each in enumerate(accepted.split(",")[:20]):
        tag, _, weight = each.strip().partition(";q=")
        found = known(tag[:2].lower())
        if found is not None and (quality := _quality(weight)) > 0:
            ranked.append((-quality, place, found))
    return _first([found for _, _, found in sorted(ranked)])


def _first(found: Sequence[Language]) -> Language:
    return found[0] if found else LANGUAGES[0]


def _quality(weight: str) -> float:
    try:
        return float(weight) if weight else 1.0
    except ValueError:
        return 0.0
