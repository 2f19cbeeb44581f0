"""The wallet in Chromium: by touch, by the pad, and while somebody else changes the balance."""

import pytest
from playwright.sync_api import Page, expect

from staff_ui.gallery import LOOKS
from tests.staff_ui.house import Place, own_token
from tests.staff_ui.purses import arrive, forms
from tests.staff_ui.sound import LANDSCAPE, PORTRAIT, accessible, fits
from tests.staff_ui.test_customer import visit_of
from tests.staff_ui.touch import fetched, press

pytestmark = pytest.mark.browser


def test_a_card_is_filled_and_redeemed_by_touch_and_points_by_the_pad(place: Place, tablet: Page) -> None:
    arrive(place)
    tablet.get_by_role("link", name="Tegoed").click()
    expect(tablet.locator("h1")).to_have_text("Tegoed van mevrouw De Vries")
    expect(tablet.locator(".go")).to_have_text("Stempel erbij")
    tablet.locator(".go").click()
    expect(tablet.locator(".said")).to_have_text("1 stempel erbij.")
    tablet.locator(".go", has_text="Volle kaart inwisselen").dblclick()
    expect(tablet.locator(".said .what")).to_have_text("Geef nu: gratis impregneren")
    tablet.reload()
    expect(tablet.locator(".said .what")).to_have_text("Geef nu: gratis impregneren")
    for digit in "256":
        tablet.locator(f".pad [data-digit='{digit}']").click()
    tablet.locator(".pad .word").click()
    tablet.locator("button", has_text="Punten inwisselen").click()
    expect(tablet.locator(".said")).to_have_text("25 punten ingewisseld.")
    expect(tablet.locator("[data-points]")).to_have_text("1.375")
    assert place.rows("SELECT instrument, delta FROM ledger ORDER BY seq") == [
        ("stamps", 1),
        ("stamps", -8),
        ("points", -25),
    ]


def test_the_page_leaves_at_once_when_the_customer_stops_and_follows_what_changes(
    place: Place, tablet: Page
) -> None:
    path = arrive(place)
    tablet.goto(path)
    other = place.signed_in("Bram de Wit")
    expect(tablet.locator("[data-points]")).to_have_text("1.400")
    page = other.get(path).text
    fields = {"own": own_token(page), "act": "earn", "line": forms(page)[0], "amount": "7"}
    other.post(path, data=fields)
    expect(tablet.locator("[data-points]")).to_have_text("1.407")
    tablet.locator(".pad [data-digit='3']").click()
    stop = f"/visits/{visit_of(place)}/stop"
    other.post(stop, data={"own": own_token(other.get(stop).text)})
    expect(tablet.locator("main")).to_contain_text("Er staat niets meer van deze klant op de tablet.")
    expect(tablet.locator("body")).not_to_contain_text("De Vries")


def test_a_button_is_pressed_though_somebody_else_changes_the_balance_under_it(
    place: Place, tablet: Page
) -> None:
    path = arrive(place)
    tablet.goto(path)
    other = place.signed_in("Bram de Wit")
    page = other.get(path).text
    press(tablet, tablet.get_by_role("button", name="Stempel erbij"))
    with fetched(tablet, f"{path}?quiet=1"):
        fields = {"own": own_token(page), "act": "earn", "line": forms(page)[0], "amount": "7"}
        other.post(path, data=fields)
    expect(tablet.locator("[data-points]")).to_have_text("1.400")
    tablet.mouse.up()
    expect(tablet.locator(".said")).to_have_text("1 stempel erbij.")


def test_what_is_typed_stays_while_somebody_else_changes_the_balance(place: Place, tablet: Page) -> None:
    path = arrive(place)
    tablet.goto(path)
    tablet.locator(".pad [data-digit='4']").click()
    other = place.signed_in("Bram de Wit")
    page = other.get(path).text
    fields = {"own": own_token(page), "act": "earn", "line": forms(page)[0], "amount": "7"}
    with tablet.expect_response(lambda answer: "quiet=1" in answer.url):
        other.post(path, data=fields)
    expect(tablet.locator("[name=amount]")).to_have_value("4")
    tablet.locator("button", has_text="Punten erbij").click()
    expect(tablet.locator("[data-points]")).to_have_text("1.411")


@pytest.mark.slow
def test_the_wallet_is_accessible_touchable_and_fits_both_ways(place: Place, tablet: Page) -> None:
    tablet.goto(arrive(place))

    def look(name: str) -> None:
        accessible(tablet, name, themes=LOOKS)
        for size in (PORTRAIT, LANDSCAPE):
            tablet.set_viewport_size(size)
            fits(tablet, (name, size))
            expect(tablet.locator(".wallet > .acts .go")).to_be_in_viewport(ratio=1)
            expect(tablet.locator("nav.menu")).to_be_in_viewport(ratio=1)

    look("almost")
    tablet.locator(".go").click()
    expect(tablet.locator(".said")).to_have_text("1 stempel erbij.")
    look("full")
    tablet.locator(".go").click()
    expect(tablet.locator(".said.reward")).to_be_visible()
    look("redeemed")
    tablet.fill("[name=amount]", "9999")
    tablet.locator("button", has_text="Punten inwisselen").click()
    expect(tablet.locator(".said.wrong")).to_be_visible()
    look("not enough")
    tablet.set_viewport_size({"width": 640, "height": 400})
    assert tablet.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    tablet.locator(".wallet > .acts .go").scroll_into_view_if_needed()
    expect(tablet.locator(".wallet > .acts .go")).to_be_in_viewport(ratio=1)
