"""Name and birthday in their owner's hands: known, not known yet, and what could not be taken."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.own_asked import NO_NAME, Correct
from staff_ui.sheets import Frame
from staff_ui.words import MONTHS, Words

TEMPLATE: Final = "own_correct.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    months = tuple(words.say(each) for each in MONTHS)
    known = Correct(replace(frame, staff="", initials=""), "mevrouw De Vries", "12", 3, months)
    return {
        "known": known,
        "unknown": replace(known, day="", month=0),
        "no_name": replace(known, wrong=words.say(NO_NAME)),
    }
