"""Keuzehulp on somebody's own phone: nobody is known there, and only who asks for it has anything kept."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, ViewportSize, expect

import edge.demo
from edge.catalogue.rules import Stock
from edge.choice.folder import read_folder
from edge.demo.goods import goods
from edge.kit.seal import key_place, trait_place, unseal
from sync.hub.portal import choosing
from tests.patience import PATIENT_MS
from tests.staff_ui.sound import accessible
from tests.sync.centre import ANNA, BRAM, KEYS
from tests.sync.portal.place import Place, open_place, own_token

DEMO = Path(edge.demo.__file__).parent / "choices"
HERE = "/portal/choose/s1/slaapzak"
END = "rug.voorjaar.nat.draaien"
NAMED = {ware.item for helper in read_folder(DEMO) for ware in helper.wares}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A hub with the demo's helpers and shelves; Anna may be advised, Bram did not say yes to that."""
    with open_place(tmp_path_factory.mktemp("hub"), choices=DEMO) as opened:
        opened.add()
        opened.add(BRAM, number="2", purposes=("saving", "recognition"), name={"call": "Bram"})
        now_ms = opened.hub.now_ms()
        opened.run(opened.hub.add_products([each for each in goods(seed=1) if each.item in NAMED]))
        opened.run(opened.hub.set_stock([Stock(item, 3, now_ms) for item in sorted(NAMED)]))
        yield opened
        assert [each for each in opened.said if each[0] == "request_died"] == []


def wishes(place: Place, customer_id: bytes) -> list[str] | None:
    found = place.rows(
        "SELECT t.sealed, t.ver, k.wrapped FROM trait AS t JOIN customer_key AS k ON k.customer_id=t.customer_id"
        " WHERE t.customer_id=? AND t.name='wishlist'",
        customer_id,
    )
    if not found:
        return None
    sealed, ver, wrapped = found[0]
    key = unseal(KEYS.hub_kek, bytes(wrapped), key_place(customer_id))
    value = msgspec.json.decode(unseal(key, bytes(sealed), trait_place(customer_id, "wishlist", ver)))
    return list(value["items"])


def picked(answer: httpx.Response) -> list[str]:
    return re.findall(r'data-pick="([^"]+)"', answer.text)


def test_a_stranger_plays_it_to_the_end_and_nothing_is_set_read_or_written(place: Place) -> None:
    before = place.rows("SELECT count(*) FROM portal_session")
    phone = place.phone()
    page = phone.get("/portal/choose/s1")
    assert f'href="{HERE}"' in page.text
    page = phone.get(HERE)
    while "data-outcome" not in page.text:
        assert "set-cookie" not in page.headers
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "script" not in page.text
        step = re.findall(rf'class="act" href="({HERE}/[^"]+)"', page.text)[0]
        page = phone.get(step)
    assert len(picked(page)) == 3
    assert picked(phone.get(f"{HERE}/{END}")) == picked(place.inside().get(f"{HERE}/{END}"))
    assert len(phone.cookies) == 0
    assert place.rows("SELECT count(*) FROM portal_session") == [(before[0][0] + 1,)]  # Anna's, above


def test_a_helper_speaks_the_readers_language_where_it_was_written_in_it_and_says_so_elsewhere(
    place: Place,
) -> None:
    phone = place.phone()
    dutch, english = phone.get(HERE), phone.get(HERE, headers={"accept-language": "en"})
    assert "Hoe neemt u hem mee?" in dutch.text
    assert "How will you carry it?" in english.text
    german = phone.get(f"{HERE}?language=de")
    assert "nur auf Englisch und Niederländisch" in german.text
    assert re.search('lang="en">.*How will you carry it', german.text, re.DOTALL)
    assert f'href="{HERE}/rug?language=de"' in german.text


def test_only_who_may_be_advised_has_it_kept_and_only_by_their_own_form(place: Place) -> None:
    keep = f"/portal/keep/s1/slaapzak/{END}"
    assert place.phone().get(keep).status_code == 401
    anna = place.inside()
    page = anna.get(f"{keep}?kept=1")
    assert 'data-step="ask"' in page.text  # what an address says was kept, was not
    assert wishes(place, ANNA) is None
    assert anna.post(keep, data={"own": "no"}).status_code == 403
    token = own_token(page.text)
    for _ in range(2):
        kept = anna.post(keep, data={"own": token}, headers={"sec-fetch-site": "same-origin"})
        assert kept.headers["location"] == keep
    assert wishes(place, ANNA) == ["bag-sleep-009", "bag-sleep-002", "bag-sleep-012"]
    assert 'data-step="kept"' in anna.get(keep).text
    other = "/portal/keep/s1/slaapzak/auto.vorst.droog.recht"
    anna.post(other, data={"own": token})
    assert (wishes(place, ANNA) or [])[:2] == ["bag-sleep-013", "bag-sleep-005"]
    # What headquarters put on the list since the page was made stays there.
    place.run(place.hub.change(choosing.wish, place.hub, ANNA, ["from-hq"]))
    anna.post(other, data={"own": token})
    assert "from-hq" in (wishes(place, ANNA) or [])
    bram = place.inside(BRAM)
    page = bram.get(keep)
    assert 'data-step="no_basis"' in page.text
    bram.post(keep, data={"own": own_token(bram.get("/portal").text)})
    assert wishes(place, BRAM) is None


def test_a_price_that_the_law_holds_is_no_part_of_what_is_named(place: Place) -> None:
    (bag,) = (each for each in goods(seed=1) if each.item == "bag-sleep-009")

    def put(category: str) -> str:
        place.run(place.hub.add_products([replace(bag, category=category)]))
        page = place.phone().get(f"{HERE}/{END}").text
        return page.split('data-pick="bag-sleep-009"')[1].split("</h2>")[0]

    try:
        assert "€" not in put("Kinderboeken")
    finally:
        assert "€" in put(bag.category)


def test_what_is_no_shop_helper_or_way_through_is_said(place: Place) -> None:
    phone = place.phone()
    for path in ("/portal/choose/s9", "/portal/choose/s9/slaapzak", "/portal/choose/s1/fiets"):
        assert phone.get(path).status_code == 404
    begun = phone.get(f"{HERE}/rug.toen")
    assert "veranderd sinds de link" in begun.text
    assert place.inside().get("/portal/keep/s1/slaapzak/rug").status_code == 404


def test_somebody_at_the_shelf_plays_it_on_their_phone_without_a_touch_and_keeps_it(
    place: Place, chromium: Browser
) -> None:
    screen: ViewportSize = {"width": 390, "height": 844}
    with chromium.new_context(
        base_url=place.url, viewport=screen, reduced_motion="reduce", locale="nl-NL"
    ) as context:
        context.set_default_timeout(PATIENT_MS)
        phone = context.new_page()
        phone.goto(HERE)
        accessible(phone, "the first question")
        for number in range(1, 5):
            expect(phone.locator(f"[data-question='{number}']")).to_be_visible()
            assert not phone.evaluate("document.documentElement.scrollWidth > innerWidth")
            phone.locator(".answers a").nth(1).focus()
            phone.keyboard.press("Enter")
        expect(phone.locator("[data-pick]")).to_have_count(3)
        accessible(phone, "what fits")
        assert context.cookies() == []
        outcome = phone.url
        phone.goto(f"/portal/enter/{place.code()}")
        phone.goto(outcome)
        phone.locator("a[href^='/portal/keep/']").click()
        phone.locator("main form button").click()
        expect(phone.locator("[data-step=kept]")).to_be_visible()
        accessible(phone, "kept")
