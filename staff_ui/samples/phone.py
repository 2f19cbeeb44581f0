"""The code for somebody's own phone, with sample data."""

from typing import Any

from markupsafe import Markup

from staff_ui.pages.hand import OwnPhone
from staff_ui.pages.pair import qr
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE = "phone.html"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    benefit = {"nl": "Vandaag: eerste stempel cadeau", "en": "Today: your first stamp is on us"}
    drawn = Markup(qr(f"https://wallet.example/portal/join/amersfoort.{'Ab3_' * 60}", error="l"))
    return {"code": OwnPhone(frame, benefit[words.language], drawn)}
