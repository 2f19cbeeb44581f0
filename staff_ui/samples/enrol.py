"""The enrolment page."""

from typing import Any, Final

from staff_ui.enrol import NAMES, Enrol, kinds
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "enrol.html"
FINGERPRINT: Final = ":".join(f"{each * 37 % 256:02X}" for each in range(1, 33))


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    plain = Frame(language=frame.language, shop=frame.shop, theme=frame.theme, hand=frame.hand, own="")
    return {
        "enrol": Enrol(
            frame=plain,
            languages=tuple((each, words.say(name)) for each, name in NAMES.items()),
            fingerprint=FINGERPRINT,
            kinds=kinds(words),
            address="https://welkom-amersfoort.local:8443/",
            numbers=("https://192.168.178.20:8443/",),
        )
    }
