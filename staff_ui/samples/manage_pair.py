"""The manager pairs the next tablet: the question, then the codes."""

from typing import Any, Final

from markupsafe import Markup

from staff_ui.pages.pair import ManagePair, qr
from staff_ui.samples.enrol import FINGERPRINT
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "manage_pair.html"
_ADDRESS: Final = "https://welkom-amersfoort.local:8443/pair/Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4Zm9vYmFyYmE"
_TRUST: Final = "http://192.168.178.20:8080/"


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    none = Markup("")
    return {
        "ask": ManagePair(frame, "", none, "", none, "", ""),
        "https": ManagePair(
            frame, "Etalage", Markup(qr(_ADDRESS)), _ADDRESS, Markup(qr(_TRUST)), _TRUST, FINGERPRINT
        ),
        "plain": ManagePair(frame, "Etalage", Markup(qr(_ADDRESS)), _ADDRESS, none, "", ""),
    }
