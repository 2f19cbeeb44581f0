"""Stop recognising somebody: the question."""

from typing import Any, Final

from staff_ui.pages.stop import Stop
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "stop.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    where = words.say("stop.where", reader="balie")
    return {"stop": Stop(frame=frame, visit="v" * 32, initials="MV", where=where)}
