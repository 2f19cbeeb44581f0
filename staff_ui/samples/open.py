"""Why somebody opens a customer whom they found."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.profile import reasons
from staff_ui.pages.search import Open
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "open.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    here = replace(frame, here="search")
    return {"open": Open(frame=here, customer="0" * 32, name="Meike de Vries", reasons=reasons(words))}
