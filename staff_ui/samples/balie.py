"""The two lines of the display at the counter, in each of their states."""

from typing import Any

from staff_ui.pages.balie import WORDS, page
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "balie.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    return {str(kind): page(kind, words, shop=frame.shop) for kind in WORDS}
