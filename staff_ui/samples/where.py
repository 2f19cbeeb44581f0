"""Where somebody stands who asked to be found, and why it is not said of others."""

from typing import Any

from staff_ui.pages.where import Where
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "where.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    visit, name = "v" * 32, "mevrouw De Vries"
    return {
        "here": Where(frame, visit, "here", name, "schoenen", words.minutes(3 * 60_000)),
        "gone": Where(frame, visit, "gone", name),
        "asked_not": Where(frame, visit, "asked_not"),
        "off": Where(frame, visit, "off"),
    }
