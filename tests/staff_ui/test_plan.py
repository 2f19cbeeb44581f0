"""The floor: who agreed stands in their zone, everybody else in the shop, and nobody longer than they may."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from edge.config import Presence
from tests.advice.shop import put_items
from tests.rules.advice_shop import trait
from tests.staff_ui.advising import ITEMS, advising, basket, suggested
from tests.staff_ui.house import DE_VRIES, Place, open_place
from tests.staff_ui.opened import MovedClock

ZONES: Final = ("door", "shoes", "till")
FLOOR: Final = """
zones = [
  {id = "door", name = "Ingang", name_en = "Entrance", entrance = true, next_to = ["shoes"]},
  {id = "shoes", name = "Schoenen", name_en = "Shoes", places = ["gang 1"], next_to = ["till"]},
  {id = "till", name = "Kassa", name_en = "Counter", counter = true},
]
scanners = [{id = "s-door", zone = "door"}, {id = "s-shoes", zone = "shoes"}, {id = "s-till", zone = "till"}]
"""
AGREED: Final = ("recognition", "saving", "profiling", "location")


@pytest.fixture
def floored(tmp_path: Path) -> Iterator[Place]:
    clock = MovedClock()
    clock.at_hour(10)
    clock.stand_still()  # radio counts in seconds
    (tmp_path / "floor.toml").write_text(FLOOR)
    presence = Presence(floor=tmp_path / "floor.toml", calibration=tmp_path / "none")
    with open_place(tmp_path, clock=clock, presence=presence) as opened:
        opened.staff()
        opened.staff("Bram de Wit", role="manager", language="en")
        yield opened
        assert not [event for event in opened.events if event[0] == "page_failed"]


def walk_in(place: Place, *, zone: str = "door") -> tuple[bytes, str]:
    customer_id = place.customer("2900000000011", name=DE_VRIES, purposes=AGREED)
    device = place.fob(customer_id)
    go(place, device, zone)
    return customer_id, device


def go(place: Place, device: str, zone: str) -> None:
    """Stand there until that is where they are."""
    heard = {each: -50 if each == f"s-{zone}" else -85 for each in ("s-door", "s-shoes", "s-till")}
    for _ in range(4):
        place.near(device, **heard)
        place.clock.both_by_ms += 1_500


def in_zone(page: str, zone: str) -> str:
    """What the list says of a zone."""
    return page.split('<ul class="zones">')[1].split(f'<li data-zone="{zone}">')[1].split("<li data-zone=")[0]


def test_who_agreed_stands_in_their_zone_by_initials_and_moves_with_them(floored: Place) -> None:
    _, device = walk_in(floored)
    tablet = floored.signed_in()
    front = tablet.get("/").text
    assert "Ingang · in de buurt" in front
    assert "s-door" not in front
    (visit,) = floored.rows("SELECT hex(id) FROM visit")[0]
    card = tablet.get(f"/visits/{visit.lower()}").text
    assert "bij Ingang" in card
    page = tablet.get("/plan").text
    assert 'aria-current="page">Plattegrond' in page
    assert "MV" in in_zone(page, "door")
    assert "1 klant" in in_zone(page, "door")
    assert "De Vries" not in page
    go(floored, device, "shoes")
    now = tablet.get("/plan/now", headers={"hx-request": "true"})
    assert "MV" in in_zone(now.text, "shoes")
    assert "MV" not in in_zone(now.text, "door")
    assert "Niemand" in in_zone(now.text, "door")
    assert 0 < int(now.headers["welkom-fresh-ms"]) <= 60_000
    assert floored.rows("SELECT count(*) FROM outbox WHERE kind='greeted'") == [(1,)]


def test_who_may_be_recognised_and_not_located_is_somewhere_in_the_shop(floored: Place) -> None:
    customer_id = floored.de_vries()
    floored.tap("2900000000011")
    page = floored.signed_in().get("/plan").text
    assert all("MV" not in in_zone(page, zone) for zone in ZONES[:2])
    assert "MV" in page.split("Ergens in de winkel")[1]
    assert '<g class="one">' not in page
    assert floored.rows("SELECT count(*) FROM view_log WHERE purpose='location'") == [(0,)]
    assert customer_id


def test_a_look_at_somebodys_zone_is_one_line_of_the_view_log_a_role(floored: Place) -> None:
    walk_in(floored)
    tablet = floored.signed_in()
    for _ in range(3):
        tablet.get("/plan/now")
    floored.signed_in("Bram de Wit").get("/plan")
    looks = "SELECT role, reason, count(*) FROM view_log WHERE purpose='location' GROUP BY role, reason ORDER BY role"
    assert floored.rows(looks) == [("manager", "", 1), ("staff", "", 1)]


def test_what_lies_where_the_customer_is_comes_first_in_their_advice_while_they_may_be_located(
    floored: Place,
) -> None:
    with advising(floored):
        lines = [basket(floored, days, "gas-1") for days in (120, 90, 60, 30)]
        lines.append(basket(floored, 12, "tent-2"))
        customer_id = floored.customer("2900000000011", name=DE_VRIES, purposes=AGREED, baskets=trait(lines))
        go(floored, floored.fob(customer_id), "shoes")
        visit, tablet = suggested(floored), floored.signed_in()
        address = f"/visits/{visit}/advice"
        usual = re.findall('data-suggestion="([^"]+)"', tablet.get(address).text)
        there = [replace(each, place="gang 1" if each.item == usual[-1] else "") for each in ITEMS]
        floored.run(floored.house.db.apply(put_items, there, counted_ms=1))
        page = tablet.get(address).text
        assert re.findall('data-suggestion="([^"]+)"', page) == [usual[-1], *usual[:-1]]
        assert page.count("In Schoenen, waar de klant nu is.") == 1
        assert floored.rows("SELECT count(*) FROM view_log WHERE purpose='location'") == [(1,)]
        floored.withdraw(customer_id, "location")
        assert suggested(floored) == visit
        page = tablet.get(address).text
        assert re.findall('data-suggestion="([^"]+)"', page) == usual
        assert "waar de klant nu is" not in page


def test_whoever_takes_their_yes_back_is_in_no_zone_from_that_moment(floored: Place) -> None:
    customer_id, device = walk_in(floored)
    tablet = floored.signed_in()
    floored.withdraw(customer_id, "location")
    page = tablet.get("/plan").text
    assert "MV" not in in_zone(page, "door")
    assert "MV" in page.split("Ergens in de winkel")[1]
    go(floored, device, "shoes")
    assert "MV" not in in_zone(tablet.get("/plan").text, "shoes")


def test_who_left_is_on_the_floor_no_more_though_their_visit_may_go_on(floored: Place) -> None:
    walk_in(floored)
    tablet = floored.signed_in()
    floored.clock.both_by_ms += 25_000
    floored.run(_passes(floored))
    page = tablet.get("/plan").text
    assert "MV" not in page
    assert "Nu is er niemand bekend" in page


async def _passes(place: Place) -> None:
    assert place.house.radio is not None
    await place.house.radio.nearby.pass_time(place.now_ms() / 1000)


def test_scanners_that_are_out_or_hear_nobody_say_so_in_words_and_on_the_plan(floored: Place) -> None:
    walk_in(floored)
    tablet = floored.signed_in()
    assert "Ontvanger" not in tablet.get("/plan").text
    assert floored.house.radio is not None
    floored.house.radio.nearby.tracker.health.said("s-shoes", online=False)
    page = tablet.get("/plan").text
    assert "Ontvanger s-shoes: doet het niet" in in_zone(page, "shoes")
    assert "◆ hoort niets" in page
    floored.clock.both_by_ms += 16_000
    assert "Ontvanger s-door: hoorde net niemand" in in_zone(tablet.get("/plan").text, "door")


def test_a_page_of_the_floor_names_zones_in_the_language_of_whoever_looks(floored: Place) -> None:
    walk_in(floored)
    page = floored.signed_in("Bram de Wit").get("/plan").text
    assert "Shoes" in page
    assert "Schoenen" not in page


def test_a_shop_without_a_floor_says_so_and_has_no_such_page_in_its_menu(place: Place) -> None:
    tablet = place.signed_in()
    assert "/plan" not in tablet.get("/").text
    answer = tablet.get("/plan")
    assert answer.status_code == 410
    assert "Deze winkel heeft geen plattegrond" in answer.text
