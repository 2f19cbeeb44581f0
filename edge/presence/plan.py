"""The plan of a floor for people: what zones are called, how they lie, what stands there, the way between two. Pure.

A floor file may say of a zone `name` and `name_en`, `outline` (corners in metres, as on a drawing: y goes down),
`places` (what the catalogue calls shelves there) and `counter = true` (where the tablets lie). Where not every zone
has an outline, zones are equal rooms on a grid, those beside each other that one can walk between.
"""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from edge.presence.floor import Floor, is_wrong

LONGEST: Final = 1000.0  # units of the longer side of a drawn floor
CELL: Final = (220.0, 172.0)
GAP: Final = 24.0
REACH: Final = 3  # rooms further off than this from the one before are nowhere near it

Cell = tuple[int, int]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Room:
    """A zone as it is drawn: `corners` in units of the plan, `centre` where its name stands."""

    zone: str
    names: Mapping[str, str]
    places: tuple[str, ...]
    corners: tuple[Point, ...]
    centre: Point
    width: float
    entrance: bool

    def name(self, language: str) -> str:
        return self.names.get(language) or self.names.get("nl") or self.zone


@dataclass(frozen=True, slots=True)
class Plan:
    """`ways` are pairs of zones one can walk between; `start` is the zone of the counter."""

    width: float
    height: float
    rooms: tuple[Room, ...]
    ways: tuple[tuple[str, str], ...]
    start: str
    drawn: bool  # by the shop itself, with outlines

    def room(self, zone: str) -> Room | None:
        return next((each for each in self.rooms if each.zone == zone), None)


def draw(floor: Floor, table: Mapping[str, Any], *, file: str = "floor") -> Plan:
    """The plan of a floor and of the TOML table it was read from; raises ConfigError naming the place."""
    told = {each["id"]: each for each in table.get("zones", [])}
    of_zone = {zone.id: told.get(zone.id, {}) for zone in floor.zones}
    for number, (zone, each) in enumerate(of_zone.items()):
        _check(each, where=f"zones[{number}]", zone=zone, file=file)
    outlines = {zone: each["outline"] for zone, each in of_zone.items() if "outline" in each}
    corners = _scaled(outlines) if len(outlines) == len(of_zone) else _cells(_grid(floor))
    entrances = {zone.id for zone in floor.zones if zone.entrance}
    rooms = tuple(_room(zone, of_zone[zone], corners[zone], entrance=zone in entrances) for zone in of_zone)
    return Plan(
        width=max(x for each in rooms for x, _ in each.corners) + GAP / 2,
        height=max(y for each in rooms for _, y in each.corners) + GAP / 2,
        rooms=rooms,
        ways=_ways(floor),
        start=next((zone for zone, each in of_zone.items() if each.get("counter")), floor.entrances[0]),
        drawn=len(outlines) == len(of_zone),
    )


def _ways(floor: Floor) -> tuple[tuple[str, str], ...]:
    order = {zone.id: number for number, zone in enumerate(floor.zones)}
    pairs = ((order[zone.id], order[other]) for zone in floor.zones for other in zone.next_to)
    return tuple((floor.zones[one].id, floor.zones[other].id) for one, other in sorted(pairs) if one < other)


def way(plan: Plan, start: str, goal: str) -> tuple[str, ...]:
    """The zones from `start` to `goal`, both among them, over as few borders as can be; empty where there is none."""
    beside: dict[str, list[str]] = {room.zone: [] for room in plan.rooms}
    for one, other in plan.ways:
        beside[one].append(other)
        beside[other].append(one)
    if start not in beside or goal not in beside:
        return ()
    before: dict[str, str] = {start: start}
    todo = deque([start])
    while todo and goal not in before:
        here = todo.popleft()
        for other in beside[here]:
            if other not in before:
                before[other] = here
                todo.append(other)
    if goal not in before:
        return ()
    steps = [goal]
    while steps[-1] != start:
        steps.append(before[steps[-1]])
    return tuple(reversed(steps))


def room_of(plan: Plan, place: str) -> Room | None:
    """The room in which a place of the catalogue is, `gang 4, vak B3`: that whose longest word for it fits."""
    said = _plain(place)
    found: tuple[int, Room | None] = (0, None)
    for room in plan.rooms:
        for each in (*room.places, *room.names.values(), room.zone):
            word = _plain(each)
            if word and len(word) > found[0] and f"{said} ".startswith(f"{word} "):
                found = (len(word), room)
    return found[1]


def _plain(text: str) -> str:
    return " ".join("".join(letter if letter.isalnum() else " " for letter in text.casefold()).split())


def _check(each: Mapping[str, Any], *, where: str, zone: str, file: str) -> None:
    for name in ("name", "name_en"):
        if not isinstance(each.get(name, ""), str):
            raise is_wrong(file, f"{where}.{name}", "is a text in quotes")
    places = each.get("places", [])
    if not isinstance(places, list) or not all(isinstance(place, str) for place in places):
        raise is_wrong(file, f"{where}.places", 'is a list of texts: ["gang 4"]')
    if not isinstance(each.get("counter", False), bool):
        raise is_wrong(file, f"{where}.counter", "is true or false")
    outline = each.get("outline")
    if outline is not None and not (
        isinstance(outline, list) and len(outline) >= 3 and all(_is_point(point) for point in outline)
    ):
        raise is_wrong(
            file, f"{where}.outline", "is a list of at least three corners: [[0, 0], [4, 0], [4, 3]]"
        )


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(each, int | float) and not isinstance(each, bool) for each in point)
        and all(abs(each) < 1e6 for each in point)
    )


def _room(zone: str, told: Mapping[str, Any], corners: tuple[Point, ...], *, entrance: bool) -> Room:
    xs, ys = [x for x, _ in corners], [y for _, y in corners]
    names = {"nl": told.get("name", ""), "en": told.get("name_en", told.get("name", ""))}
    return Room(
        zone=zone,
        names={language: name for language, name in names.items() if name},
        places=tuple(told.get("places", ())),
        corners=corners,
        centre=((min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2),
        width=max(xs) - min(xs),
        entrance=entrance,
    )


def _scaled(outlines: Mapping[str, Sequence[Sequence[float]]]) -> dict[str, tuple[Point, ...]]:
    xs = [x for each in outlines.values() for x, _ in each]
    ys = [y for each in outlines.values() for _, y in each]
    by = LONGEST / max(max(xs) - min(xs), max(ys) - min(ys), 1e-9)
    return {
        zone: tuple(((x - min(xs)) * by + GAP / 2, (y - min(ys)) * by + GAP / 2) for x, y in each)
        for zone, each in outlines.items()
    }


def _cells(grid: Mapping[str, Cell]) -> dict[str, tuple[Point, ...]]:
    left, top = min(x for x, _ in grid.values()), min(y for _, y in grid.values())
    found: dict[str, tuple[Point, ...]] = {}
    for zone, (column, row) in grid.items():
        x, y = (column - left) * (CELL[0] + GAP) + GAP / 2, (row - top) * (CELL[1] + GAP) + GAP / 2
        found[zone] = ((x, y), (x + CELL[0], y), (x + CELL[0], y + CELL[1]), (x, y + CELL[1]))
    return found


def _grid(floor: Floor) -> dict[str, Cell]:
    """A cell for each zone: the entrance first, then those beside it, each near whom it is next to."""
    wishes, beside = _middles(floor), {zone.id: zone.next_to for zone in floor.zones}
    order = {zone.id: number for number, zone in enumerate(floor.zones)}
    placed: dict[str, Cell] = {}
    for root in (*floor.entrances, *beside):
        if root in placed:
            continue
        placed[root] = (max((x for x, _ in placed.values()), default=-1) + 1, 0)
        todo = deque([root])
        while todo:
            here = todo.popleft()
            for other in sorted(beside[here] - placed.keys(), key=order.__getitem__):
                known = [placed[each] for each in beside[other] if each in placed]
                wish = _towards(wishes.get(here), wishes.get(other))
                placed[other] = _free(placed.values(), placed[here], known, wish)
                todo.append(other)
    return placed


def _free(taken: Iterable[Cell], at: Cell, known: Sequence[Cell], wish: Point | None) -> Cell:
    """The best free cell: near those one walks to from it, on the right side, keeping the plan compact."""
    full = set(taken)
    xs, ys = [x for x, _ in full], [y for _, y in full]

    def worth(cell: Cell) -> tuple[float, float, float, int, int]:
        near = sum(abs(cell[0] - x) + abs(cell[1] - y) for x, y in known)
        side = 0.0 if wish is None else -(wish[0] * (cell[0] - at[0]) + wish[1] * (cell[1] - at[1]))
        wide = max(*xs, cell[0]) - min(*xs, cell[0]) if len(xs) > 1 else abs(cell[0] - xs[0])
        high = max(*ys, cell[1]) - min(*ys, cell[1]) if len(ys) > 1 else abs(cell[1] - ys[0])
        return near, side, max(wide, 1.2 * high), cell[1], cell[0]

    size = REACH
    while True:
        free = [
            (at[0] + x, at[1] + y)
            for x in range(-size, size + 1)
            for y in range(-size, size + 1)
            if (at[0] + x, at[1] + y) not in full
        ]
        if free:
            return min(free, key=worth)
        size += 1


def _middles(floor: Floor) -> dict[str, Point]:
    """Where zones are, as far as scanners with known places say."""
    found: dict[str, list[Point]] = {}
    for scanner in floor.scanners:
        if scanner.xyz is not None:
            found.setdefault(scanner.zone, []).append(scanner.xyz[:2])
    return {
        zone: (sum(x for x, _ in each) / len(each), sum(y for _, y in each) / len(each))
        for zone, each in found.items()
    }


def _towards(here: Point | None, there: Point | None) -> Point | None:
    if here is None or there is None:
        return None
    x, y = there[0] - here[0], there[1] - here[1]
    size = max(abs(x), abs(y), 1e-9)
    return round(x / size, 3), round(y / size, 3)
