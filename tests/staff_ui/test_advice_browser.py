"""Advice on a tablet: the card never waits for it, and staff answer it with a thumb."""

import os
import signal
import time

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.patience import PATIENT_MS
from tests.staff_ui.advising import CARD, suggested, tent_owner, withdraw
from tests.staff_ui.house import Place
from tests.staff_ui.sound import accessible


@pytest.mark.browser
def test_the_card_is_there_while_the_worker_hangs_and_the_line_comes_later(
    advised: Place, tablet: Page
) -> None:
    tent_owner(advised)
    pid = advised.house.advisor._worker.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        advised.tap(CARD)
        expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
        expect(tablet.locator("[data-suggestion]")).to_have_count(0)
    finally:
        os.kill(pid, signal.SIGCONT)
    expect(tablet.locator("[data-card] [data-suggestion]")).to_have_count(1, timeout=PATIENT_MS)


@pytest.mark.browser
def test_staff_read_why_say_one_put_one_away_and_the_page_leaves_with_the_customer(
    advised: Place, tablet: Page
) -> None:
    tent_owner(advised)
    advised.tap(CARD)
    tablet.locator("[data-card] [data-suggestion]").click(timeout=PATIENT_MS)
    expect(tablet.locator("h1")).to_have_text("Advies")
    expect(tablet.locator(".offer")).to_have_count(3)
    for number in range(3):
        tablet.locator(".offer summary").nth(number).click()
    expect(tablet.locator(".offer").filter(has_text="Grondzeil")).to_contain_text("vanaf 10 klanten")
    accessible(tablet)
    tablet.locator(".offer").filter(has_text="Gasblik").get_by_text("Gezegd", exact=True).click()
    expect(tablet.locator(".done")).to_have_count(1)
    tablet.locator(".offer").filter(has_text="Grondzeil").get_by_text("Niet interessant").click()
    expect(tablet.locator(".offer").filter(has_text="Grondzeil")).to_have_count(0)
    withdraw(advised, "recognition")
    expect(tablet.locator("main")).to_contain_text("Er staat niets meer van deze klant op de tablet.")
    assert tablet.url.endswith("/advice?quiet=1")  # no hand opened it: it keeps no session open


@pytest.mark.browser
def test_advice_is_kept_true_without_a_touch_and_covered_after_a_minute_without_a_line(
    advised: Place, tablet: Page, context: BrowserContext
) -> None:
    tent_owner(advised)
    advised.tap(CARD)
    path = f"/visits/{suggested(advised)}/advice"
    asked: list[str] = []
    tablet.on("request", lambda each: asked.append(each.url) if path in each.url else None)
    tablet.clock.install(time=time.time())
    tablet.goto(path)
    why = tablet.locator(".offer details").first
    why.locator("summary").click()
    with tablet.expect_response(lambda answer: answer.url.endswith(f"{path}?quiet=1")):
        advised.tell()  # somebody else came in
    expect(why).to_have_attribute("open", "")
    expect(tablet.locator("#last")).to_have_text("Laatste aankopen")
    withdraw(advised, "profiling")
    expect(tablet.locator("#last")).to_have_count(0)
    assert [url for url in asked[1:] if not url.endswith("?quiet=1")] == []
    context.set_offline(True)
    advised.loop.call_soon_threadsafe(advised.house.live.drop)
    expect(tablet.locator("#line")).to_be_visible()
    for _ in range(2):  # who reads on keeps the tablet from locking
        tablet.clock.run_for(33_000)
        tablet.keyboard.press("Shift")
    expect(tablet.locator("#cover")).to_contain_text("Al een minuut geen contact")
    context.set_offline(False)
    tablet.clock.run_for(30_000)
    expect(tablet.locator("#cover")).to_be_hidden()
