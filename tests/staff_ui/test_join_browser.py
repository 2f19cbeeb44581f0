"""Klantmodus in Debian's Chromium: whoever holds the tablet stays on their page, whatever they press."""

import time

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from staff_ui.gallery import LOOKS
from tests.staff_ui.house import PIN, Place
from tests.staff_ui.sound import LANDSCAPE, sound
from tests.staff_ui.touch import turn

pytestmark = pytest.mark.browser
NEW = "2900000099999"


def hand_over(place: Place, tablet: Page) -> None:
    place.tap(NEW)
    tablet.get_by_role("link", name="Geef de tablet").click()
    expect(tablet.locator("h1")).to_have_text("Geef de tablet aan de klant")
    tablet.get_by_role("button", name="Geef de tablet").click()
    expect(tablet.locator("[data-step=ask]")).to_be_visible()


def test_somebody_becomes_known_and_is_greeted_after_the_pin(place: Place, tablet: Page) -> None:
    hand_over(place, tablet)
    expect(tablet.locator("nav, .who")).to_have_count(0)
    expect(tablet.locator("[type=checkbox]:checked")).to_have_count(0)
    tablet.locator(".tile", has_text="U herkennen in de winkel").click()
    tablet.get_by_role("button", name="Klaar").click()
    expect(tablet.get_by_role("alert")).to_contain_text("Vul uw naam in")
    tablet.get_by_label("Hoe mogen wij u aanspreken?").fill("mevrouw Bos")
    tablet.get_by_role("button", name="English").click()
    expect(tablet.locator("[name=name]")).to_have_value("mevrouw Bos")
    tablet.get_by_role("button", name="Nederlands").click()
    tablet.get_by_role("button", name="Klaar").click()
    expect(tablet.locator("h1")).to_have_text("Dit bewaren wij. Klopt het?")
    expect(tablet.locator(".kept dt").first).to_have_text("Uw naam: mevrouw Bos")
    tablet.get_by_role("button", name="Bevestigen").click()
    expect(tablet.locator("h1")).to_have_text("Dank u wel, mevrouw Bos")
    tablet.get_by_role("link", name="Terug naar de winkel").click()
    expect(tablet.locator("[name=staff]:checked")).to_have_value("Anna Kok")
    tablet.fill("[name=pin]", PIN)
    tablet.click("#signin .go")
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw Bos")


def test_back_reload_and_every_address_stay_on_the_customers_page(place: Place, tablet: Page) -> None:
    hand_over(place, tablet)
    tablet.get_by_label("Hoe mogen wij u aanspreken?").fill("Noor")
    tablet.locator(".tile", has_text="U herkennen in de winkel").click()
    tablet.get_by_role("button", name="Klaar").click()
    expect(tablet.locator("[data-step=check]")).to_be_visible()
    tablet.reload()
    expect(tablet.locator("[data-step=check]")).to_be_visible()
    for _ in range(4):
        tablet.go_back()
        # The PIN is the one other page: it lies at the beginning of this tablet's history.
        expect(tablet.locator("[data-step], #signin")).to_be_visible()
        expect(tablet.locator("#rij, .who")).to_have_count(0)
    for path in ("/", "/search", "/look", "/join/start", f"/visits/{'00' * 16}"):
        tablet.goto(path)
        expect(tablet.locator("[data-step=check]")).to_be_visible()


def test_three_minutes_without_a_touch_end_at_the_pin_with_nothing_left(place: Place, tablet: Page) -> None:
    tablet.clock.install(time=time.time())
    hand_over(place, tablet)
    tablet.get_by_label("Hoe mogen wij u aanspreken?").fill("Noor")
    place.clock.both_by_ms += 181_000
    tablet.clock.run_for(182_000)
    expect(tablet.locator("#signin")).to_be_visible()
    tablet.go_back()
    expect(tablet.locator("[name=name]")).to_have_count(0)
    assert "Noor" not in tablet.content()


def test_it_goes_by_keyboard_alone_and_without_scripts(place: Place, context: BrowserContext) -> None:
    browser = context.browser
    assert browser
    plain = browser.new_context(base_url=place.url, java_script_enabled=False)
    page = plain.new_page()
    page.goto(f"/pair/{place.pair_code()}")
    page.check("[name=staff][value='Anna Kok']")
    page.fill("[name=pin]", PIN)
    page.press("[name=pin]", "Enter")
    page.goto("/join/start")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Geef de tablet").press("Enter")
    name = page.get_by_label("Hoe mogen wij u aanspreken?")
    name.focus()
    page.keyboard.type("Noor")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.locator("[name=recognition]")).to_be_checked()
    boxes = page.locator("#join input[type=checkbox]:not([name=young])").count()  # age stands first
    for _ in range(boxes - 1 + 1 + 2):  # the other boxes, the period, "never" and on
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Klaar")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("[data-step=check]")).to_be_visible()
    page.get_by_role("button", name="Bevestigen").press("Enter")
    expect(page.locator("h1")).to_have_text("Dank u wel, Noor")
    plain.close()


def test_enter_in_the_name_goes_on_and_does_not_change_the_language(place: Place, tablet: Page) -> None:
    hand_over(place, tablet)
    tablet.locator(".tile", has_text="U herkennen in de winkel").click()
    tablet.fill("[name=name]", "Noor")
    tablet.press("[name=name]", "Enter")
    expect(tablet.locator("[data-step=check]")).to_be_visible()
    expect(tablet.locator("html")).to_have_attribute("lang", "nl")


def test_a_new_card_finds_its_customer_in_the_browser(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(NEW)
    tablet.get_by_role("link", name="Nieuwe kaart. Van wie?").click()
    tablet.fill("[name=q]", "vries")
    tablet.press("[name=q]", "Enter")
    assert "vries" not in tablet.url
    tablet.locator(".hits button").click()
    expect(tablet.locator("h1")).to_have_text("Deze kaart hoort voortaan bij mevrouw De Vries")
    tablet.get_by_role("button", name="Ja, deze kaart").click()
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")


@pytest.mark.slow
def test_every_step_is_accessible_touchable_and_fits_both_ways(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(NEW)
    tablet.goto("/")
    expect(tablet.locator("[data-note=stranger]")).to_be_visible()
    inspect(tablet, "stranger")
    turn(tablet, tablet.get_by_role("link", name="Nieuwe kaart. Van wie?"))
    tablet.fill("[name=q]", "vries")
    with tablet.expect_navigation():
        tablet.press("[name=q]", "Enter")
    inspect(tablet, "cards_new")
    turn(tablet, tablet.locator(".hits button"))
    inspect(tablet, "sure")
    tablet.goto("/")
    turn(tablet, tablet.get_by_role("link", name="Geef de tablet"))
    inspect(tablet, "hand")
    turn(tablet, tablet.get_by_role("button", name="Geef de tablet"))
    inspect(tablet, "ask")
    tablet.locator(".tile", has_text="U herkennen in de winkel").click()
    turn(tablet, tablet.get_by_role("button", name="Klaar"))
    inspect(tablet, "wrong")
    tablet.fill("[name=name]", "mevrouw Van der Linden-Özdemir tot Oosterwijk")
    turn(tablet, tablet.get_by_role("button", name="Klaar"))
    inspect(tablet, "check")
    turn(tablet, tablet.get_by_role("button", name="Bevestigen"))
    inspect(tablet, "kept")


def inspect(tablet: Page, name: str) -> None:
    sound(tablet, name, themes=LOOKS)
    tablet.set_viewport_size({"width": 640, "height": 400})  # 200% zoom
    assert tablet.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
    tablet.set_viewport_size(LANDSCAPE)
