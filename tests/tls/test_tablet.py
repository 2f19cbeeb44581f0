"""A real tablet over HTTPS: Chromium that trusts the box's own authority, and a key that no copy of it has."""

import re

import pytest
from playwright.sync_api import Browser, BrowserContext, Error, Page, expect

from edge.staff.devices import PROOF_MS
from tests.staff_ui.house import PIN
from tests.tls.rig import Box

pytestmark = pytest.mark.browser


def paired(context: BrowserContext, box: Box, name: str = "balie") -> Page:
    page = context.new_page()
    page.goto(f"{box.url}/pair/{box.pair_code(name)}")
    page.get_by_role("button", name="Koppel deze tablet").click()
    expect(page.locator("#signin")).to_be_visible()
    return page


def signed_in(page: Page, name: str = "Anna Kok") -> Page:
    page.check(f"[name=staff][value='{name}']")
    page.fill("[name=pin]", PIN)
    page.click("#signin .go")
    expect(page.locator("#rij")).to_be_visible()
    return page


def test_an_enrolled_tablet_is_paired_and_signed_in_over_https_with_secure_cookies(
    box: Box, enrolled: Browser
) -> None:
    context = enrolled.new_context()
    said: list[str] = []
    context.on("console", lambda message: said.append(message.text))
    context.on("weberror", lambda error: said.append(str(error.error)))
    page = signed_in(paired(context, box))
    assert page.url == f"{box.url}/"
    cookies = {each["name"]: each for each in context.cookies()}
    assert {"__Host-welkom_tablet", "__Host-welkom_session", "__Host-welkom_proof"} <= set(cookies)
    for name, each in cookies.items():
        assert each["secure"] is True, name
        assert each["httpOnly"] is True, name
        assert each["sameSite"] == "Strict", name
    # What a service worker and WebCrypto need.
    assert page.evaluate("window.isSecureContext && 'serviceWorker' in navigator && !!crypto.subtle")
    assert said == []
    context.close()


def test_the_key_cannot_leave_the_browser_and_holds_nothing_personal(box: Box, enrolled: Browser) -> None:
    context = enrolled.new_context()
    page = paired(context, box)
    held = page.evaluate("""async () => {
        const open = (r) => new Promise((done) => { r.onsuccess = () => done(r.result); });
        const db = await open(indexedDB.open("welkom", 1));
        const keys = db.transaction("keys").objectStore("keys");
        const key = await open(keys.get("device"));
        const out = await crypto.subtle.exportKey("pkcs8", key).catch((error) => error.name);
        return [await open(keys.getAllKeys()), key.type, key.extractable, out];
    }""")
    assert held == [["device"], "private", False, "InvalidAccessError"]
    context.close()


def test_cookies_copied_to_another_browser_are_refused_in_words_and_the_tablet_works_on(
    box: Box, enrolled: Browser
) -> None:
    browser = enrolled
    context, thief = browser.new_context(), browser.new_context()
    page = signed_in(paired(context, box))
    copied = [each for each in context.cookies() if not each["name"].endswith("proof")]
    thief.add_cookies([dict(each) for each in copied])  # type: ignore[misc]
    stolen = thief.new_page()
    for path in ("/", "/signin"):
        stolen.goto(box.url + path)
        expect(
            stolen.get_by_role("heading", name="Deze browser heeft de sleutel van de tablet niet")
        ).to_be_visible()
        expect(stolen.locator("#rij, #signin")).to_have_count(0)
    page.reload()
    expect(page.locator("#rij")).to_be_visible()
    # With the proof too a copy is worth a minute at most; the tablet itself signs again by itself.
    thief.add_cookies([dict(each) for each in context.cookies()])  # type: ignore[misc]
    box.clock.both_by_ms += PROOF_MS + 1_000
    status, to = stolen.evaluate("""async () => {
        const answer = await fetch("/visits", { headers: { "hx-request": "true" } });
        return [answer.status, answer.headers.get("hx-redirect")];
    }""")
    assert (status, to.startswith("/device?")) == (401, True)
    stolen.goto(box.url)
    expect(
        stolen.get_by_role("heading", name="Deze browser heeft de sleutel van de tablet niet")
    ).to_be_visible()
    page.goto(f"{box.url}/search?q=de")
    expect(page).to_have_url(f"{box.url}/search?q=de")
    # The door let it through to the whole address; the page itself takes no name from there.
    expect(page.locator("[name=q]")).to_have_value("")
    context.close()
    thief.close()


def test_a_tablet_that_lost_its_storage_says_that_it_has_to_be_paired_again(
    box: Box, enrolled: Browser
) -> None:
    context = enrolled.new_context()
    page = signed_in(paired(context, box))
    page.evaluate(
        "() => { indexedDB.deleteDatabase('welkom').onsuccess ="
        " () => document.dispatchEvent(new Event('visibilitychange')); }"
    )
    expect(page.get_by_role("alert")).to_contain_text("opnieuw te koppelen")
    paired(context, box)
    signed_in(page.context.pages[-1])
    context.close()


def test_what_was_typed_after_a_sleep_is_sent_with_a_fresh_signature(box: Box, enrolled: Browser) -> None:
    context = enrolled.new_context()
    page = paired(context, box)
    page.check("[name=staff][value='Anna Kok']")
    page.fill("[name=pin]", PIN)
    # The proof of a tablet that slept is over, and its script knows that time went by.
    page.clock.install()
    page.clock.fast_forward(PROOF_MS * 2)
    box.clock.both_by_ms += PROOF_MS * 2
    page.click("#signin .go")
    expect(page.locator("#rij")).to_be_visible()
    context.close()


def test_a_browser_without_script_is_paired_by_its_cookie_alone(box: Box, enrolled: Browser) -> None:
    context = enrolled.new_context(java_script_enabled=False)
    page = signed_in(paired(context, box))
    assert "__Host-welkom_proof" not in {each["name"] for each in context.cookies()}
    expect(page.locator("#rij")).to_be_visible()
    context.close()


def test_peeking_behind_the_code_does_not_use_it_up(box: Box, enrolled: Browser) -> None:
    context = enrolled.new_context()
    code = box.pair_code()
    page = context.new_page()
    for _ in range(2):
        page.goto(f"{box.url}/pair/{code}")
    page.get_by_role("button", name="Koppel deze tablet").click()
    expect(page.locator("#signin")).to_be_visible()
    page.goto(f"{box.url}/pair/{code}")
    page.get_by_role("button", name="Koppel deze tablet").click()
    expect(page.locator("h1")).to_contain_text("code")
    context.close()


def test_a_second_touch_does_not_use_the_code_twice(box: Box, enrolled: Browser) -> None:
    context = enrolled.new_context()
    page = context.new_page()
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.goto(f"{box.url}/pair/{box.pair_code()}")
    page.get_by_role("button", name="Koppel deze tablet").dblclick()
    expect(page.locator("#signin")).to_be_visible()
    assert [each for each in sent if "/pair/" in each] == sent[:1]
    context.close()


def test_a_used_link_pressed_again_leaves_a_paired_tablet_its_key_and_a_new_link_gives_it_another(
    box: Box, enrolled: Browser
) -> None:
    context = enrolled.new_context()
    page = context.new_page()
    used = f"{box.url}/pair/{box.pair_code('kassa')}"
    page.goto(used)
    page.get_by_role("button", name="Koppel deze tablet").click()
    expect(page.locator("#signin")).to_be_visible()
    page.goto(used)
    page.get_by_role("button", name="Koppel deze tablet").click()
    expect(page.locator("h1")).to_contain_text("code")
    page.goto(f"{box.url}/signin")
    expect(page.locator("#signin")).to_be_visible()
    paired(context, box, "kassa 2")
    context.close()


def test_a_manager_shows_the_next_tablet_a_code_and_staff_cannot(box: Box, enrolled: Browser) -> None:
    browser = enrolled
    context = browser.new_context()
    page = signed_in(paired(context, box))
    page.goto(f"{box.url}/manage/pair")
    expect(page.locator("h1")).to_have_text("Dit is voor de beheerder")
    page.goto(f"{box.url}/signin")
    signed_in(page, "Bram de Wit")
    page.goto(f"{box.url}/manage/pair")
    page.fill("[name=name]", "Etalage")
    page.get_by_role("button", name="Maak een code").click()
    expect(page.locator("svg.qr")).to_have_count(2)
    expect(page.locator("[data-fingerprint]")).to_have_text(box.own.fingerprint)
    assert page.locator("[style]").count() == 0
    address = page.locator("[data-pair] + .print").inner_text()
    next_one = browser.new_context()
    fresh = next_one.new_page()
    fresh.goto(re.sub(r"^https://[^/]+", box.url, address))
    fresh.get_by_role("button", name="Koppel deze tablet").click()
    expect(fresh.locator("#signin")).to_be_visible()
    names = box.edge.house.db.reader.execute("SELECT name FROM tablet").fetchall()
    assert ("Etalage",) in names
    next_one.close()
    context.close()


def test_a_browser_that_was_not_enrolled_does_not_get_in(box: Box, stranger: Browser) -> None:
    page = stranger.new_page()
    with pytest.raises(Error, match="ERR_CERT_AUTHORITY_INVALID"):
        page.goto(box.url)
