"""The floor: people in some zones, an empty shop, and scanners that do not hear."""

from dataclasses import replace
from typing import Any, Final

from edge.presence.floor import Floor, parse_floor
from edge.presence.plan import Plan, draw
from staff_ui.pages.plan import Person, arranged
from staff_ui.samples.visits import NOW_MS
from staff_ui.sheets import Frame
from staff_ui.words import Words

TEMPLATE: Final = "plan.html"
_ZONES: Final[tuple[tuple[str, str, str, list[str], list[str]], ...]] = (
    ("door", "Ingang", "Entrance", ["shoes", "coats"], []),
    ("shoes", "Schoenen", "Shoes", ["camp", "till"], ["gang 1"]),
    ("coats", "Jassen en kleding", "Coats and clothes", ["till", "maps"], ["gang 2"]),
    ("till", "Kassa", "Counter", [], ["kassa"]),
    ("camp", "Kamperen en koken", "Camping and cooking", [], ["gang 4", "gang 5"]),
    ("maps", "Onderweg", "On the way", [], ["gang 3", "gang 6"]),
)


def sampled() -> tuple[Floor, Plan]:
    """An invented shop of six zones with a scanner each."""
    table: dict[str, Any] = {
        "zones": [
            {
                "id": zone,
                "name": dutch,
                "name_en": english,
                "next_to": beside,
                "places": places,
                "entrance": zone == "door",
                "counter": zone == "till",
            }
            for zone, dutch, english, beside, places in _ZONES
        ],
        "scanners": [{"id": f"s{number}", "zone": each[0]} for number, each in enumerate(_ZONES, 1)],
    }
    floor = parse_floor(table)
    return floor, draw(floor, table)


def samples(frame: Frame, words: Words) -> dict[str, Any]:
    floor, plan = sampled()
    here = replace(frame, here="plan", plan=True, products=True)

    def person(number: int, initials: str, minutes: int) -> Person:
        since_ms = NOW_MS - minutes * 60_000
        return Person(f"{number:032x}", initials, words.minutes(minutes * 60_000), since_ms)

    people = {
        "door": [person(1, "IA", 0)],
        "shoes": [person(2, "MV", 4), person(3, "JB", 2)],
        "camp": [person(number, f"{chr(60 + number)}K", number) for number in range(10, 20)],
        "": [person(30, "CB", 12)],
    }
    hears = {each.id: "hears" for each in floor.scanners}
    deaf = {**hears, "s2": "offline", "s3": "silent"}
    at: dict[str, Any] = {"until_ms": NOW_MS + 3_600_000, "now_ms": NOW_MS}
    return {
        "plan": arranged(here, plan, floor.scanners, people, hears, words, **at),
        "empty": arranged(here, plan, floor.scanners, {}, hears, words, **at),
        "deaf": arranged(here, plan, floor.scanners, people, deaf, words, full=True, **at),
    }
