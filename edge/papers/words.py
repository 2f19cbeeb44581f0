"""What the papers say: the words of the kit, with those of the pages that say the same thing beside them."""

from pathlib import Path
from typing import Final

from edge.kit import words as kit
from edge.kit.words import LANGUAGES, Language, key
from staff_ui import words as tablet
from sync.hub.portal import words as portal

__all__ = ["LANGUAGES", "LOCALES", "Language", "Words", "key"]

LOCALES: Final = Path(__file__).parent / "locales"


class Words(kit.Words[Language]):
    """One language in one time zone; `tablet` and `page` are what staff and customers read in it."""

    def __init__(self, language: Language, timezone: str) -> None:
        super().__init__(language, timezone, LOCALES)
        self.tablet = tablet.Words(language, timezone)
        self.page = portal.Words(language, timezone)
