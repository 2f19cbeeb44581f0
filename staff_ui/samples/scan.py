"""The camera as a scanner: looking, and something that was no code."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.scan import Scan
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "scan.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    looking = Scan(replace(frame, here="products"), "products", back="/products")
    return {"looking": looking, "wrong": replace(looking, wrong=True)}
