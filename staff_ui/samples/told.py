"""A colleague was first."""

from typing import Any, Final

from staff_ui.pages.helping import Told
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "told.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    title, why = say("told.title", name="Bram"), say("told.why", name="Bram")
    return {"told": Told(frame=frame, title=title, why=why, visit="v" * 32)}
