"""The page of the worker, when the shop's computer cannot be reached."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.installed import Offline
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "offline.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    return {"offline": Offline(replace(frame, staff="", initials="", idle_ms=0))}
