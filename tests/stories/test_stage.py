"""The whole promise, played on the stage of `make run` by somebody who has never seen it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Browser, BrowserContext, expect

from tests.stories.stage import ENGLISH, demo, open_stage

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.xdist_group("stage")]


@pytest.fixture(scope="module")
def about(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    with demo(tmp_path_factory.mktemp("stage")) as running:
        yield running


@pytest.fixture
def visitor(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="nl-NL")
    yield context
    context.close()


def test_a_visitor_plays_tap_cut_redeem_reconnect_and_stop_and_all_four_panes_are_right(
    about: dict[str, Any], visitor: BrowserContext
) -> None:
    stage = open_stage(visitor, about["stage"])
    page = stage.page
    english: set[str] = set()

    def read() -> None:
        english.update(found.group() for found in ENGLISH.finditer(stage.texts()))

    stage.tap("Joost Bakker")
    expect(stage.tablet.locator("[data-card] h1")).to_have_text("Joost")
    expect(stage.display.locator("body")).to_contain_text("Herkend")
    expect(stage.display.locator("body")).not_to_contain_text("Joost")
    expect(stage.phone.locator("body")).to_contain_text("Joost")
    expect(stage.phone.locator("body")).to_contain_text("Een medewerker zag uw kaart")
    expect(stage.office.locator("body")).to_contain_text("185")
    read()

    stage.switch(on=False)
    expect(page.locator("#line")).to_contain_text("Geen internet sinds")
    expect(stage.tablet.locator(".state")).to_contain_text("Geen internet")
    expect(stage.office.locator("body")).to_contain_text("Nu niet verbonden")
    stage.tablet.get_by_role("link", name="Tegoed").click()
    stage.tablet.locator("button[value=full]").click()
    expect(stage.tablet.locator(".said")).to_contain_text("gratis impregneren")
    expect(page.locator("#line")).to_contain_text(re.compile(r"[1-9]\d* wacht"))
    expect(stage.office.locator("body")).to_contain_text("vol")
    read()

    stage.switch(on=True)
    expect(page.locator("#line")).to_have_text(re.compile(r"^(\d+) van \1 verstuurd, 0 dubbel\.$"))
    expect(stage.office.locator("body")).to_contain_text("Nog 8 stempels")
    expect(stage.phone.locator("body")).to_contain_text("Nog 8 stempels")
    expect(stage.office.locator("body")).to_contain_text("Nu verbonden")
    read()

    stage.tap("Een onbekende kaart")
    expect(stage.display.locator("body")).to_contain_text("Niet bekend")
    expect(stage.tablet.locator("[data-note=stranger], [data-wallet], [data-card]").first).to_be_visible()
    stage.tap("Marijke de Vries")
    stage.tablet.get_by_role("link", name="Rij").click()
    expect(stage.tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
    expect(stage.tablet.locator("[data-card]")).to_contain_text("20418")
    expect(stage.phone.locator("body")).to_contain_text("Mevrouw De Vries")
    stage.phone.get_by_role("button", name="Stop met herkennen").click()
    expect(stage.tablet.locator("[data-card]")).to_have_count(0)
    expect(stage.tablet.locator("body")).to_contain_text("Deze klant wil niet herkend worden")
    read()
    assert english == set()


def test_the_stage_speaks_english_where_that_is_asked_for(
    about: dict[str, Any], visitor: BrowserContext
) -> None:
    stage = open_stage(visitor, about["stage"] + "?language=en")
    stage.tap("Imane El Amrani")
    expect(stage.tablet.locator("html")).to_have_attribute("lang", "en")
    expect(stage.tablet.locator("[data-card] h1")).to_have_text("Imane")
    expect(stage.page.locator("#line")).to_contain_text("sent")
    found = Axe().run(stage.page)
    assert found.violations_count == 0, found.generate_report()


def test_the_day_plays_when_it_is_asked_to_and_stops_for_whoever_takes_over(
    about: dict[str, Any], visitor: BrowserContext
) -> None:
    stage = open_stage(visitor, about["stage"])
    stage.page.locator("#play").click()
    expect(stage.page.locator("#caption")).to_contain_text("gaat open")
    expect(stage.page.locator("#caption")).to_contain_text("klaarligt")
    stage.tap("Umut Yılmaz")
    expect(stage.page.locator("#caption")).to_contain_text("U speelt nu zelf")
    expect(stage.tablet.locator("[data-card] h1")).to_have_text("meneer Yılmaz")
    expect(stage.page.locator("#switch")).to_have_attribute("aria-checked", "true")
