"""Advice on the card and on its own page: never before the card, true, gone with the consent."""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from sqlite3 import Connection
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from edge.advice.reasons import (
    DueAgain,
    DueAgainVisits,
    GoesWith,
    Often,
    OthersLikeYou,
    PopularHere,
    Suggestion,
)
from edge.advice.rules import DAY_MS, Basket, Item
from edge.consent import acts as consent
from staff_ui.assets import read_assets
from staff_ui.pages.offers import short, why
from staff_ui.samples import advice as samples
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import Words
from tests.advice.shop import put_history, put_items
from tests.patience import PATIENT_MS, PATIENT_S
from tests.rules.advice_shop import trait
from tests.staff_ui.house import DE_VRIES, Place, own_token
from tests.staff_ui.sound import accessible
from tests.stories.shop import until

CARD = "2900000000011"
ITEMS = (
    Item("tent-2", "Tent Vuurtoren 2", "tenten", True, False, 3, "wand 4"),
    Item("sheet-2", "Grondzeil 2 personen", "tenten", True, False, 6, "wand 4"),
    Item("gas-1", "Gasblik 230 g", "koken", False, False, 24, "kopstelling"),
    Item("sock-1", "Wandelsokken merino", "sokken", False, False, 12, ""),
    Item("wax-1", "Impregneerwas", "onderhoud", False, False, None, "kassa"),
    Item("test-1", "Zelftest", "gezondheid", False, True, 5, ""),
)
SOLD_OUT = Item("gone-1", "Uitverkochte muts", "mutsen", False, False, 0, "")


def basket(place: Place, days_ago: int, *items: str) -> Basket:
    return Basket(place.now_ms() - days_ago * DAY_MS, items)


def put_shop(place: Place) -> None:
    """Thirty customers who bought a ground sheet with their tent, and socks."""

    def put(conn: Connection) -> None:
        put_items(conn, (*ITEMS, SOLD_OUT), counted_ms=place.now_ms() - DAY_MS)
        for number in range(30):
            lines = [basket(place, 200 + number, "tent-2", "sheet-2"), basket(place, 90, "sock-1", "gone-1")]
            lines += [basket(place, 20, "wax-1", "gas-1")] if number % 2 else []
            put_history(
                conn,
                os.urandom(16),
                lines,
                kek=place.house.keys.kek,
                recipient=place.house.config.shop.recipient,
            )

    place.run(place.house.db.apply(put))


@contextmanager
def advising(place: Place) -> Iterator[None]:
    """The shop with its worker running."""
    put_shop(place)
    work: list[Any] = []

    async def start() -> None:
        work.append(asyncio.create_task(place.house.advisor.run()))
        place.house.advisor.start()

    async def stop() -> None:
        work[0].cancel()
        with pytest.raises(BaseException):  # noqa: B017, PT011
            await work[0]

    place.run(start())
    until(lambda: place.house.advisor.condition.up, timeout_s=PATIENT_S, what="trained")
    yield
    place.run(stop())


@pytest.fixture
def advised(place: Place) -> Iterator[Place]:
    with advising(place):
        yield place


def tent_owner(place: Place, **more: Any) -> bytes:
    lines = [basket(place, days, "gas-1", "test-1") for days in (120, 90, 60, 30)]
    lines.append(basket(place, 12, "tent-2", "test-1"))
    # So little else on the card that an offer beside it is still a glance.
    stamps = {"have": 7, "of": 8, "reward": "gratis impregneren"}
    return place.customer(CARD, name=DE_VRIES, stamps=stamps, baskets=trait(lines), **more)


def visit_of(place: Place) -> str:
    ((visit_id,),) = place.rows("SELECT id FROM visit WHERE ended_ms IS NULL")
    return bytes(visit_id).hex()


def suggested(place: Place) -> str:
    """The visit of whoever was just seen, with its suggestions there."""
    visit = visit_of(place)

    def there() -> Any:
        async def look() -> Any:
            return place.house.advisor.suggestions(bytes.fromhex(visit))

        return place.run(look())

    until(there, timeout_s=PATIENT_S, what="suggestions")
    return visit


def test_the_card_has_one_line_and_the_page_three_with_reasons_and_the_data_behind(advised: Place) -> None:
    tent_owner(advised)
    books = [replace(each, category="boeken") if each.item == "gas-1" else each for each in ITEMS]
    advised.run(advised.house.db.apply(put_items, books, counted_ms=advised.now_ms() - DAY_MS))
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    assert tablet.get("/visits").text.count("data-suggestion") == 1
    page = tablet.get(f"/visits/{visit}/advice").text
    assert page.count("data-suggestion") == 3
    assert "Misschien iets bij Tent Vuurtoren 2: Grondzeil 2 personen. Vaak samen gekocht." in page
    assert "30 van de 31 keer samen met Tent Vuurtoren 2 gekocht, door 30 klanten." in page
    assert "Ongeveer om de 4 weken gekocht. Tot nu toe 4 keer, 4 weken geleden voor het laatst." in page
    assert "Nog 6 op voorraad, geteld op" in page
    assert "Ligt bij: wand 4" in page
    assert (
        page.count("De prijs ligt vast: bied geen korting aan (Wet op de vaste boekenprijs, artikel 6") == 1
    )
    assert "Waarom zie ik dit?" in page
    assert "Komt vaak terug" in page
    assert "Boeken: in 4 van de 5 aankopen, laatst 4 weken geleden" in page
    assert "Laatste aankopen" in page
    assert "12 dagen geleden" in page
    for never in ("Zelftest", "test-1", "Uitverkochte muts"):
        assert never not in page


def test_without_profiling_the_page_says_so_kindly_and_shows_what_is_popular(advised: Place) -> None:
    tent_owner(advised, purposes=("recognition",))
    advised.tap(CARD)
    visit = suggested(advised)
    page = advised.signed_in().get(f"/visits/{visit}/advice").text
    assert "geen persoonlijk advies, en dat is prima" in page
    assert "Veel gekocht bij ons" in page
    assert "Niets van deze klant." in page
    assert "Laatste aankopen" not in page
    assert "Komt vaak terug" not in page
    assert "Tent Vuurtoren 2: Grondzeil" not in page


def test_the_advice_follows_what_a_colleague_looks_up_for_whom_they_help(advised: Place) -> None:
    """Not before they help, not for who may not be profiled, not what is sensitive, and gone when it is left out."""
    lines = [basket(advised, days, "gas-1") for days in (120, 90, 60, 30)]
    advised.customer(CARD, name=DE_VRIES, baskets=trait(lines))
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    address = f"/visits/{visit}/advice"
    before = tablet.get(address).text
    assert "Druk op “Ik help”" in before
    assert "Misschien iets bij Tent" not in before
    assert "data-follows" not in tablet.get("/products/tent-2").text
    own = own_token(before)
    tablet.post(f"/visits/{visit}/help", data={"own": own})
    assert "data-follows" in tablet.get("/products/tent-2").text
    assert "data-follows" not in tablet.get("/products/test-1").text

    def page_says(sentence: str, there: bool) -> str:
        until(
            lambda: (sentence in tablet.get(address).text) == there,
            timeout_s=PATIENT_S,
            what=f"{sentence} {there}",
        )
        return tablet.get(address).text

    now = page_says("Bij wat de klant nu bekijkt: Tent Vuurtoren 2", there=True)
    assert "Misschien iets bij Tent Vuurtoren 2: Grondzeil 2 personen." in now
    assert "Gebruikt: Tent Vuurtoren 2 is nu in beeld." in now
    assert 'data-looking="tent-2"' in now
    assert 'data-suggestion="tent-2"' not in now
    assert "Zelftest" not in now
    scanned = {"own": own, "code": "sock-1", "symbology": "code_128", "for": "products"}
    assert tablet.post("/scan", data=scanned).headers["location"] == "/products"
    page_says('data-looking="sock-1"', there=True)
    tablet.post(address, data={"own": own, "item": "tent-2", "answer": "away"})
    page_says("Bij wat de klant nu bekijkt", there=False)
    assert "data-follows" in tablet.get("/products/tent-2").text
    withdraw(advised, "profiling")
    assert "data-follows" not in tablet.get("/products/tent-2").text


def test_what_is_said_or_put_away_is_told_to_the_hub_without_naming_staff(advised: Place) -> None:
    customer = tent_owner(advised)
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    address = f"/visits/{visit}/advice"
    own = own_token(tablet.get(address).text)
    said = tablet.post(address, data={"own": own, "item": "gas-1", "answer": "said"})
    assert said.status_code == 303
    assert "✓ Gezegd" in tablet.get(address).text
    gone = tablet.post(address, data={"own": own, "item": "sheet-2", "answer": "not_interested"})
    assert gone.status_code == 303
    assert "Grondzeil" not in tablet.get(address).text
    assert tablet.post(address, data={"own": own, "item": "sheet-2", "answer": "odd"}).status_code == 303
    assert tablet.post(address, data={"own": own, "item": "gas-1", "answer": "x"}).status_code == 403
    assert tablet.post(address, data={"item": "gas-1", "answer": "said"}).status_code == 403
    kinds = "SELECT kind, body FROM outbox WHERE kind LIKE 'suggestion%' ORDER BY seq"
    lines = advised.rows(kinds)
    assert [kind for kind, _ in lines] == ["suggestion_said", "suggestion_dismissed"]
    staff_ids = [bytes(staff_id).hex() for (staff_id,) in advised.rows("SELECT id FROM staff")]
    assert not any(each in str(lines) for each in staff_ids)
    assert advised.rows("SELECT customer_id, item FROM refusal") == [(customer, "sheet-2")]
    kept = "SELECT item, said, away FROM suggestion WHERE said OR away!='' ORDER BY item"
    assert advised.rows(kept) == [("gas-1", 1, ""), ("sheet-2", 0, "not_interested")]
    whole = b"".join(
        bytes(str(value), "utf-8") for row in advised.rows("SELECT * FROM suggestion") for value in row
    )
    tablets = [str(name) for (name,) in advised.rows("SELECT name FROM staff")]
    assert not any(each.encode() in whole for each in (*staff_ids, *tablets))


def test_every_reason_is_said_in_both_languages_with_the_right_numbers(advised: Place) -> None:
    items = {each.item: each for each in ITEMS}
    now_ms = advised.now_ms()
    said = {
        language: [
            (short(each, items, words), why(each.reason, items, words, now_ms=now_ms))
            for reason in (
                DueAgain(1, 1, 4), DueAgain(42, 40, 5), DueAgainVisits(1, 1, 4), DueAgainVisits(3, 4, 6),
                Often(4, 6), Often(1, 6), GoesWith("tent-2", 1_400, 2_000, 900), OthersLikeYou(12),
                PopularHere("all", 2_300, 141),
            )
            for each in (Suggestion("gas-1", "Gasblik", reason),)
        ]
        for language in ("nl", "en")
        for words in (Words(language, "Europe/Amsterdam"),)
    }  # fmt: skip
    assert [line for _, line in said["nl"]] == [
        "Ongeveer elke dag gekocht. Tot nu toe 4 keer, gisteren voor het laatst.",
        "Ongeveer om de 6 weken gekocht. Tot nu toe 5 keer, 5 weken geleden voor het laatst.",
        "Ongeveer bij elk bezoek gekocht. Tot nu toe 4 keer, 1 bezoek geleden voor het laatst.",
        "Ongeveer om de 3 bezoeken gekocht. Tot nu toe 6 keer, 4 bezoeken geleden voor het laatst.",
        "Gekocht bij 4 van de 6 bezoeken.",
        "Gekocht bij 1 van de 6 bezoeken.",
        "1.400 van de 2.000 keer samen met Tent Vuurtoren 2 gekocht, door 900 klanten.",
        "12 klanten met minstens 3 dezelfde aankopen kochten dit ook.",
        "Zit in 141 van de 2.300 aankopen van onze klanten.",
    ]
    assert [line for _, line in said["en"]] == [
        "Bought about every day. 4 times so far, last yesterday.",
        "Bought about every 6 weeks. 5 times so far, last 5 weeks ago.",
        "Bought about every visit. 4 times so far, last 1 visit ago.",
        "Bought about every 3 visits. 6 times so far, last 4 visits ago.",
        "Bought on 4 of 6 visits.",
        "Bought on 1 of 6 visits.",
        "Bought together with Tent Vuurtoren 2 1,400 of 2,000 times, by 900 customers.",
        "12 customers with at least 3 purchases in common bought this too.",
        "In 141 of 2,300 purchases of our customers.",
    ]
    assert {*[line for line, _ in said["nl"]]} >= {
        "Misschien weer: Gasblik. Vaak gekocht.", "Misschien weer: Gasblik. Eerder gekocht.",
        "Misschien leuk: Gasblik. Klanten met een paar dezelfde aankopen kozen dit ook.",
    }  # fmt: skip
    assert all(len(line.split()) <= 14 for lines in said.values() for line, _ in lines)
    assert all(line.startswith(("Misschien", "Perhaps")) for lines in said.values() for line, _ in lines)


def test_looking_at_advice_is_logged_as_profiling_only_where_purchases_are_shown(advised: Place) -> None:
    tent_owner(advised)
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    looks = "SELECT role, purpose FROM view_log ORDER BY purpose"
    tablet.get("/visits")
    own = own_token(tablet.get("/look").text)
    tablet.post("/store/busy", data={"own": own, "busy": "on"})
    page = tablet.get(f"/visits/{visit}/advice").text
    assert "Nu geen suggesties." in page
    assert "Laatste aankopen" not in page
    for path in ("advice", "wallet", "profile"):
        assert f'href="/visits/{visit}/advice"' not in tablet.get(f"/visits/{visit}/{path}").text
    assert ("staff", "profiling") not in advised.rows(looks)
    tablet.post("/store/busy", data={"own": own, "busy": "off"})
    tablet.post(f"/visits/{visit}/alone", data={"own": own})
    page = tablet.get(f"/visits/{visit}/advice").text
    assert "Laatste aankopen" not in page
    assert "data-suggestion" not in page
    tablet.post(f"/visits/{visit}/alone", data={"own": own, "undo": "1"})
    for _ in range(2):
        assert "Laatste aankopen" in tablet.get(f"/visits/{visit}/advice").text
    assert advised.rows(looks).count(("staff", "profiling")) == 1


def test_a_card_that_is_full_leaves_the_offer_to_its_tab(advised: Place) -> None:
    advised.de_vries(baskets=trait([basket(advised, 12, "tent-2")]))
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    assert "data-suggestion" not in tablet.get("/visits").text
    assert "data-suggestion" in tablet.get(f"/visits/{visit}/advice").text


def test_a_page_of_nobody_and_one_without_advice_say_a_sentence(place: Place) -> None:
    tablet = place.signed_in()
    assert tablet.get(f"/visits/{'00' * 16}/advice").status_code == 410
    place.de_vries()
    place.tap(CARD)
    visit = visit_of(place)
    assert "Het advies wordt gemaakt." in tablet.get(f"/visits/{visit}/advice").text
    place.house.advisor.condition.down = True
    assert "Er is nu geen advies." in tablet.get(f"/visits/{visit}/advice").text
    place.house.advisor.enough = lambda visit_id: True
    assert "deze week al genoeg voorstellen" in tablet.get(f"/visits/{visit}/advice").text
    place.house.advisor.withheld = lambda visit_id: True
    assert "Nu geen suggesties." in tablet.get(f"/visits/{visit}/advice").text
    place.house.health.advice_down = True
    place.tell()
    until(
        lambda: "Er is nu geen advies." in tablet.get("/visits").text,
        timeout_s=PATIENT_S,
        what="the top line",
    )


def test_the_page_knows_whether_it_still_says_what_is_true(advised: Place) -> None:
    customer = tent_owner(advised)
    advised.tap(CARD)
    visit = suggested(advised)
    tablet = advised.signed_in()
    page = tablet.get(f"/visits/{visit}/advice").text
    address = page.split('hx-get="', 1)[1].split('"', 1)[0]
    assert tablet.get(address).status_code == 204
    for purpose, header in (("profiling", "hx-refresh"), ("recognition", "hx-redirect")):
        advised.withdraw(customer, purpose)
        assert header in tablet.get(address).headers


@pytest.mark.browser
def test_the_card_is_there_while_the_worker_hangs_and_the_line_comes_later(
    advised: Place, tablet: Page
) -> None:
    tent_owner(advised)
    pid = advised.house.advisor._worker.pid
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        advised.tap(CARD)
        expect(tablet.locator("[data-card] h1")).to_have_text("mevrouw De Vries")
        expect(tablet.locator("[data-suggestion]")).to_have_count(0)
    finally:
        os.kill(pid, signal.SIGCONT)
    expect(tablet.locator("[data-card] [data-suggestion]")).to_have_count(1, timeout=PATIENT_MS)


@pytest.mark.browser
def test_staff_read_why_say_one_put_one_away_and_the_page_leaves_with_the_customer(
    advised: Place, tablet: Page
) -> None:
    tent_owner(advised)
    advised.tap(CARD)
    tablet.locator("[data-card] [data-suggestion]").click(timeout=PATIENT_MS)
    expect(tablet.locator("h1")).to_have_text("Advies")
    expect(tablet.locator(".offer")).to_have_count(3)
    for number in range(3):
        tablet.locator(".offer summary").nth(number).click()
    expect(tablet.locator(".offer").filter(has_text="Grondzeil")).to_contain_text("vanaf 10 klanten")
    accessible(tablet)
    tablet.locator(".offer").filter(has_text="Gasblik").get_by_text("Gezegd", exact=True).click()
    expect(tablet.locator(".done")).to_have_count(1)
    tablet.locator(".offer").filter(has_text="Grondzeil").get_by_text("Niet interessant").click()
    expect(tablet.locator(".offer").filter(has_text="Grondzeil")).to_have_count(0)
    withdraw(advised, "recognition")
    expect(tablet.locator("h1")).to_have_text("Klaar voor de eerste klant")


def withdraw(place: Place, purpose: str) -> None:
    house = place.house

    async def stop() -> None:
        ((customer,),) = house.db.reader.execute(
            "SELECT customer_id FROM visit WHERE ended_ms IS NULL"
        ).fetchall()
        await house.db.write(
            consent.withdraw,
            customer,
            purpose=purpose,
            recipient=house.config.shop.recipient,
            now_ms=house.time.now_ms(),
        )
        house.live.tell("visits")

    place.run(stop())


@pytest.mark.parametrize("language", ["nl", "en"])
def test_every_state_of_the_samples_is_rendered_in_words(language: Any) -> None:
    words = Words(language, "Europe/Amsterdam")
    around = Frame(language=language, shop="Van Dam", theme="light", hand="right", own="", staff="Anna Kok")
    made = samples.samples(around, words)
    states = {"three", "one said", "looking", "not helped", "no profiling"}
    assert states | {"withheld", "enough", "down", "soon", "nothing"} == set(made)
    sheets = Sheets(read_assets(), timezone="Europe/Amsterdam")
    for state, it in made.items():
        assert "data-suggestion" in sheets.render(samples.TEMPLATE, it, language) or not it.shown
        assert it.shown or it.sentence, state
        assert all(each.sentence and each.why and each.used for each in it.shown)
