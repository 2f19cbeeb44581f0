"""Products on the tablet: found while typing, opened by their bar code, honest about what nobody knows."""

import json
import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import httpx
import pytest
from playwright.sync_api import Page, expect

from drivers.reader import Sighting, Token
from edge.catalogue import tables
from edge.catalogue.rules import Product, Stock
from staff_ui.assets import FOLDER
from staff_ui.pages.shelf import PICTURES, drawing, price
from staff_ui.samples import modules
from staff_ui.sheets import Frame
from staff_ui.words import LANGUAGES, Words
from tests.staff_ui.house import DAY_MS, Place
from tests.staff_ui.sound import accessible

SHOE = Product(
    "KAYA-42",
    "Wandelschoenen Kaya",
    12995,
    gtin="08712345678906",
    brand="Noordpad",
    category="Schoenen",
    sizes=("42", "bruin"),
    care="Impregneren",
    place="Wand 3",
    colour="#8a5a3c",
    alternatives=("KAYA-43", "NO"),
)
OTHER = Product("KAYA-43", "Wandelschoenen Kaya", 129995, sizes=("43",))
COAT = Product("JAS", "Regenjas <Fjörd>", 8995)


def stocked(place: Place, *stocks: Stock) -> None:
    """Fill the shelf as the feed does."""
    shelf = [SHOE, OTHER, COAT]

    async def fill() -> None:
        await place.house.db.apply(tables.replace, shelf, [])
        await place.house.db.apply(tables.count_here, stocks)
        for each in shelf:
            place.house.products.put(each)
        place.house.products.ready = True

    place.run(fill())


def scan(place: Place, code: str) -> None:
    async def present() -> None:
        token = Token("gs1", code, "weak")
        await place.house.counter.on_sighting(Sighting("balie", datetime.now(UTC), "scan", token))

    place.run(present())


def words_on(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


@pytest.fixture
def tablet_client(place: Place) -> httpx.Client:
    return place.signed_in()


def test_a_count_is_said_with_its_age_and_an_old_one_never_as_certain(
    place: Place, tablet_client: httpx.Client
) -> None:
    now_ms = place.now_ms()
    stocked(place)
    said = {
        None: "De voorraad is nog niet geteld. Kijk even in het schap",
        (6, 60_000): "6 op voorraad, geteld om ",
        (0, 60_000): "Niet op voorraad, geteld om ",
        (2, 2 * DAY_MS): "Misschien nog 2: zoveel telden we op ",
        (0, 2 * DAY_MS): "Waarschijnlijk op: we telden er geen op ",
        (9, 30 * DAY_MS): "Onbekend hoeveel er zijn. De telling is oud: 9, op ",
    }
    for counted, sentence in said.items():
        if counted:
            count, since_ms = counted
            stocked(place, Stock(SHOE.item, count, now_ms - since_ms))
        assert sentence in words_on(tablet_client.get("/products/KAYA-42").text)


def test_a_product_says_what_is_known_and_what_nobody_filled_in(
    place: Place, tablet_client: httpx.Client
) -> None:
    stocked(place)
    page = words_on(tablet_client.get("/products/KAYA-42").text)
    for each in ("Noordpad · Schoenen", "€ 129,95", "42, bruin", "Impregneren", "Wand 3", "8712345678906"):
        assert each in page
    assert "Nog niet ingevuld: beschrijving, herkomst, duurzaamheid." in page
    assert "Het hoofdkantoor krijgt dat te horen." in page
    told = "SELECT body FROM outbox WHERE kind='product_gap_met'"
    assert [json.loads(body) for (body,) in place.rows(told)] == [
        {"item": "KAYA-42", "lacking": ["description", "origin", "sustainability"]}
    ]
    tablet_client.get("/products/KAYA-42")
    assert len(place.rows(told)) == 1
    assert "€ 1.299,95" in page
    assert "&lt;Fjörd&gt;" in tablet_client.get("/products/JAS").text
    gone = tablet_client.get("/products/NO")
    assert gone.status_code == 410
    assert "Dit product staat niet in de catalogus" in gone.text


def test_an_empty_catalogue_says_what_will_be_there(place: Place, tablet_client: httpx.Client) -> None:
    place.house.products.ready = True
    assert "Zodra het hoofdkantoor de catalogus stuurt" in tablet_client.get("/products").text
    stocked(place)
    assert "Typ een paar letters" in tablet_client.get("/products").text
    assert "Niets gevonden" in tablet_client.get("/products", params={"q": "zzzz"}).text


def test_htmx_gets_only_what_was_found(place: Place, tablet_client: httpx.Client) -> None:
    stocked(place)
    page = tablet_client.get("/products", params={"q": "wandlschoenen"}, headers={"hx-request": "true"}).text
    assert page.strip().startswith('<div id="found">')
    assert "<script" not in page
    assert page.count("data-item=") == 2


@pytest.mark.parametrize("only", ["products", "visits"])
def test_a_tablet_that_shows_no_card_counts_as_nobodys_eyes_on_a_card(place: Place, only: str) -> None:
    house = place.house

    async def roles() -> tuple[list[str], list[str]]:
        shelf, floor = house.live.stream("staff", only=only), house.live.stream("manager")
        await anext(shelf)
        before = house.live.roles()
        await anext(floor)
        after = house.live.roles()
        await shelf.aclose()
        await floor.aclose()
        return before, after

    assert place.run(roles()) == ([], ["manager"])


def test_every_drawing_that_a_product_can_have_is_drawn_and_the_words_find_one() -> None:
    root = ElementTree.parse(FOLDER / "products.svg").getroot()
    assert {each.get("id") for each in root} == PICTURES
    assert (FOLDER / "products.svg").stat().st_size < 12_000
    for product, name in {
        Product("A", "Slaapzak Uil", 1): "slaapzak",
        Product("A", "Uil", 1, category="Schoenen"): "schoen",
        Product("A", "Handdoek", 1): "handdoek",
        Product("A", "Iets", 1): "doos",
        Product("A", "Iets", 1, picture="tent"): "tent",
        Product("A", "Iets", 1, picture="../x"): "doos",
    }.items():
        assert drawing(product) == name


def test_a_price_is_said_as_people_write_it() -> None:
    assert price(129995, Words("nl", "Europe/Amsterdam")) == "€ 1.299,95"
    assert price(5, Words("en", "Europe/Amsterdam")) == "€ 0.05"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sample_of_a_product_page_can_be_shown(place: Place, language: str) -> None:
    from staff_ui.assets import read_assets
    from staff_ui.sheets import Sheets

    sheets = Sheets(read_assets(), timezone="Europe/Amsterdam")
    frame = Frame(language=language, shop="Van Dam", theme="light", hand="right", own="x", staff="Anna")  # type: ignore[arg-type]
    shown = 0
    for module in modules():
        if module.TEMPLATE in ("products.html", "product.html"):
            for it in module.samples(frame, sheets.words[frame.language]).values():
                assert "<h1>" in sheets.render(module.TEMPLATE, it, frame.language)
                shown += 1
    assert shown == 12


@pytest.mark.browser
def test_products_appear_while_typing_and_open_with_a_touch(place: Place, tablet: Page) -> None:
    stocked(place, Stock(SHOE.item, 6, place.now_ms() - 60_000))
    tablet.locator("nav a", has_text="Product").click()
    tablet.locator("[name=q]").press_sequentially("wandlschoe")
    expect(tablet.locator("#found [data-item]")).to_have_count(2)
    expect(tablet.locator("[name=q]")).to_be_focused()
    tablet.locator("[data-item='KAYA-42'] a").click()
    expect(tablet.locator("h1")).to_have_text("Wandelschoenen Kaya")
    expect(tablet.locator(".drawing").first).to_have_attribute("fill", "#8a5a3c")
    drawn = tablet.locator(".plate .drawing use").evaluate("each => each.getBBox().width")
    assert drawn > 0


@pytest.mark.browser
def test_a_scanned_bar_code_opens_on_the_tablet_by_itself(place: Place, tablet: Page) -> None:
    stocked(place)
    scan(place, "08712345678906")
    expect(tablet.locator(".scanned")).to_have_text("Gescand: Wandelschoenen Kaya")
    tablet.goto("/products")
    expect(tablet.locator(".scan b")).to_have_text("Wandelschoenen Kaya")
    scan(place, "08712345678913")
    expect(tablet.locator(".scan .reason")).to_contain_text("staat niet in de catalogus")
    tablet.locator("[name=q]").fill("regenjas")
    expect(tablet.locator("#found [data-item]")).to_have_count(1)
    scan(place, "08712345678906")
    expect(tablet.locator(".scan b")).to_have_text("Wandelschoenen Kaya")
    expect(tablet.locator("#found [data-item='JAS']")).to_have_count(1)


@pytest.mark.browser
@pytest.mark.parametrize("size", [(1280, 800), (800, 1280), (400, 800)])
def test_the_product_pages_break_no_rule_of_access_and_fit_the_screen(
    place: Place, tablet: Page, size: tuple[int, int]
) -> None:
    stocked(place, Stock(SHOE.item, 6, place.now_ms() - 2 * DAY_MS))
    scan(place, "08712345678906")
    tablet.set_viewport_size({"width": size[0], "height": size[1]})
    for address in ("/products?q=wandel", "/products/KAYA-42"):
        tablet.goto(address)
        expect(tablet.locator("h1")).to_be_visible()
        accessible(tablet)
        wide = tablet.evaluate(
            "[...document.querySelectorAll('main *')]"
            ".filter(each => each.getBoundingClientRect().right > innerWidth).length"
        )
        assert wide == 0
        small = tablet.evaluate(
            "[...document.querySelectorAll('main a, main button, main input')]"
            ".filter(each => each.getBoundingClientRect().height < 48).length"
        )
        assert small == 0


@pytest.mark.browser
def test_a_form_that_is_sent_by_hand_finds_too(place: Place, tablet: Page) -> None:
    stocked(place)
    tablet.goto("/products")
    tablet.locator("[name=q]").fill("8712345678906")
    tablet.locator("[name=q]").press("Enter")
    expect(tablet).to_have_url(re.compile(r"/products\?q=8712345678906$"))
    expect(tablet.locator("#found [data-item]")).to_have_count(1)
