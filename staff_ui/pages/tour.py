"""Three minutes with invented people: the real card and list, a step at a time."""

from dataclasses import dataclass
from importlib import import_module
from typing import Final

from litestar import Response
from markupsafe import Markup

from staff_ui.desk import Desk, Guest, frame, html
from staff_ui.security import Ask
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import key

# Title, sentence, and the sample that shows it.
STEPS: Final = (
    (key("tour.1"), key("tour.1.why"), "card-plain"),
    (key("tour.2"), key("tour.2.why"), "card"),
    (key("tour.3"), key("tour.3.why"), "card-theirs"),
    (key("tour.4"), key("tour.4.why"), "card-alone"),
    (key("tour.5"), key("tour.5.why"), "note-stranger"),
    (key("tour.6"), key("tour.6.why"), "stopped"),
)


@dataclass(frozen=True, slots=True)
class Tour:
    frame: Frame
    step: str
    title: str
    text: str
    example: Markup
    before: str
    after: str
    last: bool


async def tour(desk: Desk, request: Ask, guest: Guest) -> Response[str]:
    """`GET /tour`, `?step=` from 1."""
    around = frame(desk, request, guest, here="store")
    if "step" not in request.query_params:
        desk.house.counter.counts["used_tour"] += 1  # how often, by nobody
    asked = request.query_params.get("step", "1")
    number = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 3 else 1
    it = step(desk.sheets, around, max(1, min(number, len(STEPS))))
    return html(desk, "tour.html", it, language=around.language)


def step(sheets: Sheets, around: Frame, number: int) -> Tour:
    words = sheets.words[around.language]
    title, why, state = STEPS[number - 1]
    # The samples know the pages they are samples of, this one too.
    invented = import_module("staff_ui.samples.visits").samples(around, words)[state]
    last = number == len(STEPS)
    return Tour(
        frame=around,
        step=words.say("tour.step", number=number, of=len(STEPS)),
        title=words.say(title),
        text=words.say(why),
        example=Markup(sheets.render("visits.html", invented, around.language)),
        before="/store" if number == 1 else f"/tour?step={number - 1}",
        after="/store" if last else f"/tour?step={number + 1}",
        last=last,
    )
