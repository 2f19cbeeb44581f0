"""The stage as somebody opens it, and with the internet out; the two pages of the hub are not ours to show."""

from dataclasses import replace
from typing import Any, Final

from staff_ui.desk import initials
from staff_ui.pages.stage import Part, Screens, StagePage, Tappable
from staff_ui.samples.plan import sampled
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "stage.html"
PEOPLE: Final = (
    "Marijke de Vries",
    "Joost Bakker",
    "Carmen van den Berg",
    "Umut Yılmaz",
    "Noor van der Linden",
)


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    say = words.say
    asked = f"?language={frame.language}&theme={frame.theme}"
    well = StagePage(
        frame=frame,
        own=frame.own,
        screens=Screens(
            display=f"/show/balie/ready{asked}",
            tablet=f"/show/visits/card{asked}",
            phone="about:blank",
            office="about:blank",
        ),
        people=tuple(
            Tappable(name=name, initials=initials(name), barcode=str(place))
            for place, name in enumerate(PEOPLE)
        ),
        stranger="9",
        caption=say("stage.intro"),
        line=say("stage.line.well"),
        internet=True,
        playing=False,
        parts=tuple(Part(room.zone, room.name(frame.language)) for room in sampled()[1].rooms),
    )
    out = replace(
        well,
        internet=False,
        playing=True,
        caption=say("stage.day.cut"),
        parts=(replace(well.parts[0], here="MV"), *well.parts[1:]),
        line=words.count("stage.line.out", 7, since="10:42"),
    )
    return {"well": well, "out": out}
