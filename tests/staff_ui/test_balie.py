"""The display at the counter: two lines, no name, and nothing that tells one person's choice from another's."""

import re
from typing import get_args

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect

from drivers.reader import Outcome
from edge.display import MOST_READERS, SHOW_MS, Display
from edge.notes import DISPLAYED
from edge.staff import acts
from edge.watch import ReaderState
from staff_ui.pages.balie import LOOKS, WORDS
from tests.staff_ui.house import DE_VRIES, Place
from tests.staff_ui.sound import accessible

CARD = "2900000000011"


def pair_code(place: Place) -> str:
    return place.run(place.house.db.apply(acts.pair_code, "balie", now_ms=place.now_ms(), kind="display"))


def display(place: Place, query: str = "") -> httpx.Client:
    browser = place.browser()
    assert browser.get(f"/pair/{pair_code(place)}{query}").headers["location"] == f"/balie{query}"
    return browser


def lines(browser: httpx.Client, query: str = "") -> tuple[str, str]:
    page = browser.get(f"/balie{query}").text
    first, second = (re.search(rf'id="{each}">([^<]*)<', page) for each in ("first", "second"))
    assert first
    assert second
    return first[1], second[1]


READY = ("Houd uw kaart hier", "Zonder uw ja bewaren wij niets.")


def test_a_display_may_see_its_two_lines_and_nothing_else(place: Place) -> None:
    browser = display(place)
    assert browser.get("/balie").status_code == 200
    for path in ("/", "/signin", "/look", "/visits", "/live", "/join", "/search?q=de"):
        assert browser.get(path).status_code in (401, 403, 303)
        assert "De Vries" not in browser.get(path).text
    assert browser.get("/").status_code == 403
    for other in (place.browser(), place.tablet(), place.signed_in()):
        assert other.get("/balie").status_code == 403
        assert other.get("/balie/live").status_code == 403


def test_each_outcome_has_its_two_lines_and_is_gone_after_four_seconds(place: Place) -> None:
    place.de_vries()
    place.customer("55", name=DE_VRIES, purposes=("saving",))
    place.customer("66", name=DE_VRIES, state="blocked")
    browser = display(place)
    assert lines(browser) == READY
    told: list[tuple[str, str]] = []
    for card in (CARD, "55", "66", "nobody's"):
        place.tap(card)
        told.append(lines(browser))
    for outcome in get_args(Outcome):
        place.fail(outcome)
        told.append(lines(browser))
    assert told == [
        ("Herkend.", "Welkom."),
        ("Gelezen.", "Welkom."),
        ("Gelezen.", "Welkom."),
        ("Niet bekend.", "Er is niets bewaard."),
        ("Ontgrendel uw telefoon.", "En houd hem nog eens hier."),
        ("Geen pas gevonden.", "Houd uw kaart hier, of zeg het aan de balie."),
        ("Kies onze kaart.", "En houd de telefoon nog eens hier."),
        ("Dit lukt nu niet.", "Laat de code op uw scherm zien."),
        ("Niet gelukt.", "Vraag het aan de balie."),
        ("Nog een keer.", "Houd de kaart of telefoon zelf hier."),
        ("Niet gelezen.", "Houd de kaart nog eens hier."),
        ("Deze kaart lezen wij niet.", "Er is niets bewaard."),
    ]
    assert "Vries" not in browser.get("/balie").text
    place.clock.both_by_ms += SHOW_MS
    assert lines(browser) == READY


def test_who_stopped_looks_from_beside_them_like_who_is_recognised() -> None:
    assert LOOKS["withheld"] == LOOKS["recognised"]
    assert DISPLAYED["blocked"] == DISPLAYED["withheld"]
    assert set(WORDS) == set(LOOKS)


def test_a_display_beside_a_reader_hears_of_no_other(place: Place) -> None:
    beside = display(place, "?reader=counter-2")
    place.tap("nobody's")
    assert lines(beside, "?reader=counter-2") == READY
    place.tap("nobody's", reader="counter-2")
    assert lines(beside, "?reader=counter-2")[0] == "Niet bekend."


def test_whoever_passes_by_is_not_spoken_of(place: Place) -> None:
    place.de_vries()
    browser = display(place)
    place.tap(CARD, how="near")
    place.tap("nobody's", how="near")
    assert lines(browser) == READY


def test_a_reader_that_is_out_is_said(place: Place) -> None:
    browser = display(place)
    place.house.health.readers["counter-1"] = ReaderState(up=False, code="R01")
    assert lines(browser) == ("De lezer doet het even niet.", "Vraag het aan ons.")
    place.house.health.readers["counter-2"] = ReaderState(up=True)
    assert lines(browser) == READY
    assert lines(browser, "?reader=counter-1")[0] == "De lezer doet het even niet."


def test_its_stream_names_nobody_and_is_nobodys_eyes(place: Place) -> None:
    place.de_vries()
    browser = display(place)
    with browser.stream("GET", "/balie/live") as stream:
        chunks = stream.iter_text()
        next(chunks)
        place.tap(CARD)
        assert re.fullmatch(r"event: balie\ndata: \d+\n\n", next(chunks))
        assert place.rows("SELECT count(*) FROM view_log") == [(0,)]
        assert place.house.live.count() == 0


def test_it_remembers_few_readers() -> None:
    said = Display()
    for number in range(MOST_READERS + 5):
        said.say("stranger", f"counter-{number}", now_ms=number)
    assert len(said._shown) == MOST_READERS
    assert said.shown("", now_ms=MOST_READERS) == said._shown[f"counter-{MOST_READERS + 4}"]


@pytest.mark.browser
def test_a_phone_shows_each_outcome_by_itself_and_goes_back(place: Place, chromium: Browser) -> None:
    place.de_vries()
    context = chromium.new_context(base_url=place.url, viewport={"width": 360, "height": 640})
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"/pair/{pair_code(place)}?reader=counter-1")
    first = page.locator("#first")
    expect(first).to_have_text("Houd uw kaart hier")
    place.tap(CARD)
    expect(first).to_have_text("Herkend.")
    expect(page.locator("#look")).to_have_attribute("data-look", "read")
    expect(first).to_have_text("Houd uw kaart hier")
    assert said == []
    context.set_offline(True)
    place.loop.call_soon_threadsafe(place.house.counter.display.live.drop)
    expect(first).to_have_text("Houd uw kaart hier")
    context.close()


@pytest.mark.browser
def test_a_phone_without_scripts_asks_by_itself(place: Place, chromium: Browser) -> None:
    context = chromium.new_context(
        base_url=place.url, viewport={"width": 360, "height": 640}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"/pair/{pair_code(place)}")
    for _ in range(3):
        place.tap("nobody's", reader="counter-9")
        if again(page, "Niet bekend."):
            break
    expect(page.locator("#first")).to_have_text("Niet bekend.")
    context.close()


def again(page: Page, text: str) -> bool:
    """Whether the page came to say `text` within two of its own refreshes."""
    try:
        page.get_by_text(text).wait_for()
    except Exception:
        return False
    return True


@pytest.mark.browser
@pytest.mark.parametrize(("width", "height"), [(360, 640), (640, 360), (800, 1280)])
def test_every_state_fits_a_phone_and_is_accessible(
    place: Place, chromium: Browser, width: int, height: int
) -> None:
    context = chromium.new_context(base_url=place.url, viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(f"/pair/{pair_code(place)}")
    place.house.health.readers["counter-1"] = ReaderState(up=False, code="R01")
    for language in ("nl", "en"):
        page.goto(f"/balie?language={language}")
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert page.evaluate("document.documentElement.scrollHeight - innerHeight") <= 0
        accessible(page)
    for state in LOOKS.values():
        page.evaluate(f"document.getElementById('look').setAttribute('data-look', '{state}')")
        accessible(page, state)
    context.close()
