"""The list of choice helpers: two, and none yet."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.pages.choose import Choose, Entry
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "choose.html"
BAG: Final = {"nl": "Welke slaapzak past bij u?", "en": "Which sleeping bag suits you?"}
_ABOUT: Final = {
    "nl": "Een paar vragen over waar u slaapt en hoe u hem meeneemt. Wie u bent, vragen we niet.",
    "en": "A few questions about where you sleep and how you carry it. We do not ask who you are.",
}
_SHOES: Final = {"nl": "Welke wandelschoenen passen bij u?", "en": "Which hiking shoes suit you?"}
_WALK: Final = {
    "nl": "Een paar vragen over waar u loopt en wat u draagt.",
    "en": "A few questions about where you walk and what you carry.",
}


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    language = words.language
    two = (
        Entry("slaapzak", BAG[language], _ABOUT[language], "slaapzak", code=True),
        Entry("wandelschoenen", _SHOES[language], _WALK[language], "schoen", code=False),
    )
    around = replace(frame, here="products")
    return {"two": Choose(around, two), "none": Choose(around, ())}
