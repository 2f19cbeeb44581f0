"""The tablet as people meet it, in Debian's Chromium. Every test fails on any message in the console (conftest)."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Route, ViewportSize, expect

from tests.staff_ui.house import DE_VRIES, PIN, Place
from tests.staff_ui.sound import LANDSCAPE, PORTRAIT, sound
from tests.staff_ui.touch import fetched, press, turn

pytestmark = pytest.mark.browser
CARD = "2900000000011"
SMALL: ViewportSize = {"width": 600, "height": 960}  # a tablet of seven inches


def joost(place: Place) -> None:
    place.customer("77", name={"call": "Joost", "short": "Joost", "initials": "JB"}, points={"balance": 5})


def test_a_tap_becomes_a_card_on_the_tablet_by_itself(place: Place, tablet: Page) -> None:
    expect(tablet.locator("h1")).to_have_text("Klaar voor de eerste klant")
    place.de_vries()
    place.tap(CARD)
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
    expect(tablet.locator("[data-visit]")).to_have_count(1)
    expect(tablet.locator("#said")).to_have_text("Mevrouw De Vries. counter-1 · getikt.")
    joost(place)
    settled(tablet)
    place.tap("77")
    expect(tablet.locator("[data-card] h1")).to_have_text("Joost")
    expect(tablet.locator(".arrives [data-visit]")).to_have_count(1)
    settled(tablet)
    place.tell()
    expect(tablet.locator(".arrives")).to_have_count(0)


def test_the_pin_pad_types_and_the_page_works_without_scripts(place: Place, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"/pair/{place.pair_code()}")
    page.locator(".tile", has_text="Anna Kok").click()
    for digit in (*PIN, "9"):
        page.locator(f".pad [data-digit='{digit}']").click()
    page.locator(".pad .word").click()
    expect(page.locator("[name=pin]")).to_have_value(PIN)
    page.locator("#signin .go").click()
    expect(page.locator("#rij")).to_be_visible()
    browser = context.browser
    assert browser
    plain = browser.new_context(base_url=place.url, java_script_enabled=False)
    old = plain.new_page()
    old.goto(f"/pair/{place.pair_code()}")
    old.check("[name=staff][value='Anna Kok']")
    old.fill("[name=pin]", PIN)
    old.press("[name=pin]", "Enter")
    place.de_vries()
    place.tap(CARD)
    old.goto("/")
    expect(old.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
    joost(place)
    place.tap("77")
    old.locator("[data-visit]").first.click()
    expect(old.locator(".follow")).to_have_text("Volg de balie")
    plain.close()


def test_a_consent_that_ends_takes_the_card_off_the_screen_though_nobody_tells(
    place: Place, tablet: Page
) -> None:
    place.de_vries(until_ms=place.now_ms() + 4_000)
    place.tap(CARD)
    expect(tablet.locator("[data-card]")).to_be_visible()
    expect(tablet.locator("[data-card]")).to_have_count(0)
    expect(tablet.locator("body")).not_to_contain_text("De Vries")


def test_a_touched_visit_stays_pinned_over_arrivals_and_reloads_until_staff_follow_the_counter(
    place: Place, tablet: Page
) -> None:
    place.de_vries()
    joost(place)
    place.tap(CARD)
    place.tap("77")
    tablet.locator("[data-visit]", has_text="De Vries").click()
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
    place.tap("77", reader="counter-2")
    expect(tablet.locator("[data-visit]", has_text="Joost")).to_contain_text("counter-2")
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
    tablet.reload()
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
    tablet.locator(".follow").click()
    expect(tablet.locator("[data-card] h1")).to_have_text("Joost")
    tablet.go_back()
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")


def test_a_page_that_comes_up_after_its_customer_went_leads_back_by_itself_six_seconds_after_the_last_touch(
    tablet: Page,
) -> None:
    tablet.clock.install(time=0)
    tablet.clock.pause_at(1)
    lines: list[str] = []
    tablet.on("request", lambda asked: lines.append(asked.url) if asked.url.endswith("/healthz") else None)
    tablet.goto(f"/visits/{'00' * 16}/advice")
    expect(tablet.locator("h1")).to_have_text("Dit bezoek is al voorbij")
    tablet.clock.run_for(5_000)
    tablet.keyboard.press("Shift")
    tablet.clock.run_for(5_000)
    tablet.evaluate("() => fetch('/healthz').then(() => 0)")
    assert len(lines) == 1  # that of the test alone
    tablet.clock.run_for(1_000)
    expect(tablet.locator("#rij")).to_be_visible()
    assert tablet.url.endswith("/?quiet=1")  # no hand opened it: the session ends as if it had not


def test_a_form_whose_line_neither_answers_nor_fails_says_so_and_goes_when_it_answers(
    place: Place, tablet: Page
) -> None:
    asked: list[Route] = []
    tablet.route("**/healthz", lambda route: asked.append(route))  # nobody answers
    tablet.goto("/look")
    tablet.check("[name=hand][value=left]")
    tablet.locator(".looks .go").click(no_wait_after=True)
    expect(tablet.locator("#unsent")).to_be_visible()
    tablet.unroute("**/healthz")
    expect(tablet.locator("html[data-hand=left]")).to_be_attached()
    assert asked


def test_the_stop_button_takes_two_touches(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(CARD)
    settled(tablet)
    tablet.locator(".acts a", has_text="Wil niet herkend worden").click()
    expect(tablet.locator("h1")).to_have_text("Niet meer herkennen?")
    tablet.locator(".go").click()
    expect(tablet.locator("h1")).to_have_text("Gewoon vriendelijk helpen.")
    place.tap(CARD, reader="counter-2")
    expect(tablet.locator("[data-note=withheld] h1")).to_have_text("Gewoon vriendelijk helpen.")


def test_focus_and_place_in_the_list_survive_a_poke(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet.locator("[data-visit]").focus()
    place.fail("unreadable")
    expect(tablet.locator("[data-note=unreadable]")).to_be_visible()
    expect(tablet.locator("[data-visit]")).to_be_focused()


def test_a_press_in_which_the_next_customer_comes_is_of_the_customer_it_was_meant_for(
    place: Place, tablet: Page
) -> None:
    place.de_vries()
    joost(place)
    place.tap(CARD)
    settled(tablet)
    press(tablet, tablet.get_by_role("button", name="Ik help"))
    with fetched(tablet, "/visits"):
        place.tap("77")
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
    tablet.mouse.up()
    expect(tablet.get_by_role("button", name="Geholpen")).to_be_visible()
    assert place.rows("SELECT count(*) FROM outbox WHERE kind='help_claimed'") == [(1,)]


def test_who_holds_a_button_for_a_second_sees_the_next_customer(place: Place, tablet: Page) -> None:
    place.de_vries()
    joost(place)
    place.tap(CARD)
    settled(tablet)
    press(tablet, tablet.get_by_role("button", name="Ik help"))
    with fetched(tablet, "/visits"):
        place.tap("77")
    tablet.clock.run_for(1_000)
    expect(tablet.locator("[data-card] h1")).to_have_text("Joost")
    tablet.mouse.up()


def test_a_cut_line_is_said_at_once_covered_after_a_minute_and_mended_by_itself(
    place: Place, tablet: Page, context: BrowserContext
) -> None:
    place.de_vries()
    place.tap(CARD)
    expect(tablet.locator("[data-card]")).to_be_visible()
    tablet.clock.install(time=time.time())
    tablet.reload()
    expect(tablet.locator("[data-card]")).to_be_visible()
    context.set_offline(True)
    place.loop.call_soon_threadsafe(place.house.live.drop)
    expect(tablet.locator("#line")).to_be_visible()
    expect(tablet.locator("#cover")).to_be_hidden()
    tablet.clock.run_for(66_000)
    expect(tablet.locator("#cover")).to_contain_text("Al een minuut geen contact")
    for size in (LANDSCAPE, PORTRAIT, SMALL):
        tablet.set_viewport_size(size)
        expect(tablet.locator("#line")).to_be_in_viewport()
        for bare in ("[data-card] h1", ".facts"):
            box = tablet.locator(bare).bounding_box()
            assert box
            hit = tablet.evaluate(
                "([x, y]) => document.elementFromPoint(x, y).closest('#cover, #line') !== null",
                [box["x"] + 5, box["y"] + 5],
            )
            assert hit, (size, bare)
    context.set_offline(False)
    tablet.clock.run_for(30_000)
    expect(tablet.locator("#cover")).to_be_hidden()
    expect(tablet.locator("#line")).to_be_hidden(timeout=15_000)


def test_what_is_wrong_has_a_line_of_its_own_on_an_upright_tablet(place: Place, tablet: Page) -> None:
    health = place.house.health
    health.online, health.depth, health.clock = False, lambda: 412, "behind"
    place.de_vries()
    place.tap(CARD)
    tablet.set_viewport_size(PORTRAIT)
    said = tablet.locator(".state span")
    for path in ("/", f"/visits/{tablet.locator('[data-visit]').get_attribute('data-visit')}/wallet"):
        tablet.goto(path)
        expect(said).to_contain_text("412 meldingen wachten.")
        # At once, as the strip may give way to a newer one.
        width = said.evaluate("each => each.getBoundingClientRect().width")
        assert width > PORTRAIT["width"] * 2 / 3, path


def test_winkel_says_by_itself_that_headquarters_is_back(place: Place, tablet: Page) -> None:
    health = place.house.health
    health.online, health.depth, health.online_since_ms = False, lambda: 5, place.house.time.now_ms()
    tablet.goto("/store")
    expect(tablet.locator("main")).to_contain_text("Niet bereikbaar sinds")
    expect(tablet.locator("main")).to_contain_text("5 meldingen wachten")
    tablet.locator("textarea").fill("half een zin")
    health.online, health.depth = True, lambda: 0
    place.tell()
    expect(tablet.locator("main")).to_contain_text("Verbonden sinds")
    expect(tablet.locator("main")).not_to_contain_text("wachten")
    expect(tablet.locator("textarea")).to_have_value("half een zin")


def test_an_idle_tablet_locks_by_itself_and_shows_nobody(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(CARD)
    expect(tablet.locator("[data-card]")).to_be_visible()
    place.clock.both_by_ms += 5 * 60_000
    place.tell()
    expect(tablet.locator("#sentence")).to_have_text(
        "Vergrendeld: vijf minuten niet aangeraakt. Typ uw pincode."
    )
    assert "De Vries" not in tablet.content()


def states(place: Place, tablet: Page) -> Iterator[str]:
    """Names of every state, each shown before it is yielded."""
    yield "empty"
    place.de_vries()
    place.customer(
        "66",
        name={
            "call": "mevrouw Van der Linden-Özdemir",
            "short": "Mevrouw Van der Linden-Özdemir",
            "initials": "AL",
        },
        points={"balance": 1},
    )
    place.customer("55", name=DE_VRIES, purposes=("saving",))
    place.tap("66", how="scan")
    place.tap(CARD)
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
    yield "card"
    tablet.locator("[data-visit]", has_text="Linden").click()
    expect(tablet.locator("[data-card] h1")).to_contain_text("Linden")
    yield "pinned"
    tablet.locator(".follow").click()
    place.tap("nobody's")
    expect(tablet.locator("[data-note=stranger]")).to_be_visible()
    yield "stranger"
    place.tap("55")
    expect(tablet.locator("[data-note=withheld]")).to_be_visible()
    yield "withheld"
    for path, name in (("/search", "search"), ("/look", "look"), ("/nope", "absent")):
        tablet.goto(path)
        yield name
    place.tap(CARD, reader="counter-2")
    tablet.goto("/")
    settled(tablet)
    turn(tablet, tablet.locator(".acts a", has_text="herkend"))
    yield "stop"
    tablet.goto("/signin")
    yield "signin"
    tablet.check("[name=staff][value='Anna Kok']")
    tablet.fill("[name=pin]", "0000")
    turn(tablet, tablet.locator("#signin .go"))
    yield "wrong"


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["glare"])  # the gallery has every theme; here is the live page
def test_every_state_is_accessible_touchable_and_fits_both_ways(
    place: Place, tablet: Page, theme: str
) -> None:
    tablet.goto("/look")
    tablet.check(f"[name=theme][value={theme}]")
    turn(tablet, tablet.locator(".looks .go"))
    tablet.goto("/")
    for name in states(place, tablet):
        assert tablet.locator("html").get_attribute("data-theme") == theme
        sound(tablet, name)


def test_the_page_reads_without_loss_at_twice_the_size(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet.set_viewport_size({"width": 640, "height": 400})
    expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
    assert tablet.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    settled(tablet)
    tablet.locator(".acts a").first.scroll_into_view_if_needed()
    expect(tablet.locator(".acts a").first).to_be_in_viewport()


def settled(tablet: Page) -> None:
    """Wait until the fragment has not been replaced for a while: what is replaced meanwhile cannot be held."""
    tablet.evaluate(
        """() => new Promise((done) => {
            let calm = setTimeout(done, 400);
            document.getElementById("floor").addEventListener("htmx:afterSwap", () => {
                clearTimeout(calm);
                calm = setTimeout(done, 400);
            });
        })"""
    )


def test_what_arrives_slides_only_where_motion_is_welcome(place: Place, tablet: Page) -> None:
    place.de_vries()
    settled(tablet)
    place.tap(CARD)
    row = tablet.locator(".row.arrives")
    expect(row).to_have_count(1)
    expect(row).to_have_css("animation-name", "none")
    tablet.emulate_media(reduced_motion="no-preference")
    expect(row).to_have_css("animation-name", "arrive")
    expect(row).to_have_css("animation-iteration-count", "1")


def test_left_hands_find_the_action_lower_left(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(CARD)
    for hand, left in (("left", True), ("right", False)):
        tablet.goto("/look")
        tablet.check(f"[name=hand][value={hand}]")
        turn(tablet, tablet.locator(".looks .go"))
        tablet.goto("/")
        tablet.locator("[data-visit]").first.click()
        settled(tablet)
        action, quiet = tablet.locator(".acts .go"), tablet.locator(".acts a").first
        expect(action).to_be_visible()
        boxes = action.bounding_box(), quiet.bounding_box()
        assert boxes[0]
        assert boxes[1]
        assert (boxes[0]["x"] < boxes[1]["x"]) is left
        assert boxes[0]["height"] >= 72


def test_whoever_works_on_a_telephone_reaches_the_whole_top_line(tablet: Page) -> None:
    tablet.set_viewport_size({"width": 400, "height": 800})
    box = tablet.locator(".who button").bounding_box()
    assert box
    assert box["x"] + box["width"] <= 400
