"""What breaks in the back room is a sentence on the tablet, and goes away when it is mended."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from edge import jobs
from edge.kit.errors import DiskFull
from edge.watch import ReaderState
from tests.staff_ui.house import DE_VRIES, Place

HOUR_MS = 3_600_000
STEP_MS = 4 * 60_000  # below the five minutes at which an untouched tablet locks itself
CARD = "4006381333931"
pytestmark = pytest.mark.browser


def limit(place: Place, pages: int) -> None:
    """Give the journal no more room than this, as a disk that is full does."""
    place.run(place.house.db.apply(lambda conn: conn.execute(f"PRAGMA main.max_page_count={pages}")))


def test_a_full_disk_is_said_and_work_goes_on_once_there_is_room(place: Place, tablet: Page) -> None:
    place.customer(CARD, name=DE_VRIES)
    (pages,) = place.run(place.house.db.apply(lambda conn: conn.execute("PRAGMA main.page_count").fetchone()))
    limit(place, pages)

    async def fill() -> None:
        try:
            while True:
                await place.house.db.apply(_put)
        except DiskFull as error:
            jobs.store_down(place.house, error)

    place.run(fill())
    expect(tablet.locator(".state")).to_contain_text("De schijf van de winkelcomputer is vol")
    limit(place, 1_000_000)
    place.run(jobs.attempt(place.house, place.house.db.apply(_put)))
    expect(tablet.locator(".state")).not_to_contain_text("schijf")
    place.tap(CARD)
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")


def _put(conn: Any) -> None:
    conn.execute("CREATE TABLE IF NOT EXISTS ballast (x)")
    conn.execute("INSERT INTO ballast VALUES (?)", ("x" * 9000,))


@pytest.mark.parametrize(("by_ms", "sentence"), [(-2 * HOUR_MS, "teruggezet"), (STEP_MS, "vooruitgezet")])
def test_a_clock_that_was_set_is_said_until_it_is_right_again(
    place: Place, tablet: Page, by_ms: int, sentence: str
) -> None:
    place.clock.wall_by_ms += by_ms
    place.loop.call_soon_threadsafe(jobs.watch_clock, place.house)
    expect(tablet.locator(".state")).to_contain_text(sentence)
    place.clock.wall_by_ms -= by_ms
    place.loop.call_soon_threadsafe(place.house.time.settle, place.clock.wall_ms())
    place.loop.call_soon_threadsafe(jobs.watch_clock, place.house)
    expect(tablet.locator(".state")).not_to_contain_text(sentence)


def test_a_reader_that_is_out_is_named_and_no_longer_when_it_is_back(place: Place, tablet: Page) -> None:
    place.house.health.readers["balie"] = ReaderState(up=False, code="R01")
    place.tell()
    expect(tablet.locator(".state")).to_contain_text("balie")
    place.house.health.readers["balie"] = ReaderState(up=True)
    place.tell()
    expect(tablet.locator(".state")).not_to_contain_text("balie")
