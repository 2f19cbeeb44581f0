"""Before the tablet is handed over, with sample data."""

from typing import Any

from staff_ui.pages.hand import Hand
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "hand.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    benefit = {"nl": "Vandaag: eerste stempel cadeau", "en": "Today: your first stamp is on us"}
    return {
        "card": Hand(frame, "stranger-1795340460000", benefit[words.language]),
        "no_card": Hand(frame, "", ""),
        "phone": Hand(frame, "stranger-1795340460000", benefit[words.language], phone=True),
    }
