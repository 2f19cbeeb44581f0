"""The customer's page as a phone shows it, and the stage that frames it, in Debian's Chromium."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from sync import wire
from sync.hub.hq import fleet
from tests.patience import PATIENT_MS
from tests.staff_ui.sound import accessible, fits
from tests.staff_ui.touch import fetched
from tests.staff_ui.touch import press as hold
from tests.sync.hq.test_fleet import WELL, large
from tests.sync.portal.place import ANNA, HERE, Place, open_place, press

pytestmark = pytest.mark.browser
STOP = f"#recognition-{HERE}"


def enter(place: Place, phone: Page) -> None:
    phone.goto(f"/portal/enter/{place.code()}")
    expect(phone.locator("h1")).to_have_text("Mevrouw De Vries")


def full(place: Place) -> None:
    """Anna holds everything there is, and one reward is full."""
    place.add(purposes=("saving", "receipts", "recognition", "profiling", "location", "contact", "partners"))
    now_ms = place.hub.now_ms()
    place.holds("stamps", {"have": 8, "of": 8, "reward": "gratis impregneren"})
    place.holds("pickup", {"orders": [{"number": "20418", "place": "vak B3", "ready_ms": now_ms}]})
    place.holds("vouchers", {"items": [{"label": "10% korting", "until_ms": now_ms + 9**10, "code": "TENT"}]})
    place.holds("giftcards", {"items": [{"label": "Bon", "balance_cents": 2550}]})
    for _ in range(5):
        place.shows()


def test_the_page_follows_what_happens_in_the_shop_by_itself(place: Place, phone: Page) -> None:
    place.add()
    enter(place, phone)
    expect(phone.locator("[data-look]")).to_have_count(0)
    expect(phone.get_by_text("Nog niemand bekeek uw kaart.")).to_be_visible()
    place.shows()
    expect(phone.locator("[data-look]")).to_have_count(1)
    expect(phone.locator("[data-look]")).to_contain_text("Een medewerker zag uw kaart, om u te herkennen.")
    expect(phone.locator("#said")).to_have_text("Er keek net iemand naar uw kaart.")
    place.holds("points", {"balance": 1500})
    place.shows(purpose="saving")
    expect(phone.locator(".points")).to_contain_text("1.500")
    other = place.inside()
    press(other, "/portal/stop", purpose="recognition", recipient=HERE)
    expect(phone.locator(STOP)).to_contain_text("Weer toestaan")
    press(other, "/portal/leave")


def test_one_touch_stops_and_one_touch_allows_again(place: Place, phone: Page) -> None:
    place.add()
    enter(place, phone)
    phone.get_by_role("button", name="Stop met herkennen").click()
    stopped = phone.get_by_text("Gestopt. Winkels herkennen u niet meer; uw punten blijven.")
    expect(stopped).to_be_in_viewport()
    phone.get_by_role("button", name="Weer toestaan: Herkennen").click()
    expect(phone.get_by_role("button", name="Stop met herkennen")).to_be_visible()
    assert place.state() == (2, "given")


def test_focus_and_what_was_unfolded_survive_a_poke(place: Place, phone: Page) -> None:
    full(place)
    enter(place, phone)
    phone.locator("#earlier summary").click()
    phone.locator(STOP).focus()
    place.shows()
    expect(phone.locator("[data-look]")).to_have_count(6)
    expect(phone.locator("#earlier")).to_have_attribute("open", "")
    expect(phone.locator(STOP)).to_be_focused()


def test_a_button_that_changes_while_it_is_pressed_is_pressed(place: Place, phone: Page) -> None:
    place.add()
    enter(place, phone)
    place.shows()
    expect(phone.locator("[data-look]")).to_have_count(1)
    hold(phone, phone.locator(STOP))
    with fetched(phone, "/portal"):
        press(place.inside(), "/portal/stop", purpose="profiling", recipient=HERE)
    expect(phone.locator("[data-choice=profiling] .stopped")).to_have_count(0)
    phone.mouse.up()
    expect(phone.locator("[data-choice=recognition] .stopped")).to_be_visible()
    assert place.state() == (1, "withdrawn")


def test_who_holds_a_button_for_a_second_sees_what_is_new(place: Place, phone: Page) -> None:
    place.add()
    enter(place, phone)
    place.shows()
    expect(phone.locator("[data-look]")).to_have_count(1)
    hold(phone, phone.locator(STOP))
    with fetched(phone, "/portal"):
        press(place.inside(), "/portal/stop", purpose="profiling", recipient=HERE)
    phone.clock.run_for(1_000)
    expect(phone.locator("[data-choice=profiling] .stopped")).to_be_visible()
    phone.mouse.up()


def test_what_says_the_same_is_left_as_it_is_when_something_else_is_new(place: Place, phone: Page) -> None:
    place.add()
    enter(place, phone)
    button = phone.locator(STOP).element_handle()
    place.shows()
    expect(phone.locator("[data-look]")).to_have_count(1)
    assert button.evaluate("(each) => each.isConnected")
    place.holds("vouchers", {"items": [{"label": "10% korting", "until_ms": 9**15, "code": "TENT"}]})
    place.shows()
    expect(phone.locator(".code")).to_have_text("TENT")
    expect(phone.locator("main > section")).to_have_count(5)
    assert button.evaluate("(each) => each.isConnected")


def test_leaving_takes_the_page_away_in_every_window(place: Place, phone: Page) -> None:
    place.add()
    enter(place, phone)
    second = phone.context.new_page()
    second.goto("/portal")
    expect(second.locator("h1")).to_have_text("Mevrouw De Vries")
    phone.locator("#leave").click()
    for window in (phone, second):
        expect(window.locator("[data-door=closed]")).to_be_visible()
        expect(window.locator("body")).not_to_contain_text("De Vries")


def test_without_script_everything_can_be_done(place: Place, chromium: Browser) -> None:
    place.add()
    context = chromium.new_context(
        base_url=place.url, viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="nl-NL"
    )
    plain = context.new_page()
    enter(place, plain)
    plain.click(STOP)
    expect(plain.locator(STOP)).to_contain_text("Weer toestaan")
    plain.click(STOP)
    expect(plain.locator(STOP)).to_have_text("Stop met herkennen")
    plain.locator("#tongues summary").click()
    plain.get_by_role("button", name="English").click()
    expect(plain.locator("html")).to_have_attribute("lang", "en")
    plain.click("#leave")
    expect(plain.locator("[data-door=closed]")).to_be_visible()
    context.close()


@pytest.mark.parametrize(("language", "scheme"), [("nl", "light"), ("en", "dark")])
def test_the_pages_are_accessible_in_either_light_and_language(
    place: Place, phone: Page, language: str, scheme: str
) -> None:
    full(place)
    phone.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    def sound(name: str) -> None:
        expect(phone.locator("html")).to_have_attribute("lang", language)
        accessible(phone, name)
        fits(phone, name)

    phone.goto(f"/portal?language={language}")
    phone.locator("#tongues summary").click()
    expect(phone.locator("#tongues a")).to_have_count(3)
    sound("closed, with the languages unfolded")
    phone.goto(f"/portal/enter/{'x' * 43}?language={language}")
    sound("used")
    phone.goto(f"/portal/enter/{place.code()}?language={language}")
    sound("portal")
    phone.click(STOP)
    expect(phone.locator(".stopped")).to_have_count(1)
    phone.goto("/portal?changed=1")
    sound("stopped")
    phone.set_viewport_size({"width": 195, "height": 422})  # 200% zoom
    sound("twice the size")
    phone.set_viewport_size({"width": 640, "height": 800})
    phone.goto(f"/hq?language={language}&customer={ANNA.hex()}")
    sound("headquarters")
    for named in ("fleet", "cards"):
        phone.goto(f"/hq/{named}?language={language}")
        sound(named)


def test_what_lies_behind_the_first_page_is_as_large_and_as_sound(place: Place, phone: Page) -> None:
    full(place)
    enter(place, phone)
    for behind in ("data", "digest", "access", "forget", "sure", "pass"):
        phone.goto(f"/portal/{behind}")
        fits(phone, behind)
    phone.goto("/portal/data")
    phone.get_by_role("link", name="Bewijs: Herkennen").click()
    expect(phone.locator("h1")).to_have_text("Herkennen")
    accessible(phone, "receipt")
    fits(phone, "receipt")


def test_headquarters_refreshes_itself(place: Place, phone: Page) -> None:
    place.add()
    phone.goto("/hq")
    expect(phone.locator("[data-facts]")).to_have_attribute("data-facts", "0")
    place.shows()
    expect(phone.locator("[data-facts]")).to_have_attribute("data-facts", "1")


def test_what_somebody_is_typing_stays_theirs_when_the_page_follows(place: Place, phone: Page) -> None:
    large(place)
    phone.goto("/hq/fleet")
    phone.locator("#find").press_sequentially("zwol")
    said = wire.Status(**{**WELL, "trouble": "S02"})
    place.run(place.hub.db.apply(fleet.take, "box-9", said=said, now_ms=place.hub.now_ms()))
    place.loop.call_soon_threadsafe(place.hub.bell.poke)
    expect(phone.locator("[data-box=box-9]")).to_be_visible()
    expect(phone.locator("[data-sum]")).to_contain_text("4 van 14")
    expect(phone.locator("#find")).to_have_value("zwol")
    expect(phone.locator("#find")).to_be_focused()


def test_a_line_that_is_down_is_said_on_the_page(chromium: Browser, place: Place) -> None:
    place.add()
    context = chromium.new_context(base_url=place.url, viewport={"width": 390, "height": 844}, locale="nl-NL")
    phone = context.new_page()
    enter(place, phone)
    context.set_offline(True)
    place.loop.call_soon_threadsafe(place.hub.bell.close)
    expect(phone.locator("#line")).to_be_visible(timeout=PATIENT_MS)
    context.close()


@contextmanager
def stage(frames: list[str]) -> Iterator[str]:
    """A page on another port that frames what it is given, as demanding as the tablet's own pages."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.send_header("cross-origin-embedder-policy", "require-corp")
            self.send_header("cross-origin-opener-policy", "same-origin")
            self.end_headers()
            self.wfile.write("".join(frames).encode())

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    worker = threading.Thread(target=server.serve_forever, daemon=True)
    worker.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_the_stage_frames_both_pages_and_the_buttons_work_in_it(chromium: Browser, tmp_path: Path) -> None:
    frames: list[str] = []
    with (
        stage(frames) as url,
        open_place(tmp_path / "hub", frame_ancestors=(url,)) as place,
    ):
        place.add()
        frames.append(f"<iframe id=p src='{place.url}/portal/enter/{place.code()}'></iframe>")
        frames.append(f"<iframe id=h src='{place.url}/hq?customer={ANNA.hex()}'></iframe>")
        context = chromium.new_context(viewport={"width": 1280, "height": 800}, locale="nl-NL")
        page = context.new_page()
        page.goto(url)
        phone, pane = page.frame_locator("#p"), page.frame_locator("#h")
        expect(phone.locator("h1")).to_have_text("Mevrouw De Vries")
        expect(pane.locator("[data-balance]")).to_contain_text("1.400")
        phone.locator(STOP).click()
        expect(phone.locator(STOP)).to_contain_text("Weer toestaan")
        place.shows()
        expect(phone.locator("[data-look]")).to_have_count(1)
        expect(pane.locator("[data-facts]")).to_have_attribute("data-facts", "1")
        context.close()
