"""Two tablets, two languages, two orientations, one customer: one colleague helps, the other is told in words."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.patience import PATIENT_MS
from tests.staff_ui.house import PIN, Place

pytestmark = pytest.mark.browser
CARD = "2900000000011"


@contextmanager
def signed_in(chromium: Browser, place: Place, name: str, *, width: int, height: int) -> Iterator[Page]:
    context = chromium.new_context(base_url=place.url, viewport={"width": width, "height": height})
    context.set_default_timeout(PATIENT_MS)
    page = context.new_page()
    page.goto(f"/pair/{place.pair_code()}")
    page.check(f"[name=staff][value='{name}']")
    page.fill("[name=pin]", PIN)
    page.click("#signin .go")
    page.wait_for_selector("#rij")
    yield page
    context.close()


def test_two_tablets_race_for_one_customer_and_the_slower_is_told_in_words(
    place: Place, chromium: Browser
) -> None:
    place.de_vries()
    with (
        signed_in(chromium, place, "Anna Kok", width=1280, height=800) as anna,
        signed_in(chromium, place, "Bram de Wit", width=800, height=1280) as bram,
    ):
        place.tap(CARD)
        for page in (anna, bram):
            expect(page.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
        # Bram's tablet is on the far side of the shop: his touch is on its way while Anna's arrives.
        bram.context.set_offline(True)
        bram.get_by_role("button", name="I will help").click(no_wait_after=True)
        expect(bram.locator("#unsent")).to_be_visible()
        anna.get_by_role("button", name="Ik help").click(no_wait_after=True)
        expect(anna.get_by_role("button", name="Geholpen")).to_be_visible()
        bram.context.set_offline(False)
        expect(bram.locator("h1")).to_have_text("Anna Kok was just ahead of you")
        kinds = [kind for (kind,) in place.rows("SELECT kind FROM outbox")]
        assert kinds.count("help_claimed") == 1
