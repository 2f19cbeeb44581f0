"""What a choice helper comes to: three with their reasons, nothing on the shelf now, nothing in this shop."""

from dataclasses import replace
from typing import Any, Final

from markupsafe import Markup

from edge.choice import shown
from staff_ui.pages.choose import NOTHING, Outcome, Pick
from staff_ui.pages.pair import qr
from staff_ui.samples.choose import BAG
from staff_ui.samples.choose_card import ADDRESS
from staff_ui.samples.products import lines
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "choose_outcome.html"
_SOLD_OUT: Final = NOTHING["sold_out"]
_SAID: Final = {
    "nl": (
        ("Hoe neemt u hem mee?", "Op mijn rug"),
        ("Hoe koud wordt het 's nachts, op zijn koudst?", "Tussen 2 en 10 graden"),
        ("Kan hij onderweg nat worden?", "Ja: veel regen, kano of condens"),
        ("Hoe ligt u het liefst?", "Ik draai me vaak om"),
    ),
    "en": (
        ("How will you carry it?", "On my back"),
        ("How cold will it be at night, at its coldest?", "Between 2 and 10 degrees"),
        ("Might it get wet on the way?", "Yes: much rain, a canoe, condensation"),
        ("How do you like to lie?", "I turn a lot"),
    ),
}
_POINTS: Final = {
    "nl": (
        ("Weegt hooguit een kilo", 0),
        ("Comfort bij 2 graden of lager (ISO 23537)", 1),
        ("Kunstvezel: houdt ook klam nog warm", 2),
        ("Smal: hij draait met u mee", 3),
    ),
    "en": (
        ("Weighs a kilo at most", 0),
        ("Comfort at 2 degrees or lower (ISO 23537)", 1),
        ("Synthetic: still warms when damp", 2),
        ("Narrow: it turns along with you", 3),
    ),
}
_ENDS: Final = {
    "nl": (
        "Een zak die koude nachten aankan",
        "We kozen op comfort, niet op de limiet: bij de limiet slaapt niemand lekker.",
        "Kou komt van onderen: neem een mat met R-waarde 3 of meer.",
        "De duurste die we hebben",
        "Hiervoor hebben wij geen slaapzak",
        "Voor strenge vorst hebt u een expeditiezak nodig. Die kunt u voor één reis beter huren.",
    ),
    "en": (
        "A bag for cold nights",
        "We chose by comfort, not by the limit: nobody sleeps well at the limit.",
        "Cold comes from below: take a mat of R-value 3 or more.",
        "The dearest one we have",
        "We have no sleeping bag for this",
        "Hard frost takes an expedition bag. For one trip you had better rent one.",
    ),
}


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    language = words.language
    title, why, tip, but, no_title, no_why = _ENDS[language]
    said = tuple(shown.Said(ask, answer, "a" * at) for at, (ask, answer) in enumerate(_SAID[language]))
    reasons = tuple(shown.Reason(text, said[at].answer) for text, at in _POINTS[language])
    shelf = lines(words)[3:6]
    three = tuple(
        Pick(each, shown.Named(each.item, reasons[: 3 - at], reasons[3 - at :], but if at == 2 else ""))
        for at, each in enumerate(shelf)
    )
    usual = Outcome(
        frame=replace(frame, here="products"),
        helper="slaapzak",
        title=BAG[language],
        result=shown.Result(title, why, (tip,), said, tuple(each.named for each in three), "", "aa"),
        picks=three,
        nothing="",
        qr=Markup(qr(ADDRESS)),
    )
    bare = replace(usual.result, named=(), tips=())
    return {
        "three": usual,
        "sold_out": replace(
            usual, picks=(), nothing=words.say(_SOLD_OUT), result=replace(bare, nothing="sold_out")
        ),
        "none": replace(
            usual,
            picks=(),
            result=replace(bare, title=no_title, why=no_why, nothing="none"),
            qr=Markup(),
        ),
    }
