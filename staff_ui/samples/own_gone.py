"""What became of a wish to be forgotten: done, kept until there is a line, or done elsewhere."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.own_shown import Forgotten
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "own_gone.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    around = replace(frame, staff="", initials="")
    return {
        "done": Forgotten(around, "done"),
        "kept": Forgotten(around, "kept"),
        "elsewhere": Forgotten(around, "elsewhere"),
    }
