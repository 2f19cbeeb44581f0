"""A tablet that shows its key. What it says when the key is gone is revealed by its script."""

from typing import Any, Final

from staff_ui.pages.device import Device
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "device.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    plain = Frame(language=frame.language, shop=frame.shop, theme=frame.theme, hand=frame.hand, own="")
    return {"device": Device(frame=plain, to="/")}
