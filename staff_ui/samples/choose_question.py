"""A question of a choice helper: the first one, and one further on with an explanation and most answers."""

from dataclasses import replace
from typing import Any, Final

from edge.choice import shown
from staff_ui.pages.choose import Question
from staff_ui.samples.choose import BAG
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "choose_question.html"
_FIRST: Final = {
    "nl": ("Hoe neemt u hem mee?", "Op mijn rug", "Op de fiets", "In de auto"),
    "en": ("How will you carry it?", "On my back", "On my bicycle", "By car"),
}
_SECOND: Final = {
    "nl": (
        "Hoe koud wordt het 's nachts, op zijn koudst?",
        "Boven de 10 graden",
        "Tussen 2 en 10 graden",
        "Het kan een paar graden vriezen",
        "Kouder dan 5 graden vorst",
        "Dat verschilt",
        "Dat weet ik nog niet",
    ),
    "en": (
        "How cold will it be at night, at its coldest?",
        "Above 10 degrees",
        "Between 2 and 10 degrees",
        "It may freeze a little",
        "Colder than minus 5",
        "That differs",
        "I do not know yet",
    ),
}
_HELP: Final = {
    "nl": "Kijk naar de koudste nacht van uw reis, niet naar de gemiddelde.",
    "en": "Think of the coldest night of your trip, not the average one.",
}
_INTRO: Final = {
    "nl": "Een paar vragen over waar u slaapt en hoe u hem meeneemt. Wie u bent, vragen we niet.",
    "en": "A few questions about where you sleep and how you carry it. We do not ask who you are.",
}


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    language = words.language
    first = Question(
        frame=replace(frame, here="products"),
        helper="slaapzak",
        title=BAG[language],
        intro=_INTRO[language],
        changed=True,
        asked=_asked(_FIRST[language], number=1, back=None),
        said=(),
    )
    second = _asked(_SECOND[language], number=2, back="", why=_HELP[language])
    return {"first": first, "second": replace(first, intro="", changed=False, asked=second)}


def _asked(texts: tuple[str, ...], *, number: int, back: str | None, why: str = "") -> shown.Question:
    ask, *answers = texts
    choices = tuple(shown.Choice(each, f"a{at}") for at, each in enumerate(answers))
    return shown.Question(ask, why, choices, number, 4, back)
