"""The card for the shelf, with a code that leads nowhere."""

from dataclasses import replace
from typing import Any, Final

from markupsafe import Markup

from staff_ui.pages.choose import Card
from staff_ui.pages.pair import qr
from staff_ui.samples.choose import BAG
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "choose_card.html"
ADDRESS: Final = "https://wallet.example.nl/portal/choose/amersfoort/slaapzak"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    around = replace(frame, here="products")
    return {"card": Card(around, BAG[words.language], Markup(qr(ADDRESS)), ADDRESS)}
