"""A new tablet that opened its code."""

from typing import Any, Final

from staff_ui.pages.pair import Pair
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "pair.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    plain = Frame(language=frame.language, shop=frame.shop, theme=frame.theme, hand=frame.hand, own="")
    return {"pair": Pair(frame=plain, code="a-code-of-the-gallery")}
