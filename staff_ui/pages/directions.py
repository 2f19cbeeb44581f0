"""The way to a product: from zone to zone, as a sentence and on the plan. It knows where shelves are, and nobody."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from staff_ui.pages.drawn import Drawing, drawing
from staff_ui.words import Words

if TYPE_CHECKING:
    from edge.presence.plan import Plan


@dataclass(frozen=True, slots=True)
class Way:
    """`starts` are the zones one may start from, with their names."""

    sentence: str
    drawing: Drawing
    start: str
    starts: tuple[tuple[str, str], ...]


def way_to(plan: "Plan", place: str, say: Words, *, start: str = "") -> Way | None:
    """From `start`, or the counter where that is no zone, to a place of the catalogue; None where no zone has it."""
    from edge.presence.plan import room_of, way  # a shop without a floor starts without it

    goal = room_of(plan, place) if place else None
    if goal is None or len(plan.rooms) < 2:
        return None
    begin = plan.room(start) or plan.room(plan.start)
    steps = way(plan, begin.zone, goal.zone) if begin else ()
    names = [room.name(say.language) for step in steps if (room := plan.room(step)) is not None]
    if not names:
        sentence = say.say("way.there", zone=goal.name(say.language))
    elif len(names) == 1:
        sentence = say.say("way.here", zone=names[0])
    elif len(names) == 2:
        sentence = say.say("way.next", start=names[0], zone=names[1])
    else:
        sentence = say.say("way.past", start=names[0], past=", ".join(names[1:-1]), zone=names[-1])
    return Way(
        sentence=sentence,
        drawing=drawing(
            plan,
            language=say.language,
            steps=steps or (goal.zone,),
            start=begin.zone if begin else "",
            entrance=say.say("plan.entrance"),
        ),
        start=begin.zone if begin else "",
        starts=tuple((room.zone, room.name(say.language)) for room in plan.rooms),
    )
