"""A customer's fobs, and the yes that comes before one."""

from dataclasses import replace
from typing import Any

from staff_ui.pages.fobs import Fobs, lines
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "fobs.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    page = Fobs(frame=frame, visit="v" * 32, name="mevrouw De Vries", lines=lines([b"\1" * 16], words))
    return {
        "list": page,
        "given": replace(page, said=words.say("fobs.given")),
        "none": replace(page, lines=(), said=words.say("fobs.not_read")),
        "yes": replace(page, step="yes", read=True, finding=True),
        "refused": replace(page, step="refused"),
    }
