"""A card of another shop while there is no internet, in each state of its page."""

from typing import Any

from edge.guests.tables import Written
from staff_ui.pages.guest import Passing, sheet
from staff_ui.samples.wallet import CUT, NOW_MS
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "guest.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    """State -> the page's dataclass."""

    def page(found: Written | None = None, *, wrong: bool = False) -> Passing:
        path = "/elsewhere/stranger-0"
        return sheet(frame, path, words, CUT, found, lambda: bytes(16), now_ms=NOW_MS, wrong=wrong)

    return {
        "open": page(),
        "stamp added": page(Written("stamps", 1)),
        "points added": page(Written("points", 45)),
        "no number": page(wrong=True),
    }
