"""The stage of `make run`, measured: how long the whole promise takes, and how soon a stop closes the card."""

import gzip
import re
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

from playwright.sync_api import expect, sync_playwright

from tests.conftest import ARGUMENTS, CHROMIUM
from tests.stories.stage import demo, open_stage

Outcome = tuple[bool, dict[str, Any]]
LIMIT_S = 120.0
STOP_S = 1.0
FIRST_LOAD = 150_000


def two_minutes() -> Outcome:
    """A visitor plays it all; seconds of the whole, and from pressing stop to the card being closed."""
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as name, sync_playwright() as playwright:
        began_s = time.monotonic()
        with demo(Path(name)) as about:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
            context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="nl-NL")
            stage = open_stage(context, about["stage"])
            stage.tap("Joost Bakker")
            expect(stage.tablet.locator("[data-card] h1")).to_have_text("Joost")
            expect(stage.phone.locator("body")).to_contain_text("Een medewerker zag uw kaart")
            stage.switch(on=False)
            expect(stage.office.locator("body")).to_contain_text("Nu niet verbonden")
            stage.tablet.get_by_role("link", name="Tegoed").click()
            stage.tablet.locator("button[value=full]").click()
            expect(stage.tablet.locator(".said")).to_contain_text("gratis impregneren")
            stage.switch(on=True)
            line = stage.page.locator("#line")
            expect(line).to_have_text(re.compile(r"^(\d+) van \1 verstuurd, 0 dubbel\.$"))
            expect(stage.office.locator("body")).to_contain_text("Nog 8 stempels")
            stops = []
            for who, call in (("Marijke de Vries", "mevrouw De Vries"), ("Carmen van den Berg", "Carmen")):
                stage.tap(who)
                stage.tablet.get_by_role("link", name="Rij").click()
                expect(stage.tablet.locator("[data-card] h1")).to_have_text(call)
                expect(stage.phone.locator("body")).to_contain_text(call.split()[-1])
                button = stage.phone.get_by_role("button", name="Stop met herkennen")
                button.scroll_into_view_if_needed()
                pressed_s = time.monotonic()
                button.click()
                stage.tablet.locator("[data-card]").wait_for(state="detached")
                stops.append(round(time.monotonic() - pressed_s, 3))
            sent = line.inner_text()
            took_s = round(time.monotonic() - began_s, 1)
            browser.close()
    figures = {
        "took_s": took_s,
        "limit_s": LIMIT_S,
        "stop_to_closed_s": stops,
        "stop_limit_s": STOP_S,
        "line": sent,
    }
    return took_s <= LIMIT_S and max(stops) <= STOP_S, figures


def first_load() -> Outcome:
    """What a tablet fetches the first time it opens the list: the page and everything it names, gzipped."""
    with (
        tempfile.TemporaryDirectory(prefix="welkom-prove-") as name,
        sync_playwright() as playwright,
        demo(Path(name)) as about,
    ):
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
        context = browser.new_context(viewport={"width": 1280, "height": 800})
        page = context.new_page()
        fetched: dict[str, int] = {}
        page.on(
            "response",
            lambda each: fetched.setdefault(each.url, 0) if "/live" not in each.url else None,
        )
        origin = about["stage"].rsplit("/", 1)[0]
        page.goto(origin + "/demo/tablet/open")
        expect(page.locator("#rij")).to_be_visible()
        page.wait_for_timeout(2000)
        cookies = "; ".join(f"{each['name']}={each['value']}" for each in context.cookies())
        foreign = sorted(url for url in fetched if not url.startswith(origin))
        for url in fetched:
            if url.startswith(origin):
                asked = urllib.request.Request(url, headers={"Cookie": cookies})
                fetched[url] = len(gzip.compress(urllib.request.urlopen(asked).read()))
        browser.close()
    total = sum(fetched.values())
    figures = {
        "bytes_gzipped": total,
        "limit": FIRST_LOAD,
        "requests": len(fetched),
        "other_origins": foreign,
    }
    return total <= FIRST_LOAD and not foreign, figures
