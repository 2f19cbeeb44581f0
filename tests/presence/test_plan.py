"""The plan of a floor: rooms that lie as one walks, ways over few borders, places of the catalogue in their zone."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.kit.errors import ConfigError
from edge.presence.floor import parse_floor
from edge.presence.plan import CELL, GAP, Plan, draw, room_of, way


def plan(*zones: dict[str, Any], scanners: list[dict[str, Any]] | None = None) -> Plan:
    table = {"zones": list(zones), "scanners": scanners or [{"id": "s1", "zone": zones[0]["id"]}]}
    return draw(parse_floor(table), table)


SHOP = plan(
    {"id": "door", "name": "Ingang", "name_en": "Entrance", "entrance": True, "next_to": ["shoes", "coats"]},
    {"id": "shoes", "name": "Schoenen", "places": ["gang 1"], "next_to": ["camp"]},
    {"id": "coats", "places": ["gang 2"], "next_to": ["camp"]},
    {"id": "camp", "places": ["gang 4", "gang 4, vak B"], "next_to": ["till"]},
    {"id": "till", "counter": True},
    {"id": "cellar"},
)


@given(st.integers(1, 40), st.integers(0, 10_000))
def test_no_two_rooms_of_a_drawn_grid_lie_on_each_other_and_a_way_leads_wherever_zones_join(
    count: int, seed: int
) -> None:
    zones = [
        {"id": f"z{each}", "next_to": [f"z{(seed + each) % each}"] if each else []} for each in range(count)
    ]
    drawn = plan(*zones)
    corners = {room.corners[0] for room in drawn.rooms}
    assert len(corners) == count
    assert all(
        (x - GAP / 2) % (CELL[0] + GAP) == 0 and (y - GAP / 2) % (CELL[1] + GAP) == 0 for x, y in corners
    )
    steps = way(drawn, "z0", f"z{count - 1}")
    assert steps[0] == "z0"
    assert steps[-1] == f"z{count - 1}"
    assert all(
        tuple(sorted(pair)) in {tuple(sorted(each)) for each in drawn.ways} for pair in pairwise(steps)
    )


def test_the_way_is_the_one_over_fewest_borders_and_none_leads_past_a_wall() -> None:
    assert way(SHOP, "till", "door") == ("till", "camp", "shoes", "door")
    assert way(SHOP, "till", "till") == ("till",)
    assert way(SHOP, "till", "cellar") == ()
    assert way(SHOP, "till", "attic") == ()
    assert SHOP.start == "till"
    assert plan({"id": "a"}, {"id": "b", "entrance": True}).start == "b"


def test_a_place_of_the_catalogue_is_in_the_zone_whose_longest_word_for_it_fits() -> None:
    def zone(place: str) -> str | None:
        room = room_of(SHOP, place)
        return room.zone if room else None

    assert zone("gang 1, vak A3") == "shoes"
    assert zone("Gang 4, vak B2") == "camp"
    assert zone("gang 11") is None
    assert zone("Schoenen") == "shoes"
    assert zone("") is None


def test_a_shops_own_outlines_are_drawn_to_size_and_half_of_them_are_not() -> None:
    left = {"id": "a", "outline": [[0, 0], [4, 0], [4, 3], [0, 3]]}
    right = {"id": "b", "outline": [[4, 0], [8, 0], [8, 3], [4, 3]], "next_to": ["a"]}
    drawn = plan(left, right)
    assert drawn.drawn
    room = drawn.room("b")
    assert room is not None
    assert room.corners[0] == (500 + GAP / 2, GAP / 2)
    assert drawn.width - GAP == 1000
    assert not plan(left, {"id": "b"}).drawn


def test_rooms_lie_as_their_scanners_do() -> None:
    scanners = [
        {"id": zone, "zone": zone, "x": x, "y": 1.0}
        for zone, x in (("hall", 5.0), ("left", 1.0), ("right", 9.0))
    ]
    drawn = plan(
        {"id": "hall", "entrance": True, "next_to": ["right", "left"]},
        {"id": "right"},
        {"id": "left"},
        scanners=scanners,
    )
    x = {room.zone: room.centre[0] for room in drawn.rooms}
    assert x["left"] < x["hall"] < x["right"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"name": 3}, "name"),
        ({"places": "gang 1"}, "places"),
        ({"counter": 1}, "counter"),
        ({"outline": [[0, 0], [1, 1]]}, "outline"),
        ({"outline": [[0, 0], [1, 1], ["x", 2]]}, "outline"),
    ],
)
def test_what_a_plan_cannot_mean_is_refused_by_its_place(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ConfigError, match=rf"zones\[0\]\.{named}"):
        plan({"id": "a", **wrong})
