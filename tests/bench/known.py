"""How long it takes somebody to become known, in Chromium, at the pace of a person: on the tablet with the hub off,
and on their own phone.

A person types one letter in 0.33 s (36 words a minute on a phone: Palin and others, "How do people type on mobile
devices?", MobileHCI 2019) and takes 1.2 s to find and press the next thing. Reading is in those 1.2 s: whoever reads
every line takes longer, and nothing hurries them.
"""

import time
from pathlib import Path
from typing import Any, Final

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Locator, Page, expect

from edge.joining import ticket as tickets
from edge.joining.ticket import TICKET_MS, Ticket
from tests.patience import PATIENT_MS
from tests.stories.counter import Counter
from tests.sync.centre import HERE, SHOP_KEY
from tests.sync.portal.place import open_place

LETTER_MS: Final = 330
PRESS_MS: Final = 1_200
NAME: Final = "mevrouw Wonderbaarlijk"
LIMIT_S: Final = 30.0


def press(page: Page, what: Locator) -> None:
    page.wait_for_timeout(PRESS_MS)
    what.click()


def write(page: Page, what: Locator) -> None:
    press(page, what)
    what.press_sequentially(NAME, delay=LETTER_MS)


def on_the_tablet(counter: Counter, page: Page) -> dict[str, Any]:
    """From the moment it is in the customer's hands until it is kept; the hub is off."""
    counter.scanner.write("2012345678907\r\n")
    page.get_by_role("link", name="Geef de tablet").click(timeout=PATIENT_MS)
    page.get_by_role("button", name="Geef de tablet").click()
    expect(page.locator("[data-step=ask]")).to_be_visible(timeout=PATIENT_MS)
    wrong = len(Axe().run(page).response["violations"])
    began_s = time.monotonic()
    write(page, page.get_by_label("Hoe mogen wij u aanspreken?"))
    press(page, page.locator(".tile", has_text="U herkennen in de winkel"))
    press(page, page.get_by_role("button", name="Klaar"))
    expect(page.locator("[data-step=check]")).to_be_visible(timeout=PATIENT_MS)
    took_s = time.monotonic() - began_s
    wrong += len(Axe().run(page).response["violations"])
    began_s = time.monotonic()
    press(page, page.get_by_role("button", name="Bevestigen"))
    expect(page.locator("h1")).to_contain_text("Wonderbaarlijk", timeout=PATIENT_MS)
    return {"tablet_s": round(took_s + time.monotonic() - began_s, 1), "tablet_axe": wrong}


def on_their_phone(page: Page, folder: Path) -> dict[str, Any]:
    """From the moment the code was scanned until the pass is there."""
    with open_place(folder) as place:
        until_ms = place.hub.now_ms() + TICKET_MS
        ticket = Ticket(until_ms, HERE, 8, "koffie", "Vandaag: eerste stempel cadeau")
        began_s = time.monotonic()
        page.goto(f"{place.url}/portal/join/{tickets.write(SHOP_KEY, 's1', ticket)}")
        write(page, page.get_by_label("Hoe mogen wij u aanspreken?"))
        press(page, page.get_by_label("U herkennen in de winkel"))
        took_s = time.monotonic() - began_s
        wrong = len(Axe().run(page).response["violations"])
        began_s = time.monotonic()
        press(page, page.get_by_role("button", name="Klaar"))
        expect(page.locator("[data-step=check]")).to_be_visible(timeout=PATIENT_MS)
        took_s += time.monotonic() - began_s
        wrong += len(Axe().run(page).response["violations"])
        began_s = time.monotonic()
        press(page, page.get_by_role("button", name="Bevestigen"))
        expect(page.locator("[data-code] path")).to_have_count(1, timeout=PATIENT_MS)
        took_s += time.monotonic() - began_s
    return {"phone_s": round(took_s, 1), "phone_axe": wrong}
