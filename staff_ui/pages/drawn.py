"""A floor plan as shapes for an SVG: rooms, their names, who stands in them, the way through them. Pure.

Numbers are units of the plan, texts are ready to be said. Nobody has a place in it, only a zone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from edge.presence.plan import Plan, Room


LINE: Final = 28.0  # from one line of a name to the next
LETTER: Final = 13.5  # about so wide is a letter of a name
DOT: Final = 46.0  # from one person to the next
MOST_ROWS: Final = 3  # of people in a room


@dataclass(frozen=True, slots=True)
class Text:
    x: str
    y: str
    said: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shape:
    """A room: `mark` is `start`, `way`, `goal`, `chosen` or empty; `people` are initials, or a number of more."""

    zone: str
    points: str
    name: tuple[Text, ...]
    people: tuple[Text, ...]
    door: Text | None
    mark: str
    deaf: Text | None


@dataclass(frozen=True, slots=True)
class Line:
    x1: str
    y1: str
    x2: str
    y2: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """`ways` are seen where rooms stand apart; `steps` is the way that is asked for."""

    box: str
    shapes: tuple[Shape, ...]
    ways: tuple[Line, ...]
    steps: tuple[Line, ...]


def drawing(
    plan: "Plan",
    *,
    language: str,
    people: Mapping[str, Sequence[str]] | None = None,
    steps: Sequence[str] = (),
    start: str = "",
    chosen: str = "",
    deaf: Mapping[str, str] | None = None,
    entrance: str = "",
) -> Drawing:
    """`people` are initials by zone, `steps` the zones of a way, `deaf` says where nothing is heard."""
    centres = {room.zone: room.centre for room in plan.rooms}
    shapes = tuple(
        _shape(
            room,
            language=language,
            people=(people or {}).get(room.zone, ()),
            mark=_mark(room.zone, steps, start, chosen),
            deaf=(deaf or {}).get(room.zone, ""),
            entrance=entrance,
        )
        for room in plan.rooms
    )
    return Drawing(
        box=f"0 0 {plan.width:.0f} {plan.height:.0f}",
        shapes=shapes,
        ways=() if plan.drawn else tuple(_line(centres[one], centres[other]) for one, other in plan.ways),
        steps=tuple(_line(centres[one], centres[other]) for one, other in pairwise(steps)),
    )


def _mark(zone: str, steps: Sequence[str], start: str, chosen: str) -> str:
    if zone == chosen:
        return "chosen"
    if steps and zone == steps[-1]:
        return "goal"
    if zone == start:
        return "start"
    return "way" if zone in steps else ""


def _shape(
    room: "Room", *, language: str, people: Sequence[str], mark: str, deaf: str, entrance: str
) -> Shape:
    x, y = room.centre
    top, bottom = min(each for _, each in room.corners), max(each for _, each in room.corners)
    lines = _fold(room.name(language), most=max(6, int((room.width - 16) / LETTER)))
    first = top + 36 if people or deaf or bottom - top < 4 * LINE else y - (len(lines) - 1) * LINE / 2
    first += 20 if deaf else 0
    door = "" if not room.entrance or room.name(language) == entrance else entrance
    return Shape(
        zone=room.zone,
        points=" ".join(f"{px:.0f},{py:.0f}" for px, py in room.corners),
        name=tuple(_text(x, first + number * LINE, line) for number, line in enumerate(lines)),
        people=_dots(room, people, above=bottom - 8, below=first + (len(lines) - 1) * LINE),
        door=_text(x, bottom - 12, f"▲ {door}".strip())
        if room.entrance and entrance and not people
        else None,
        mark=mark,
        deaf=_text(x, top + 26, deaf) if deaf else None,
    )


def _dots(room: "Room", people: Sequence[str], *, above: float, below: float) -> tuple[Text, ...]:
    """As many as there is room for; the rest is counted."""
    a_row = max(1, int((room.width - 12) / DOT))
    most = a_row * max(1, min(MOST_ROWS, int((above - below - 12) / DOT)))
    shown = list(people[:most])
    if len(people) > most:
        shown[-1] = f"+{len(people) - most + 1}"
    placed = []
    for number, initials in enumerate(shown):
        row, column = divmod(number, a_row)
        in_row = min(a_row, len(shown) - row * a_row)
        placed.append(
            _text(room.centre[0] + (column - (in_row - 1) / 2) * DOT, below + 36 + row * DOT, initials)
        )
    return tuple(placed)


def _fold(name: str, *, most: int) -> tuple[str, ...]:
    """A name on two lines at most; what does not fit ends in an ellipsis."""
    lines = [""]
    for word in name.split():
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= most or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    if len(lines) > 2:
        lines = [lines[0], " ".join(lines[1:])]
    return tuple(line if len(line) <= most else f"{line[: most - 1]}…" for line in lines)


def _text(x: float, y: float, said: str) -> Text:
    return Text(f"{x:.0f}", f"{y:.0f}", said)


def _line(one: tuple[float, float], other: tuple[float, float]) -> Line:
    return Line(*(f"{each:.0f}" for each in (*one, *other)))
