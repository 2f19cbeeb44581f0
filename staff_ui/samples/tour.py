"""The tour, each step."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.assets import read_assets
from staff_ui.pages.tour import STEPS, step
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import Words

TEMPLATE: Final = "tour.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    sheets, here = Sheets(read_assets(), timezone="Europe/Amsterdam"), replace(frame, here="store")
    return {f"step-{number}": step(sheets, here, number) for number in range(1, len(STEPS) + 1)}
