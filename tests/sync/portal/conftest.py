"""A hub with Anna, who is a customer, and Debian's Chromium as her phone."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.patience import PATIENT_MS
from tests.sync.portal.place import Place, open_place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub") as opened:
        yield opened
        assert [each for each in opened.said if each[0] == "request_died"] == []


@pytest.fixture
def phone(chromium: Browser, place: Place) -> Iterator[Page]:
    """A phone; a test fails on anything its console says."""
    context = chromium.new_context(
        base_url=place.url, viewport={"width": 390, "height": 844}, reduced_motion="reduce", locale="nl-NL"
    )
    context.set_default_timeout(PATIENT_MS)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    # What the browser says by itself about answers that mean no, and about leaving.
    expected = ("Failed to load resource", "Clear-Site-Data header on ")
    assert [text for text in said if not text.startswith(expected)] == []
