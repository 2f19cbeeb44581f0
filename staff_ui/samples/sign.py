"""The door sign of a shop that hears fobs, and of one that only reads cards."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.sign import Facts, told
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "sign.html"
EVERYTHING: Final = Facts(
    shop="Van Dam, Amersfoort",
    reads=True,
    hears=True,
    zones=True,
    finding=True,
    welcome=True,
    page="https://welkom.example",
)


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    here = replace(frame, here="store")
    cards = replace(EVERYTHING, hears=False, zones=False, finding=False, welcome=False, page="")
    return {"everything": told(EVERYTHING, here, words), "cards": told(cards, here, words)}
