"""What the tablet says: the words of the kit with the tablet's own catalogues."""

from pathlib import Path
from typing import Final

from edge.kit import words as kit
from edge.kit.words import LANGUAGES, MINUTE_MS, MONTHS, Language, key, turns_ms

__all__ = ["LANGUAGES", "LOCALES", "MINUTE_MS", "MONTHS", "Words", "key", "turns_ms"]

LOCALES: Final = Path(__file__).parent / "locales"


class Words(kit.Words[Language]):
    """One language in one time zone. Raises OSError when its catalogue is not there."""

    def __init__(self, language: Language, timezone: str) -> None:
        super().__init__(language, timezone, LOCALES)
