"""How pages look on this tablet."""

from typing import Any, Final

from staff_ui.pages.look import CHOICES, LookPage, Option
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "look.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    def options(name: str, chosen: str) -> tuple[Option, ...]:
        return tuple(Option(each, words.say(label), each == chosen) for each, label in CHOICES[name].items())

    return {
        "look": LookPage(
            frame=frame,
            languages=options("language", frame.language),
            themes=options("theme", frame.theme),
            hands=options("hand", frame.hand),
        )
    }
