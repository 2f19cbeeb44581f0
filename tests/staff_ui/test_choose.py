"""Keuzehulp on the tablet: played without naming anybody, explained, taken along; what is sold out is not named."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

import edge.demo
from edge.catalogue import tables
from edge.catalogue.rules import Stock
from edge.choice.folder import read_folder
from edge.config import Choice, Shop
from edge.demo.goods import goods
from tests.staff_ui.house import Place, open_place
from tests.staff_ui.opened import MovedClock
from tests.staff_ui.test_products import words_on

DEMO = Path(edge.demo.__file__).parent / "choices"
HERE = "/choose/slaapzak"
NAMED = {ware.item for helper in read_folder(DEMO) for ware in helper.wares}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A shop with the demo's two helpers and the shelves they name; none of its tests writes a choice anywhere."""
    clock = MovedClock()
    clock.at_hour(10)
    shop = Shop(id="amersfoort", page="https://mijn.winkel.example")
    with open_place(tmp_path_factory.mktemp("choose"), clock=clock, shop=shop, choice=Choice(DEMO)) as opened:
        opened.staff()
        shelf = [each for each in goods(seed=1) if each.item in NAMED]

        async def fill() -> None:
            await opened.house.db.apply(tables.replace, shelf, [])

        opened.run(fill())
        counted(opened, dict.fromkeys(NAMED, 3))
        yield opened


@pytest.fixture
def client(place: Place) -> httpx.Client:
    return place.signed_in()


def counted(place: Place, stocks: dict[str, int]) -> None:
    async def count() -> None:
        lines = [Stock(item, number, place.now_ms()) for item, number in stocks.items()]
        await place.house.db.apply(tables.count_here, lines)

    place.run(count())


def picked(page: str) -> list[str]:
    return re.findall(r'data-pick="([^"]+)"', page)


def test_a_helper_is_played_by_links_alone_and_every_step_leads_back(client: httpx.Client) -> None:
    assert f'href="{HERE}"' in client.get("/choose").text
    page, steps = client.get(HERE).text, [HERE]
    while "data-outcome" not in page:
        assert f"Vraag {len(steps)} van hooguit" in words_on(page)
        step = re.findall(rf'class="tile" href="({HERE}/[^"]+)"', page)[1]
        page = client.get(step).text
        assert f'href="{steps[-1]}"' in page
        steps.append(step)
    assert len(steps) - 1 == 4
    assert len(picked(page)) == 3
    assert "set-cookie" not in client.get(steps[-1]).headers


def test_what_is_named_says_by_which_answers_and_what_speaks_against_it(client: httpx.Client) -> None:
    page = client.get(f"{HERE}/rug.voorjaar.nat.draaien").text
    assert picked(page) == ["bag-sleep-009", "bag-sleep-002", "bag-sleep-012"]
    last = words_on(page.split('data-pick="bag-sleep-012"')[1].split("</ol>")[0])
    assert re.search("Ruim bij knieën en schouders .*Ik draai me vaak om", last)
    assert re.search("Weegt meer dan een kilo .*Op mijn rug", last)
    assert "Weegt ruim tweeënhalve kilo" in last
    assert "Kou komt van onderen" in words_on(page)


def test_what_is_sold_out_makes_way_and_an_empty_shelf_is_said(place: Place, client: httpx.Client) -> None:
    cold = f"{HERE}/rug.vorst.nat.draaien"
    try:
        counted(place, {"bag-sleep-012": 0})
        assert picked(client.get(cold).text) == ["bag-sleep-005"]
        counted(place, {"bag-sleep-005": 0})
        page = client.get(cold)
        assert 'data-outcome="sold_out"' in page.text
        assert "is op dit moment op" in words_on(page.text)
    finally:
        counted(place, {"bag-sleep-005": 3, "bag-sleep-012": 3})
    assert "Hiervoor hebben wij geen slaapzak" in client.get(f"{HERE}/rug.winter").text


def test_a_price_that_the_law_holds_is_no_part_of_what_is_named(place: Place, client: httpx.Client) -> None:
    (bag,) = (each for each in goods(seed=1) if each.item == "bag-sleep-009")

    def put(category: str) -> str:
        place.run(place.house.db.apply(tables.replace, [replace(bag, category=category)], []))
        return (
            client.get(f"{HERE}/rug.voorjaar.nat.draaien")
            .text.split('data-pick="bag-sleep-009"')[1]
            .split("</li>")[0]
        )

    try:
        assert 'class="price"' not in put("Kinderboeken")
    finally:
        assert 'class="price"' in put(bag.category)


def test_an_address_that_is_no_way_through_begins_anew_and_an_unknown_helper_is_gone(
    client: httpx.Client,
) -> None:
    page = client.get(f"{HERE}/rug.toen").text
    assert "Vraag 1 van" in words_on(page)
    assert "net veranderd" in page
    assert client.get("/choose/fiets").status_code == 410


def test_the_outcome_is_taken_along_by_a_code_with_nobodys_name_in_it(
    place: Place, client: httpx.Client
) -> None:
    page = client.get("/shelfcard/slaapzak").text
    assert "https://mijn.winkel.example/portal/choose/amersfoort/slaapzak" in page
    assert 'class="qr"' in client.get(f"{HERE}/rug.zomer.recht").text
    assert place.rows("SELECT count(*) FROM deed") == [(0,)]
    assert place.rows("SELECT count(*) FROM outbox") == [(0,)]


def test_whoever_is_not_profiled_is_offered_the_helper_and_so_is_a_product_it_names(
    place: Place, client: httpx.Client
) -> None:
    place.customer("2900000000028", purposes=("recognition", "saving"), name={"call": "Joost"})
    place.tap("2900000000028")
    (visit,) = re.findall(r'data-visit="(\w+)"', client.get("/").text)
    assert 'data-choose href="/choose"' in client.get(f"/visits/{visit}/advice").text
    assert f'href="{HERE}"' in client.get("/products/bag-sleep-001").text
    assert 'href="/choose"' in client.get("/products").text
