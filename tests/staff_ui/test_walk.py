"""The calibration walk: only a manager's chosen fob is measured, it is saved and used at once."""

import json

import httpx

from tests.staff_ui.house import Place, own_token
from tests.staff_ui.test_plan import AGREED, floored, in_zone

__all__ = ["floored"]

CARD = "2900000000011"


def begin(place: Place) -> tuple[str, str, httpx.Client]:
    """A manager with their own fob chosen; somebody else's fob is there too."""
    mine = place.customer(CARD, name={"call": "Bram", "short": "Bram", "initials": "BW"}, purposes=AGREED)
    other = place.customer("2900000000028", name={"call": "Joost", "initials": "JB"}, purposes=AGREED)
    device, stranger = place.fob(mine), place.fob(other, 2)
    place.tap(CARD)
    manager = place.signed_in("Bram de Wit")
    (visit,) = place.rows("SELECT id FROM visit")[0]
    fobs = f"/visits/{visit.hex()}/fobs"
    page = manager.get(fobs).text
    assert "Measure the shop with it" in page
    answer = manager.post(fobs, data={"own": own_token(page), "measure": device[:24]})
    assert answer.headers["location"] == "/manage/walk"
    return device, stranger, manager


def stand(place: Place, manager: httpx.Client, device: str, zone: str, **rssi: int) -> None:
    page = manager.get("/manage/walk").text
    manager.post("/manage/walk", data={"own": own_token(page), "zone": zone})
    for _ in range(21):
        place.near(device, **rssi)
        place.clock.both_by_ms += 1_600


def test_two_zones_are_walked_and_the_tracker_goes_by_them_at_once(floored: Place) -> None:
    device, stranger, manager = begin(floored)
    # In this shop the scanners hang behind walls: the one of the next zone hears best.
    at_door = {"s-door": -85, "s-shoes": -50, "s-till": -88}
    at_shoes = {"s-door": -50, "s-shoes": -85, "s-till": -80}
    floored.near(stranger, **at_door)
    stand(floored, manager, device, "door", **at_door)
    stand(floored, manager, device, "shoes", **at_shoes)
    file = floored.house.config.store.state / "calibration.jsonl"
    rows = [json.loads(line) for line in file.read_text().splitlines()]
    assert {row["zone"] for row in rows} == {"door", "shoes"}
    assert all(set(row) == {"at", "zone", "rssi"} for row in rows)
    # Who stood there when is nobody's business afterwards: the first walk begins at ten minutes, the next ten later.
    assert 600 <= rows[0]["at"] < 640
    assert rows[-1]["at"] < 600 + 40 + 600 + 40
    assert rows[0]["rssi"] == {"s-door": -85.0, "s-shoes": -50.0, "s-till": -88.0}
    assert sum(row["zone"] == "door" for row in rows) in range(15, 22)
    page = manager.get("/manage/walk").text
    assert "measurements" in page
    assert "s-door, Entrance" in page
    for _ in range(4):
        floored.near(device, **at_door)
        floored.clock.both_by_ms += 1_500
    assert "BW" in in_zone(manager.get("/plan").text, "door")


def test_a_walk_in_which_hardly_anything_was_heard_is_not_kept_and_says_so(floored: Place) -> None:
    device, _, manager = begin(floored)
    page = manager.get("/manage/walk").text
    manager.post("/manage/walk", data={"own": own_token(page), "zone": "till"})
    assert "Keep walking around here" in manager.get("/manage/walk").text
    floored.near(device, **{"s-till": -60})
    floored.clock.both_by_ms += 31_000
    floored.near(device, **{"s-till": -60})
    floored.near(device, **{"s-till": -60})
    assert "In Counter your fob was hardly heard" in manager.get("/manage/walk").text
    assert not (floored.house.config.store.state / "calibration.jsonl").exists()


def test_a_walk_that_the_disk_does_not_take_says_so_and_the_house_goes_on(floored: Place) -> None:
    device, _, manager = begin(floored)
    in_the_way = floored.house.config.store.state / "calibration.new"
    in_the_way.mkdir()
    stand(floored, manager, device, "till", **{"s-till": -60})
    assert "measured in Counter could not be saved" in manager.get("/manage/walk").text
    in_the_way.rmdir()
    stand(floored, manager, device, "till", **{"s-till": -60})
    assert "could not be saved" not in manager.get("/manage/walk").text
    assert (floored.house.config.store.state / "calibration.jsonl").exists()


def test_only_a_manager_walks(floored: Place) -> None:
    assert floored.signed_in().get("/manage/walk").status_code == 403
