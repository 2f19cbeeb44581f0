"""From the press of a stop button until nothing of that customer is on another screen: real processes, real browser.

`welkom hub` and `welkom edge` run by themselves. A phone (390 x 844) has the customer's page of the hub, a tablet the
list with their card. Measured is from the click, as the phone's browser stamps it, to the change of the tablet's
document after which their name stands nowhere in it; both stamps are of one machine's clock. Each round is another
customer. The second part is without the hub: the button is pressed on a tablet in the customer's own hands.
"""

import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from edge.demo.people import Person
from edge.kit.clock import SystemClock
from edge.kit.sqlite import open_writer
from edge.staff import acts
from sync.hub.portal.sessions import make_code
from tests.conftest import ARGUMENTS, CHROMIUM
from tests.patience import PATIENT_MS, PATIENT_S
from tests.stories.shop import PIN, RECIPIENT, Shop, open_shop, until
from tests.stories.tablet import sign_in
from tests.stories.taps import Pipe

Outcome = tuple[bool, dict[str, Any]]
ROUNDS, ROUNDS_APART = 120, 40
LIMIT_MS: Final = 1_000.0
PHONE: Final = {"width": 390, "height": 844}
TABLET: Final = {"width": 1280, "height": 800}
# A click goes on to another page, so the stamp lies where that one finds it.
STAMPED: Final = """
addEventListener("click", (event) => {
  if (event.target.closest("button")) sessionStorage.pressed = performance.timeOrigin + performance.now();
}, true)"""
WATCHED: Final = """
(name) => {
  window.gone = 0;
  const there = () => document.documentElement.textContent.includes(name);
  if (!there()) return false;
  const watcher = new MutationObserver(() => {
    if (there()) return;
    window.gone = performance.timeOrigin + performance.now();
    watcher.disconnect();
  });
  watcher.observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
  return true;
}"""


def stop_phone_1_s(rounds: int = ROUNDS, apart: int = ROUNDS_APART) -> Outcome:
    """Milliseconds from press to gone: over the line, and at the shop with the hub stopped."""
    people = [_person(number) for number in range(1, rounds + apart + 1)]
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as name, sync_playwright() as playwright:
        extra = [(each, [each.barcode]) for each in people]
        with open_shop(Path(name) / "shop", count=0, extra=extra) as shop, _browser(playwright) as browser:
            handed_code = _pair_code(shop)
            shop.start_hub()
            shop.start_edge()
            shop.moved_in()
            tablet = sign_in(_context(browser, TABLET), shop)
            with closing(Pipe(shop.pipe)) as pipe:
                phone = _context(browser, PHONE).new_page()
                connected = [
                    _gone_ms(tablet, each, pipe, lambda each=each: _on_phone(phone, shop, each))  # type: ignore[misc]
                    for each in people[:rounds]
                ]
                shop.stop_hub()
                shop.pair_code = handed_code
                handed = sign_in(_context(browser, TABLET), shop)
                alone = [
                    _gone_ms(tablet, each, pipe, lambda each=each: _on_tablet(handed, shop, each, pipe))  # type: ignore[misc]
                    for each in people[rounds:]
                ]
    figures = {"limit_ms": LIMIT_MS, "connected": _figures(connected), "hub_off": _figures(alone)}
    holds = all(_p99(each) <= LIMIT_MS for each in (connected, alone))
    return holds, figures


def _gone_ms(tablet: Page, who: Person, pipe: Pipe, press: Callable[[], Page]) -> float:
    """Show somebody's card on the tablet, have them press stop, and wait until they are gone from it."""
    pipe.tap(who.barcode)
    expect(tablet.locator("[data-card] h1", has_text=who.name)).to_be_visible(timeout=PATIENT_MS)
    assert tablet.evaluate(WATCHED, who.name), "their name is on the tablet before"
    pressed = press()
    gone = float(tablet.wait_for_function("() => window.gone", timeout=PATIENT_MS).json_value())
    return gone - float(pressed.evaluate("() => sessionStorage.pressed"))


def _on_phone(phone: Page, shop: Shop, who: Person) -> Page:
    phone.goto(f"http://127.0.0.1:{shop.hub_port}/portal/enter/{_code(shop, who)}")
    button = phone.locator(f"#recognition-{RECIPIENT}")
    expect(button).to_have_text("Stop met herkennen")
    button.click()
    return phone


def _on_tablet(page: Page, shop: Shop, who: Person, pipe: Pipe) -> Page:
    """It is turned to them, they hold their phone to the reader, and stop with their own finger."""
    if page.url.endswith("/own"):
        _take_back(page, shop)  # from whoever had it before
    visit = shop.ask(
        "journal.db", "SELECT lower(hex(id)) FROM visit WHERE ended_ms IS NULL ORDER BY seen_ms DESC"
    )
    page.goto(f"{shop.url}/visits/{visit}/page")
    pipe.tap(who.barcode, kind="hce", how="tap")
    until(
        lambda: page.goto(f"{shop.url}/visits/{visit}/page") and page.locator("[data-step=ready]").count(),
        timeout_s=PATIENT_S,
        what="their phone is known",
    )
    page.locator("button[value=here]").click()
    page.locator("[data-use=recognition] button").click()
    expect(page.locator("[data-use=recognition] button")).to_have_count(0)
    return page


def _take_back(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.url}/signin")
    page.locator("[name=pin]").fill(PIN)
    page.locator("[name=pin]").press("Enter")
    expect(page.locator("#rij")).to_be_visible(timeout=PATIENT_MS)


def _person(number: int) -> Person:
    name = f"Proefpersoon-{number:04d}-einde"
    traits: dict[str, Any] = {
        "name": {"call": name, "short": name, "full": name, "initials": "PP"},
        "points": {"balance": 400},
    }
    barcode = f"29000{number:08d}"
    return Person(number.to_bytes(16, "big"), name, barcode, traits, ("saving", "recognition", "profiling"))


def _code(shop: Shop, who: Person) -> str:
    with closing(open_writer(shop.folder / "hub" / "hub.db")) as conn:
        return make_code(conn, who.customer_id, now_ms=SystemClock().wall_ms())


def _pair_code(shop: Shop) -> str:
    with closing(open_writer(shop.journal)) as conn:
        return acts.pair_code(conn, "balie 2", now_ms=SystemClock().wall_ms(), keep_ms=3_600_000)


@contextmanager
def _browser(playwright: Any) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGUMENTS)
    yield browser
    browser.close()


def _context(browser: Browser, size: Any) -> BrowserContext:
    context = browser.new_context(viewport=size, locale="nl-NL")
    context.add_init_script(STAMPED)
    context.set_default_timeout(PATIENT_MS)
    return context


def _p99(took_ms: list[float]) -> float:
    return sorted(took_ms)[max(0, -(-99 * len(took_ms) // 100) - 1)]


def _figures(took_ms: list[float]) -> dict[str, Any]:
    return {
        "rounds": len(took_ms),
        "p50_ms": round(statistics.median(took_ms), 1),
        "p99_ms": round(_p99(took_ms), 1),
        "worst_ms": round(max(took_ms), 1),
    }
