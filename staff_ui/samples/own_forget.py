"""Being forgotten in their own hands: their phone is asked for, a card was held there, and all is ready."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.own_asked import Forget
from staff_ui.pages.own_shown import Saved
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "own_forget.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    lost = (
        Saved(words.say("card.points"), words.number(400)),
        Saved(words.say("card.stamps"), words.say("card.stamps_of", have=7, of=8)),
    )
    around = replace(frame, staff="", initials="")
    steps = {each: Forget(around, each, lost) for each in ("tap", "weak", "ready")}
    return {**steps, "nothing_saved": Forget(around, "tap", ())}
