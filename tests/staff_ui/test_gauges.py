"""What `/metrics` says of the box and its line: each number from where it is kept, and none where nobody knows."""

import shutil

import httpx
import pytest

from edge import centre, gauges
from edge.consent.tables import FOREVER_MS
from tests.patience import PATIENT_S
from tests.staff_ui.house import Place

DAY_S = 86_400


def read(place: Place) -> dict[str, float]:
    lines = httpx.get(f"{place.url}/metrics", timeout=PATIENT_S).text.splitlines()
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in pairs}


def test_what_nobody_knows_has_no_sample(place: Place) -> None:
    place.run(place.house.db.apply(centre.begin_lease, now_ms=0, for_ms=None))
    assert centre.lease_until_ms(place.house.db.reader) == FOREVER_MS
    place.house.health.contact_ms, place.house.time.off_ms = 0, None
    unknown = {
        "welkom_lease_remaining_seconds",
        "welkom_hub_contact_age_seconds",
        "welkom_clock_offset_seconds",
    }
    assert not unknown & set(read(place))


def test_the_gauges_say_how_the_box_and_its_line_are(place: Place) -> None:
    house = place.house
    now_ms = house.time.now_ms()
    place.run(house.db.apply(centre.extend_lease, heard_ms=now_ms, for_ms=14 * centre.DAY_MS))
    place.run(house.db.apply(centre.know, 7))
    place.run(house.db.apply(centre.gone, "shop:s1:urgent", 3))
    house.health.contact_ms, house.time.off_ms = now_ms - 60_000, -1500
    found = read(place)
    assert found["welkom_lease_remaining_seconds"] == pytest.approx(14 * DAY_S, abs=PATIENT_S)
    assert found["welkom_hub_contact_age_seconds"] == pytest.approx(60, abs=PATIENT_S)
    assert (found["welkom_hub_epoch"], found["welkom_receipts_open"]) == (7, 1)
    assert found["welkom_clock_offset_seconds"] == -1.5
    assert 0 < found["welkom_disk_free_bytes"] < shutil.disk_usage(house.config.store.state).total
    assert found['welkom_wal_bytes{database="journal"}'] > 0
    place.run(house.db.apply(centre.receipted, 3, of_hub=7))
    assert read(place)["welkom_receipts_open"] == 0


def test_a_queue_is_stuck_where_facts_and_a_working_line_were_both_there_for_two_minutes() -> None:
    assert gauges.is_stalled(121, 121, online=True)
    assert not gauges.is_stalled(9_999, 9_999, online=False)
    assert not gauges.is_stalled(9_999, 5, online=True)
    assert not gauges.is_stalled(5, 9_999, online=True)
