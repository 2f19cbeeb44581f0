"""The calibration walk in Chromium: the page says how far it is by itself, and is anew when it is over."""

import pytest
from playwright.sync_api import Browser, expect

from tests.patience import PATIENT_MS
from tests.staff_ui.house import PIN, Place
from tests.staff_ui.test_plan import floored
from tests.staff_ui.test_walk import put_up
from tests.staff_ui.touch import turn

__all__ = ["floored"]
pytestmark = pytest.mark.browser


def test_a_walk_tells_its_seconds_on_the_page_that_is_open_and_ends_with_the_zone_measured(
    chromium: Browser, floored: Place
) -> None:
    device = put_up(floored, floored.signed_in("Bram de Wit"), carry="1")
    context = chromium.new_context(base_url=floored.url, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENT_MS)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"/pair/{floored.pair_code()}")
    page.check("[name=staff][value='Bram de Wit']")
    page.fill("[name=pin]", PIN)
    turn(page, page.locator("#signin .go"))
    page.goto("/manage/walk")
    turn(page, page.locator("button[name=zone][value=till]"))
    expect(page.locator(".standing .large")).to_have_text("Counter")
    page.evaluate("window.open_since = 'the press'")
    for heard in range(1, 7):
        floored.clock.both_by_ms += 1_000
        floored.near(device, **{"s-till": -50})
        if heard in (2, 6):
            expect(page.locator("[data-told]")).to_contain_text(f"Heard {heard} times", timeout=PATIENT_MS)
    assert page.evaluate("window.open_since") == "the press"
    page.wait_for_function("document.querySelector('.standing progress').value > 0")
    floored.clock.both_by_ms += 31_000
    expect(page.locator(".standing")).to_have_count(0, timeout=PATIENT_MS)
    expect(page.locator("#zones + form")).to_contain_text("6 measurements")
    assert page.evaluate("window.open_since") is None
    assert said == []
    context.close()
