"""The floor file: zones, which of them are next to each other, where people come in, where scanners hang."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from edge.kit.errors import ConfigError

MOST_SCANNERS: Final = 500
MOST_ZONES: Final = 200


@dataclass(frozen=True, slots=True)
class Zone:
    """A part of the shop that people have a name for; `next_to` are those one can walk into from here."""

    id: str
    next_to: frozenset[str]
    entrance: bool = False


@dataclass(frozen=True, slots=True)
class Scanner:
    """A fixed receiver: the zone it hangs in, and where (metres), if that is known."""

    id: str
    zone: str
    xyz: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """`beacons` are the devices of the shop's own fixed tags: they prove that scanners hear, and are nobody."""

    name: str
    zones: tuple[Zone, ...]
    scanners: tuple[Scanner, ...]
    beacons: frozenset[str] = frozenset()

    @property
    def entrances(self) -> tuple[str, ...]:
        """Where people come in; a floor that names no entrance can be entered anywhere."""
        return tuple(zone.id for zone in self.zones if zone.entrance) or tuple(zone.id for zone in self.zones)


def parse_floor(table: Mapping[str, Any], *, file: str = "floor") -> Floor:
    """The floor of a parsed TOML table; raises ConfigError naming the place.

    Keys that presence has no use for (names, outlines, shelves) are left to those who draw the plan. A way from one
    zone into another is a way back too.
    """
    zones = _zones(_tables(table, "zones", file), file)
    known = {zone.id for zone in zones}
    scanners = tuple(
        _scanner(each, where=f"scanners[{number}]", zones=known, file=file)
        for number, each in enumerate(_tables(table, "scanners", file))
    )
    _once([scanner.id for scanner in scanners], "scanners", file)
    if not zones or len(zones) > MOST_ZONES:
        raise is_wrong(file, "zones", f"has to be 1 to {MOST_ZONES} tables: write [[zones]]")
    if not scanners or len(scanners) > MOST_SCANNERS:
        raise is_wrong(file, "scanners", f"has to be 1 to {MOST_SCANNERS} tables: write [[scanners]]")
    beacons = frozenset(
        _text(each, "id", where=f"beacons[{number}]", file=file)
        for number, each in enumerate(_tables(table, "beacons", file))
    )
    name = table.get("name", "")
    if not isinstance(name, str):
        raise is_wrong(file, "name", "is a text in quotes")
    return Floor(name=name, zones=zones, scanners=scanners, beacons=beacons)


def _zones(tables: list[Mapping[str, Any]], file: str) -> tuple[Zone, ...]:
    ids = [_text(each, "id", where=f"zones[{number}]", file=file) for number, each in enumerate(tables)]
    _once(ids, "zones", file)
    ways: dict[str, set[str]] = {zone: set() for zone in ids}
    for number, (zone, each) in enumerate(zip(ids, tables, strict=True)):
        where = f"zones[{number}]"
        others = each.get("next_to", [])
        if not isinstance(others, list):
            raise is_wrong(file, f"{where}.next_to", 'is a list of zones: ["hall"]')
        for other in others:
            if not isinstance(other, str) or other not in ways:
                raise is_wrong(file, f"{where}.next_to", f"names {other!r}, which is no zone of this floor")
            if other == zone:
                raise is_wrong(file, f"{where}.next_to", "names the zone itself; leave it out")
            ways[zone].add(other)
            ways[other].add(zone)
        if not isinstance(each.get("entrance", False), bool):
            raise is_wrong(file, f"{where}.entrance", "is true or false")
    return tuple(
        Zone(id=zone, next_to=frozenset(ways[zone]), entrance=bool(each.get("entrance", False)))
        for zone, each in zip(ids, tables, strict=True)
    )


def _scanner(table: Mapping[str, Any], *, where: str, zones: set[str], file: str) -> Scanner:
    scanner, zone = (_text(table, key, where=where, file=file) for key in ("id", "zone"))
    if zone not in zones:
        raise is_wrong(file, f"{where}.zone", f"is {zone!r}, which is no zone of this floor")
    place = [table.get(key, 0.0 if key == "z" else None) for key in ("x", "y", "z")]
    if place[0] is None and place[1] is None:
        return Scanner(scanner, zone)
    numbers = [float(each) for each in place if each is not None and is_number(each)]
    if len(numbers) != 3:
        raise is_wrong(file, where, "has x, y and z in metres, or none of them")
    return Scanner(scanner, zone, (numbers[0], numbers[1], numbers[2]))


def is_number(value: object) -> bool:
    """Whether it is a number that a float can hold; JSON and TOML know whole ones beyond that."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False


def _tables(table: Mapping[str, Any], key: str, file: str) -> list[Mapping[str, Any]]:
    found = table.get(key, [])
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise is_wrong(file, key, f"is a list of tables: write [[{key}]]")
    return found


def _text(table: Mapping[str, Any], key: str, *, where: str, file: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise is_wrong(file, f"{where}.{key}", "is missing or no text; every one needs it")
    return value


def _once(ids: list[str], what: str, file: str) -> None:
    if twice := sorted({each for each in ids if ids.count(each) > 1}):
        raise is_wrong(file, what, f"has {twice[0]!r} twice; ids are told apart")


def is_wrong(file: str, place: str, what: str) -> ConfigError:
    """What to raise where a floor file says something that it cannot mean."""
    return ConfigError(f"{file}: {place} {what}", code="P11", hint="correct that line and start again")
