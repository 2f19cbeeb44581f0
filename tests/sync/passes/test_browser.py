"""The pass on a phone, in Debian's Chromium: it turns by itself, also without a line, and is read as it is drawn."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import segno
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, Page, expect

from edge.recognition import rotating
from edge.recognition.rotating import WINDOW_MS
from tests.patience import PATIENT_MS
from tests.sync.centre import KEYS
from tests.sync.portal.place import Place

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
HERE = "/portal/pass"
DRAWN = "[data-code] path"


@pytest.fixture
def phone(chromium: Browser, place: Place) -> Iterator[Page]:
    context = chromium.new_context(
        base_url=place.url,
        viewport={"width": 390, "height": 844},
        reduced_motion="reduce",
        locale="nl-NL",
    )
    context.set_default_timeout(PATIENT_MS)
    page = context.new_page()
    yield page
    context.close()


def with_pass(place: Place, phone: Page) -> None:
    phone.goto(f"/portal/enter/{place.code()}")
    phone.goto(HERE)
    phone.get_by_role("button", name="Zet mijn pas op deze telefoon").click()
    expect(phone.locator(DRAWN)).to_have_count(1)


def code(phone: Page) -> str:
    return phone.locator("[data-code]").get_attribute("data-code") or ""


def drawn(phone: Page) -> tuple[str, set[tuple[int, int]]]:
    """What the code says, and the dark squares of its drawing without the margin; both of one moment."""
    asked = "each => [each.dataset.code, each.querySelector('path').getAttribute('d')]"
    said, path = phone.locator("[data-code]").evaluate(asked)
    return said, {(int(x) - 4, int(y) - 4) for x, y in re.findall(r"M(\d+) (\d+)h", path)}


def test_the_pass_turns_by_itself_and_draws_what_a_scanner_reads(place: Place, phone: Page) -> None:
    with_pass(place, phone)
    seen = set()
    for _ in range(3):
        shown, dark = drawn(phone)
        seen.add(shown)
        wanted = segno.make_qr(shown, version=2, error="m", mask=0, boost_error=False).matrix
        assert dark == {(x, y) for y, row in enumerate(wanted) for x, on in enumerate(row) if on}
        now_ms = place.hub.now_ms()
        found = rotating.read(KEYS.chain_key, shown, now_ms=now_ms)
        assert found is not None
        assert found.when == "now"
        # The hub's clock goes on by three windows; the page asks it again when it comes back to the line.
        place.clock.by_ms += 3 * WINDOW_MS
        phone.evaluate("dispatchEvent(new Event('online'))")
        expect(phone.locator(f"[data-code='{shown}']")).to_have_count(0)
    assert len(seen) == 3


def test_the_pass_opens_and_turns_without_a_line_and_is_gone_when_it_is_lost(
    place: Place, phone: Page, tmp_path: Path
) -> None:
    with_pass(place, phone)
    expect(phone.locator("body[data-kept=yes]")).to_have_count(1)
    phone.context.set_offline(True)
    phone.goto(HERE)
    expect(phone.get_by_text("Geen verbinding. Uw pas werkt gewoon.")).to_be_visible()
    expect(phone.locator(DRAWN)).to_have_count(1)
    found = rotating.read(KEYS.chain_key, code(phone), now_ms=place.hub.now_ms())
    assert found is not None
    assert found.when == "now"
    old = "/portal/pass/static/pass.js?v=old"
    phone.evaluate("async (old) => (await caches.open('welkom-pass')).put(old, new Response(''))", old)
    phone.context.set_offline(False)
    phone.goto(HERE)
    expect(phone.locator("body[data-kept=yes]")).to_have_count(1)
    held = phone.evaluate(
        "async () => (await (await caches.open('welkom-pass')).keys()).map((each) => each.url)"
    )
    assert (any(old in each for each in held), len(held) > 2) == (False, True), held
    phone.get_by_role("button", name="Zet de pas op deze pagina uit").click()
    expect(phone.get_by_role("button", name="Zet mijn pas op deze telefoon")).to_be_visible()
    phone.context.set_offline(True)
    phone.goto(HERE)
    expect(phone.locator("[data-pass]")).to_have_count(0)


def test_the_page_is_open_to_everybody(place: Place, phone: Page) -> None:
    phone.goto(f"/portal/enter/{place.code()}")
    for act in ("none", "made"):
        phone.goto(HERE)
        if act == "made":
            phone.get_by_role("button", name="Zet mijn pas op deze telefoon").click()
            expect(phone.locator(DRAWN)).to_have_count(1)
        for scheme in ("light", "dark"):
            phone.emulate_media(color_scheme=scheme)
            assert Axe().run(phone).response["violations"] == []
        wide = phone.evaluate("document.documentElement.scrollWidth > innerWidth")
        assert not wide
        low = """[...document.querySelectorAll('button, a, summary')]
            .some(each => each.checkVisibility() && each.getBoundingClientRect().height < 44)"""
        assert not phone.evaluate(low)


def test_the_pass_is_said_in_another_language_by_the_menu_of_every_page_and_without_a_line_too(
    place: Place, phone: Page
) -> None:
    with_pass(place, phone)
    phone.locator("#tongues summary").click()
    phone.get_by_role("button", name="English").click()
    expect(phone.locator("h1")).to_have_text("Your pass")
    assert phone.url.endswith(HERE)
    expect(phone.locator("#tongues summary")).to_have_text("English")
    assert Axe().run(phone).response["violations"] == []
    expect(phone.locator("body[data-kept=yes]")).to_have_count(1)
    phone.context.set_offline(True)
    phone.goto(HERE)
    expect(phone.locator("h1")).to_have_text("Your pass")
    # What asks the hub stands on no page that is without a line.
    expect(phone.locator("#tongues")).to_be_hidden()
