"""A shop with two staff members, and Debian's Chromium on a tablet of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.patience import PATIENT_MS
from tests.staff_ui.advising import advising
from tests.staff_ui.house import PIN, Place, open_place
from tests.staff_ui.opened import MovedClock


@contextmanager
def shop(state: Path) -> Iterator[Place]:
    clock = MovedClock()
    clock.at_hour(10)
    with open_place(state, clock=clock) as opened:
        opened.staff()
        opened.staff("Bram de Wit", role="manager", language="en")
        yield opened
        broken = [event for event in opened.events if event[0] == "page_failed"]
        assert not broken


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with shop(tmp_path) as opened:
        yield opened


@pytest.fixture
def advised(place: Place) -> Iterator[Place]:
    with advising(place):
        yield place


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """One shop for the tests of a file that leave it as it was."""
    with shop(tmp_path_factory.mktemp("shared")) as opened:
        yield opened


@pytest.fixture
def context(chromium: Browser, place: Place) -> Iterator[BrowserContext]:
    opened = chromium.new_context(
        base_url=place.url, viewport={"width": 1280, "height": 800}, reduced_motion="reduce"
    )
    opened.set_default_timeout(PATIENT_MS)
    yield opened
    opened.close()


@pytest.fixture
def tablet(context: BrowserContext, place: Place) -> Iterator[Page]:
    """A paired tablet with Anna signed in; a test fails on anything its console says."""
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"/pair/{place.pair_code()}")
    page.check("[name=staff][value='Anna Kok']")
    page.fill("[name=pin]", PIN)
    page.click("#signin .go")
    page.wait_for_selector("#rij")
    yield page
    # What a cut line makes the browser and htmx say by themselves; everything else is ours.
    expected = ("Failed to load resource", "[object ", "net::ERR_", "htmx:")
    assert [text for text in said if not text.startswith(expected)] == []
