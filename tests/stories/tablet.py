"""What a colleague does with a tablet."""

import time

from playwright.sync_api import BrowserContext, Page, expect

from tests.stories.shop import PIN, Shop


def sign_in(context: BrowserContext, shop: Shop) -> Page:
    """Pair this browser, sign in as Anna, and stand at the list."""
    page = context.new_page()
    page.goto(f"{shop.url}/pair/{shop.pair_code}")
    page.locator("[name=staff][value=Anna]").check()
    page.locator("[name=pin]").fill(PIN)
    page.locator("[name=pin]").press("Enter")
    expect(page.locator("#rij")).to_be_visible()
    return page


def card_of(page: Page, call: str, *, within_s: float, since_s: float) -> float:
    """Seconds from `since_s` (time.monotonic) until the glance card addresses `call`."""
    heading = page.locator("[data-card] h1", has_text=call)
    left_ms = max(1.0, (within_s - (time.monotonic() - since_s)) * 1000)
    heading.wait_for(state="visible", timeout=left_ms)
    return time.monotonic() - since_s
