"""Advice on a tablet: the card never waits for it, and staff answer it with a thumb."""

import os
import signal

import pytest
from playwright.sync_api import Page, expect

from tests.patience import PATIENT_MS
from tests.staff_ui.advising import CARD, tent_owner, withdraw
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
    expect(tablet.locator("h1")).to_have_text("Klaar voor de eerste klant")
