"""The calibration walk: only the shop's own carried tag is measured, it is saved and used at once."""

import json
import time
from pathlib import Path

import httpx

from drivers.codecs.printed.fob import Fob, write
from edge.config import Presence
from edge.presence.acts import device_id
from tests.patience import PATIENT_MS
from tests.staff_ui.house import Place, open_place, own_token
from tests.staff_ui.opened import MovedClock
from tests.staff_ui.test_plan import AGREED, FLOOR, floored, in_zone

__all__ = ["floored"]


def do(manager: httpx.Client, address: str, **form: str) -> httpx.Response:
    own = own_token(manager.get("/manage/walk").text)
    return manager.post(f"/manage/{address}", data={"own": own, **form})


def put_up(place: Place, manager: httpx.Client, number: int = 1, **form: str) -> str:
    """A tag of the shop's own is read at a reader and becomes one; the id by which it is heard."""
    fob = Fob(bytes([number]) * 16, 10, 1_700_000_000)
    place.tap(write(fob))
    assert do(manager, "tags", **form).headers["location"] == "/manage/walk?said=tag"
    return device_id(fob, shop_key=place.house.keys.shop_key).hex()


def begin(place: Place) -> tuple[str, str, httpx.Client]:
    """A manager with a tag of the shop's own to carry; a customer's fob is there too."""
    other = place.customer("2900000000028", name={"call": "Joost", "initials": "JB"}, purposes=AGREED)
    manager = place.signed_in("Bram de Wit")
    assert "First get a fob of the shop ready" in manager.get("/manage/walk").text
    return put_up(place, manager, carry="1"), place.fob(other, 2), manager


def stand(
    place: Place, manager: httpx.Client, device: str, zone: str, *, times: int = 7, **rssi: int
) -> None:
    page = manager.get("/manage/walk").text
    manager.post("/manage/walk", data={"own": own_token(page), "zone": zone})
    for _ in range(times):
        place.near(device, **rssi)
        place.clock.both_by_ms += 33_000 // times
    assert place.house.radio
    calibrating = place.house.radio.calibrating
    assert calibrating
    until_s = time.monotonic() + PATIENT_MS / 1000
    while calibrating.walk is not None:
        assert time.monotonic() < until_s
        time.sleep(0.02)


def test_two_zones_are_walked_and_the_tracker_goes_by_them_at_once(floored: Place) -> None:
    device, stranger, manager = begin(floored)
    # In this shop the scanners hang behind walls: the one of the next zone hears best.
    at_door = {"s-door": -85, "s-shoes": -50, "s-till": -88}
    at_shoes = {"s-door": -50, "s-shoes": -85, "s-till": -80}
    floored.near(stranger, **at_door)
    stand(floored, manager, device, "door", times=21, **at_door)
    stand(floored, manager, device, "shoes", times=21, **at_shoes)
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
        floored.near(stranger, **at_door)
        floored.clock.both_by_ms += 1_500
    assert "JB" in in_zone(manager.get("/plan").text, "door")


def test_a_walk_in_which_hardly_anything_was_heard_is_not_kept_and_says_so(floored: Place) -> None:
    device, _, manager = begin(floored)
    page = manager.get("/manage/walk").text
    manager.post("/manage/walk", data={"own": own_token(page), "zone": "till"})
    assert "Keep walking around here" in manager.get("/manage/walk").text
    floored.clock.both_by_ms += 1_000
    floored.near(device, **{"s-till": -60})
    floored.clock.both_by_ms += 31_000
    floored.near(device, **{"s-till": -60})
    floored.near(device, **{"s-till": -60})
    assert "In Counter the fob was hardly heard" in manager.get("/manage/walk").text
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


def test_a_walk_that_goes_on_is_not_disturbed_by_a_second_manager_who_is_told(floored: Place) -> None:
    device, _, manager = begin(floored)
    do(manager, "walk", zone="till")
    floored.clock.both_by_ms += 1_000
    floored.near(device, **{"s-till": -60})
    second = floored.signed_in("Bram de Wit")
    answer = do(second, "walk", zone="door")
    assert "Somebody is measuring already" in second.get(answer.headers["location"]).text
    calibrating = floored.house.radio.calibrating if floored.house.radio else None
    assert calibrating is not None
    assert calibrating.walk is not None
    assert (calibrating.walk.zone, len(calibrating.walk.heard)) == ("till", 1)


def test_the_last_walk_is_taken_back_and_is_there_again(floored: Place) -> None:
    device, _, manager = begin(floored)
    file = floored.house.config.store.state / "calibration.jsonl"
    assert "Go back to the last measurement" not in manager.get("/manage/walk").text
    stand(floored, manager, device, "till", **{"s-till": -60})
    first = file.read_text()
    stand(floored, manager, device, "door", **{"s-door": -50})
    both = file.read_text()
    counts = floored.house.radio.calibrating if floored.house.radio else None
    assert counts is not None
    for held, known in ((first, {"till"}), (both, {"till", "door"}), (first, {"till"})):
        answer = do(manager, "walk", undo="1")
        assert "What was measured before counts now" in manager.get(answer.headers["location"]).text
        assert file.read_text() == held
        assert set(counts.counts) == known


def test_the_first_walk_is_taken_back_to_none(floored: Place) -> None:
    device, _, manager = begin(floored)
    stand(floored, manager, device, "till", **{"s-till": -60})
    do(manager, "walk", undo="1")
    assert not (floored.house.config.store.state / "calibration.jsonl").exists()
    assert manager.get("/manage/walk").text.count("Not measured yet") == 3


def test_a_customers_fob_is_no_tag_and_a_tag_is_no_customers(floored: Place) -> None:
    manager = floored.signed_in("Bram de Wit")
    fob = Fob(b"\1" * 16, 10, 1_700_000_000)
    put_up(floored, manager, zone="door", hang="1")
    assert "Hangs in Entrance" in manager.get("/manage/walk").text
    floored.de_vries()
    floored.tap("2900000000011")
    visit = floored.rows("SELECT id FROM visit")[0][0]
    assert isinstance(visit, bytes)
    floored.tap(write(fob))
    own = own_token(manager.get(f"/visits/{visit.hex()}/fobs").text)
    answer = manager.post(f"/visits/{visit.hex()}/fobs", data={"own": own, "yes": "1", "period": "year"})
    assert "it does not fit this shop" in answer.text
    assert floored.rows("SELECT count(*) FROM beacon") == [(0,)]
    do(manager, "tags", down=device_id(fob, shop_key=floored.house.keys.shop_key).hex()[:24])
    assert floored.rows("SELECT count(*) FROM tag") == [(0,)]
    floored.tap(write(fob))
    manager.post(f"/visits/{visit.hex()}/fobs", data={"own": own, "yes": "1", "period": "year"})
    assert floored.rows("SELECT count(*) FROM beacon") == [(1,)]
    floored.tap(write(fob))
    assert do(manager, "tags", carry="1").headers["location"] == "/manage/walk?said=refused"
    for file in floored.house.config.store.state.rglob("*"):
        assert not file.is_file() or fob.identity_key not in file.read_bytes()


def test_a_calibration_of_another_floor_is_told_and_not_used_and_a_new_walk_replaces_it(
    tmp_path: Path,
) -> None:
    clock = MovedClock()
    clock.at_hour(10)
    clock.stand_still()
    (tmp_path / "floor.toml").write_text(FLOOR)
    old = {"at": 1.0, "zone": "cellar", "rssi": {"s-door": -50.0}}
    (tmp_path / "old.jsonl").write_text(json.dumps(old) + "\n")
    presence = Presence(floor=tmp_path / "floor.toml", calibration=tmp_path / "old.jsonl")
    with open_place(tmp_path, clock=clock, presence=presence) as place:
        place.staff("Bram de Wit", role="manager", language="en")
        device, _, manager = begin(place)
        assert [event for event, _ in place.events if event == "calibration_unfit"]
        assert "The measurement in old.jsonl does not fit" in manager.get("/manage/walk").text
        stand(place, manager, device, "till", **{"s-till": -60})
        assert "does not fit" not in manager.get("/manage/walk").text
        do(manager, "walk", undo="1")
        assert "does not fit" in manager.get("/manage/walk").text


def test_an_identifier_in_two_places_at_once_greets_nobody_and_is_told_without_a_name(floored: Place) -> None:
    customer_id = floored.customer("2900000000028", name={"call": "Joost", "initials": "JB"}, purposes=AGREED)
    device, manager = floored.fob(customer_id), floored.signed_in("Bram de Wit")
    for _ in range(4):
        floored.near(device, **{"s-door": -45, "s-till": -45})
        floored.clock.both_by_ms += 1_000
    assert floored.rows("SELECT count(*) FROM visit") == [(0,)]
    page = manager.get("/manage/walk").text
    assert page.count("one fob was heard in Entrance and in Counter at the same time") == 1
    told = [fields for event, fields in floored.events if event == "presence_replayed"]
    assert len(told) == 1
    assert device not in str(told)
    assert customer_id.hex() not in str(told)
