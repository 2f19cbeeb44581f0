"""A stranger becomes known with the hub stopped; when it is back, it knows them, and so does a new replica."""

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.kit.stores import files_with
from tests.patience import PATIENT_MS, PATIENT_S
from tests.stories.counter import TYPE_4, open_counter
from tests.stories.shop import PIN, Shop, until
from tests.stories.tablet import card_of, sign_in

NEW, ANOTHER = "2012345678907", "2098765432101"
NAME = "Wonderbaarlijk"
pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]


def at_the_hub(shop: Shop, sql: str) -> int:
    with closing(sqlite3.connect(shop.folder / "hub" / "hub.db", timeout=10)) as conn:
        return int(conn.execute(sql).fetchone()[0])


def become_known(page: Page) -> None:
    page.get_by_role("link", name="Geef de tablet").click()
    page.get_by_role("button", name="Geef de tablet").click()
    page.get_by_label("Hoe mogen wij u aanspreken?").fill(f"mevrouw {NAME}")
    page.locator(".tile", has_text="U herkennen in de winkel").click()
    page.get_by_role("button", name="Klaar").click()
    expect(page.locator("[data-step=check]")).to_be_visible(timeout=PATIENT_MS)


def test_a_stranger_becomes_known_without_internet_and_the_hub_learns_of_it_once(
    tmp_path: Path, tablet: BrowserContext
) -> None:
    with open_counter(tmp_path) as counter:
        shop = counter.shop
        shop.start_hub()
        shop.start_edge()
        shop.moved_in()
        shop.stop_hub()
        page = sign_in(tablet, shop)
        counter.scanner.write(NEW + "\r\n")
        expect(page.locator("[data-note=stranger]")).to_be_visible(timeout=PATIENT_MS)
        began_s = time.monotonic()
        become_known(page)
        for needle in (NAME, NEW):
            assert files_with(needle.encode(), shop.folder) == []
        before = at_the_hub(shop, "SELECT count(*) FROM customer")
        page.get_by_role("button", name="Bevestigen").click()
        expect(page.locator("h1")).to_contain_text(NAME, timeout=PATIENT_MS)
        page.get_by_role("link", name="Terug naar de winkel").click()
        page.fill("[name=pin]", PIN)
        page.press("[name=pin]", "Enter")
        card_of(page, NAME, within_s=PATIENT_S, since_s=began_s)
        # Another card of somebody else, bound by staff, also without internet.
        counter.scanner.write(ANOTHER + "\r\n")
        page.get_by_role("link", name="Nieuwe kaart. Van wie?").click(timeout=PATIENT_MS)
        page.fill("[name=q]", "joost")
        page.press("[name=q]", "Enter")
        page.locator(".hits button", has_text="Joost").first.click()
        page.get_by_role("button", name="Ja, deze kaart").click()
        card_of(page, TYPE_4.traits["name"]["call"], within_s=PATIENT_S, since_s=time.monotonic())
        # The line is back: the hub has both, and sends them down; the shop's own copy is given up.
        shop.start_hub()
        until(
            lambda: shop.ask("journal.db", "SELECT count(*) FROM joined") == 0,
            timeout_s=60,
            what="the hub's word",
        )
        until(
            lambda: shop.ask("journal.db", "SELECT count(*) FROM credential WHERE state='active'") == 0,
            timeout_s=60,
            what="the hub's word on both cards",
        )
        assert at_the_hub(shop, "SELECT count(*) FROM customer") == before + 1
        assert at_the_hub(shop, "SELECT count(*) FROM event WHERE code IS NOT NULL") == 0
        # A new replica knows them too.
        shop.stop_edge()
        for file in (shop.folder / "state").glob("replica.db*"):
            file.unlink()
        shop.start_edge()
        until(
            lambda: shop.residents() == at_the_hub(shop, "SELECT count(*) FROM consent"),
            timeout_s=60,
            what="everybody in the new replica",
        )
        page.goto(shop.url)
        counter.scanner.write(NEW + "\r\n")
        card_of(page, NAME, within_s=PATIENT_S, since_s=time.monotonic())
        assert files_with(NAME.encode(), shop.folder) == []
