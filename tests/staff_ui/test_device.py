"""The tablet as a device, in Chromium: nothing left in it, an honest page without a line, a form that waits."""

import json

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from staff_ui.desk import HANDS, THEMES
from staff_ui.security import cookie_name
from tests.patience import PATIENT_S
from tests.staff_ui.house import PIN, Place
from tests.staff_ui.test_browser import CARD, settled
from tests.stories.shop import until

pytestmark = pytest.mark.browser


def held(page: Page) -> str:
    """Everything that this browser keeps by itself: caches with their content, and every storage."""
    found = page.evaluate(
        """async () => {
            const kept = [JSON.stringify(localStorage), JSON.stringify(sessionStorage)];
            for (const name of await caches.keys()) {
                const cache = await caches.open(name);
                for (const request of await cache.keys()) {
                    kept.push(request.url, await (await cache.match(request)).text());
                }
            }
            kept.push(JSON.stringify(await indexedDB.databases()));
            return kept;
        }"""
    )
    return json.dumps(found)


def test_a_tablet_keeps_styles_and_an_honest_page_and_nothing_of_anybody(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(CARD)
    expect(tablet.locator("[data-card]")).to_be_visible()
    tablet.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tablet.goto("/search")
    tablet.fill("[name=q]", "de vries")
    tablet.locator(".ask .go").click()
    expect(tablet.locator(".hits")).to_contain_text("De Vries")
    kept = held(tablet)
    assert "tokens.css" in kept
    assert "winkelcomputer niet bereiken" in kept
    for personal in (
        "Vries",
        "Anna",
        "wandelschoenen",
        place.rows("SELECT hex(id) FROM visit")[0][0].lower(),
    ):
        assert personal not in kept


def test_without_the_shops_computer_a_tablet_says_so_honestly(
    place: Place, tablet: Page, context: BrowserContext
) -> None:
    tablet.evaluate("navigator.serviceWorker.ready.then(() => true)")
    tablet.wait_for_function("navigator.serviceWorker.controller !== null")
    context.set_offline(True)
    tablet.goto("/store")
    expect(tablet.locator("h1")).to_have_text("Deze tablet kan de winkelcomputer niet bereiken")
    context.set_offline(False)
    tablet.locator(".go").click()
    expect(tablet.locator("#rij")).to_be_visible()


def test_a_new_version_clears_what_older_ones_kept_and_nothing_that_is_not_its_own(
    place: Place, tablet: Page, context: BrowserContext
) -> None:
    tablet.evaluate("navigator.serviceWorker.ready.then(() => true)")
    (first,) = tablet.evaluate("caches.keys()")
    tablet.evaluate(
        """async () => {
            for (const name of ["welkom-static", "another"]) {
                await (await caches.open(name)).put("/offline", new Response("an older page"));
            }
        }"""
    )
    # Another language of the tablet is another offline page, so another version of the worker.
    look = {
        "name": cookie_name("look", secure=False),
        "value": f"en.{THEMES[0]}.{HANDS[0]}",
        "url": place.url,
    }
    context.add_cookies([look])
    tablet.evaluate("navigator.serviceWorker.ready.then((held) => held.update()).then(() => true)")
    # Not Playwright's own waiting: that takes the promise of an asynchronous function for its yes.
    until(
        lambda: tablet.evaluate(
            """async (first) => {
                const names = await caches.keys(), held = await navigator.serviceWorker.ready;
                const settled = !held.installing && !held.waiting && held.active.state === "activated";
                return settled && names.length === 2 && !names.includes(first);
            }""",
            first,
        ),
        timeout_s=PATIENT_S,
        what="the new version in place of the old one",
    )
    assert "another" in tablet.evaluate("caches.keys()")
    context.set_offline(True)
    tablet.goto("/store")
    expect(tablet.locator("h1")).to_have_text("This tablet cannot reach the store’s computer")


def test_the_worker_has_one_version_as_long_as_nothing_changes(place: Place) -> None:
    tablets = [place.browser(), place.tablet()]
    assert len({each.get("/sw.js").text for each in tablets for _ in range(2)}) == 1


def test_a_form_waits_for_the_line_and_keeps_what_was_typed(
    place: Place, tablet: Page, context: BrowserContext
) -> None:
    tablet.goto("/store")
    tablet.fill("[name=text]", "De tips zijn goed")
    context.set_offline(True)
    tablet.locator("form[data-draft=feedback] .act").click()
    expect(tablet.locator("#unsent")).to_have_text(
        "Geen verbinding met de winkelcomputer. Wat u typte staat er nog."
    )
    expect(tablet.locator("[name=text]")).to_have_value("De tips zijn goed")
    context.set_offline(False)
    expect(tablet.locator("[role=status]", has_text="Dank u.")).to_be_visible()
    assert place.rows("SELECT text FROM feedback") == [("De tips zijn goed",)]


def test_what_was_typed_survives_a_reload(place: Place, tablet: Page) -> None:
    tablet.goto("/store")
    with tablet.expect_response("**/draft"):
        tablet.locator("[name=text]").press_sequentially("Een halve zin")
    tablet.reload()
    expect(tablet.locator("[name=text]")).to_have_value("Een halve zin")


def test_nothing_of_a_customer_is_left_after_switching(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(CARD)
    settled(tablet)
    tablet.locator(".acts a", has_text="Gegevens").click()
    tablet.locator("[name=why][value=help]").click()
    expect(tablet.locator(".fields")).to_contain_text("2019")
    tablet.locator(".who button").click()
    expect(tablet.locator("#signin")).to_be_visible()
    tablet.go_back()
    expect(tablet.locator("#signin")).to_be_visible()
    assert "De Vries" not in tablet.content()
    assert "2019" not in tablet.content()
    assert "Vries" not in held(tablet)


def test_two_tablets_reach_for_one_customer_and_one_is_told(
    place: Place, tablet: Page, context: BrowserContext
) -> None:
    browser = context.browser
    assert browser
    second = browser.new_context(base_url=place.url, reduced_motion="reduce")
    other = second.new_page()
    other.goto(f"/pair/{place.pair_code()}")
    other.check("[name=staff][value='Bram de Wit']")
    other.fill("[name=pin]", PIN)
    other.press("[name=pin]", "Enter")
    expect(other.locator("#rij")).to_be_visible()
    place.de_vries()
    place.tap(CARD)
    expect(tablet.locator("[data-card]")).to_be_visible()
    expect(other.locator("[data-card]")).to_be_visible()
    (visit,) = place.rows("SELECT id FROM visit")[0]
    other.goto(f"/visits/{visit.hex()}")
    own = other.locator("#doing [name=own]").get_attribute("value")
    settled(tablet)
    tablet.locator(".acts .go").click()
    expect(tablet.locator(".acts .go")).to_have_text("Geholpen")
    expect(other.locator(".helper")).to_have_text("Anna Kok is helping")
    late = second.request.post(f"/visits/{visit.hex()}/help", form={"own": own or ""})
    assert late.status == 409
    assert "Anna Kok was just ahead of you" in late.text()
    second.close()


def test_a_card_that_is_open_closes_at_once_when_recognition_is_stopped_elsewhere(
    place: Place, tablet: Page
) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet.locator("[data-visit]").click()
    expect(tablet.locator(".follow")).to_be_visible()
    other = place.signed_in("Bram de Wit")
    (visit,) = place.rows("SELECT id FROM visit")[0]
    own = other.get("/look").text.split('name="own" value="', 1)[1].split('"', 1)[0]
    other.post(f"/visits/{visit.hex()}/stop", data={"own": own})
    expect(tablet.locator("#kaart")).to_contain_text("Deze klant wil niet herkend worden.")
    expect(tablet.locator("#kaart h1")).to_have_text("Gewoon vriendelijk helpen.")
    expect(tablet.locator("body")).not_to_contain_text("De Vries")


def test_a_profile_that_nobody_touches_locks_by_itself(place: Place, tablet: Page) -> None:
    place.de_vries()
    place.tap(CARD)
    settled(tablet)
    tablet.locator(".acts a", has_text="Gegevens").click()
    tablet.clock.install()
    tablet.locator("[name=why][value=help]").click()
    expect(tablet.locator(".fields")).to_contain_text("2019")
    assert tablet.locator("html").get_attribute("data-idle-ms") == "60000"
    place.clock.both_by_ms += 60_000
    tablet.clock.run_for(62_000)
    expect(tablet.locator("#sentence")).to_contain_text("Vergrendeld: een minuut niet aangeraakt.")
    assert "De Vries" not in tablet.content()
