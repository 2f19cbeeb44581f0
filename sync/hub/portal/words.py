"""What the hub's pages say: the words of the kit, in the languages that customers speak."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from edge.kit import words as kit
from edge.kit.words import MONTHS, key

__all__ = ["LANGUAGES", "LOCALES", "MONTHS", "NAMES", "Language", "Words", "key", "known", "spoken"]

Language = Literal["nl", "en", "de", "fr"]
LANGUAGES: Final[tuple[Language, ...]] = ("nl", "en", "de", "fr")
# How each language calls itself: whoever looks for theirs reads no other.
NAMES: Final[dict[Language, str]] = {"nl": "Nederlands", "en": "English", "de": "Deutsch", "fr": "Français"}
LOCALES: Final = Path(__file__).parent / "locales"


class Words(kit.Words[Language]):
    """One language in one time zone. Raises OSError when its catalogue is not there."""

    def __init__(self, language: Language, timezone: str) -> None:
        super().__init__(language, timezone, LOCALES)


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
