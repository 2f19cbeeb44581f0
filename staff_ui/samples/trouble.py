"""Everything that can be in the way, in words."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.trouble import WORDS, Trouble
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "trouble.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    alone = replace(frame, staff="", initials="", idle_ms=0)
    return {
        kind: Trouble(frame=alone, title=words.say(title), why=words.say(why), next=words.say(then), link="/")
        for kind, (title, why, then) in WORDS.items()
    }
