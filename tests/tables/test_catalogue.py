"""The shop's own catalogue: what the feed brings, how it is found, and what a scanned bar code leads to."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.bench import catalogue as bench
from edge.catalogue import tables
from edge.catalogue.rules import Product, Stock
from edge.catalogue.search import ProductIndex, distance, find, one_slip
from edge.notes import NOTE_MS, Scanned
from edge.recognition.rules import Recognised, Stranger
from sync import wire
from tests.tables.floor import MAIN, Floor, open_floor

pytestmark = pytest.mark.anyio
SHOE = wire.Product(
    title="Wandelschoen Kaya",
    price_cents=12995,
    gtin="08712345678906",
    brand="Noordpad",
    category="Schoenen",
    sizes=("42", "Bruin"),
    alternatives=("SCH-43",),
    vat=21,
    durable=True,
)
TITLES = {
    "T1": "Wandelschoenen Kaya halfhoog",
    "T2": "Regenjas Fjörd dames",
    "T3": "Koepeltent Bosrand 3-persoons",
    "T4": "Hoofdlamp Glim",
    "T5": "Wandelsokken merino",
    "T6": "Jas",
}


def shelf() -> ProductIndex:
    index = ProductIndex()
    for item, title in TITLES.items():
        index.put(Product(item, title, 100))
    return index


async def put(floor: Floor, kind: str, item: str, *, ver: int = 1, body: object = None) -> None:
    await floor.apply(
        floor.feed.row(MAIN, "del" if body is None else "put", kind, item, ver=ver, body=body or {})
    )


async def test_a_product_and_its_count_come_down_change_and_go(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await put(floor, "product", "SCH-42", body=SHOE)
        await put(floor, "stock", "SCH-42", body=wire.Stock(6, 1000))
        conn = floor.db.reader
        assert tables.product(conn, "SCH-42") == Product(
            "SCH-42",
            "Wandelschoen Kaya",
            12995,
            gtin="08712345678906",
            brand="Noordpad",
            category="Schoenen",
            sizes=("42", "Bruin"),
            alternatives=("SCH-43",),
            vat=21,
            durable=True,
        )
        assert tables.stock(conn, "SCH-42") == Stock("SCH-42", 6, 1000)
        await put(floor, "product", "SCH-42", ver=3, body=wire.Product(title="Kaya", price_cents=1))
        await put(floor, "product", "SCH-42", ver=2, body=SHOE)
        assert tables.product(conn, "SCH-42") == Product("SCH-42", "Kaya", 1)
        await put(floor, "stock", "SCH-42", ver=2, body=wire.Stock(0, 2000))
        assert tables.stocks(conn, ["SCH-42", "NO"]) == {"SCH-42": Stock("SCH-42", 0, 2000)}
        await put(floor, "product", "SCH-42", ver=4)
        assert tables.product(conn, "SCH-42") is None
        assert tables.stock(conn, "SCH-42") is None


async def test_products_come_in_the_order_they_are_asked_for_however_many(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        many = [Product(f"A{number}", "Jas", number) for number in range(1_200)]
        await floor.db.apply(tables.replace, many, [])
        wanted = [each.item for each in reversed(many)]
        found = tables.products(floor.db.reader, [*wanted, "NO"])
        assert [each.item for each in found] == wanted
        assert tables.count(floor.db.reader) == 1_200


async def test_a_number_finds_its_product_before_any_word_does(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        products = [
            Product("10042", "Jas", 1, gtin="08712345678906"),
            Product("1004", "Broek 8712345678906", 1),
            Product("X", "10042", 1, gtin="00000096385074"),
        ]
        await floor.db.apply(tables.replace, products, [])
        index = ProductIndex()
        for each in products:
            index.put(each)

        def items(text: str) -> list[str]:
            return find(floor.db.reader, index, text, most=5)

        assert items("8712345678906") == ["10042", "1004"]
        assert items("87123456 78906")[0] == "10042"
        assert items("96385074") == ["X"]
        assert items("1004") == ["1004", "10042", "X"]
        assert items("10042") == ["10042", "X"]


def test_words_are_found_in_any_order_from_their_beginning_within_compounds_and_without_accents() -> None:
    index = shelf()

    def items(text: str) -> list[str]:
        return index.find(text, most=5)

    assert items("kaya wandelschoenen") == ["T1"]
    assert items("wandel") == ["T5", "T1"]
    assert items("schoen") == ["T1"]
    assert items("fjord regen") == ["T2"]
    assert items("FJÖRD") == ["T2"]
    assert items("jas") == ["T6", "T2"]
    assert items("tent 3") == ["T3"]
    assert items("tent kaya") == []
    assert items("") == items("a") == items("  - ") == []


@pytest.mark.parametrize(
    ("text", "item"),
    [
        ("wandlschoenen", "T1"),
        ("wandelshoenne kaya", "T1"),
        ("schonen", "T1"),
        ("koepletent", "T3"),
        ("hoofdlmap", "T4"),
        ("gilm", "T4"),
        ("regejnas", "T2"),
        ("merion sokken", "T5"),
    ],
)
def test_a_slip_or_two_does_no_harm(text: str, item: str) -> None:
    assert shelf().find(text, most=5)[:1] == [item]


def test_another_size_is_no_slip() -> None:
    index = ProductIndex()
    index.put(Product("A", "Schoen 4242", 1))
    assert index.find("4243", most=5) == []


def test_what_changed_or_went_is_found_as_it_is_now() -> None:
    index = shelf()
    index.put(Product("T6", "Winterjack", 1))
    index.remove("T2")
    assert index.find("jas", most=5) == []
    assert index.find("winterjack", most=5) == ["T6"]
    assert len(index) == len(TITLES) - 1
    index.clear()
    assert index.find("winterjack", most=5) == []
    assert len(index) == 0


def test_an_index_is_worn_by_changed_names_and_never_by_prices() -> None:
    index = ProductIndex()
    for cents in range(3_000):
        index.put(Product("A", "Jas", cents))
    assert not index.worn
    for number in range(3_000):
        index.put(Product("A", f"Jas {number}", 1))
    assert index.worn
    assert index.find("jas 2999", most=5) == ["A"]


def test_the_bench_says_its_figures_and_those_of_its_floor(tmp_path: Path) -> None:
    result = bench.measure(tmp_path, products=300, searches=42, seed=1)
    assert result["answered"] > result["floor_answered"]
    assert {"p50_ms", "p99_ms", "floor_p50_ms", "floor_p99_ms", "memory_mb", "products"} <= set(result)
    assert "floor (SQL LIKE)" in bench.text(result)
    assert bench.dump(result).startswith('{"bench": "catalogue"')


@given(st.text("abcde", min_size=1, max_size=6), st.text("abcde", min_size=1, max_size=8))
def test_the_distance_is_that_of_the_best_stretch(asked: str, word: str) -> None:
    found = distance(asked, word, most=9)
    assert found <= len(asked)
    assert (found == 0) == (asked in word)
    stretches = {word[start:end] for start in range(len(word) + 1) for end in range(start, len(word) + 1)}
    if found > 1:
        assert not stretches & set(one_slip(asked))
    elif found == 1:
        assert stretches & set(one_slip(asked))


async def test_a_scanned_product_is_held_for_minutes_and_writes_nothing(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await put(floor, "product", "SCH-42", body=SHOE)
        before = floor.live.version
        assert await floor.tap("08712345678906", kind="gs1", how="scan") is None
        assert floor.counter.notes.scanned() == Scanned("SCH-42", "08712345678906", "counter-1", floor.now_ms)
        assert floor.live.version > before
        assert floor.one("SELECT count(*) FROM outbox") == 0
        assert floor.counter.notes.now() == []
        floor.clock.pass_ms(NOTE_MS + 1)
        assert floor.counter.notes.scanned() is None
        await floor.tap("08712345678913", kind="gs1", how="scan")
        unknown = floor.counter.notes.scanned()
        assert unknown is not None
        assert (unknown.item, unknown.code) == ("", "08712345678913")


async def test_a_number_of_the_shop_is_a_card_first_and_a_product_only_when_nobody_has_it(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident("2900000012345")
        own = wire.Product(title="Appel", price_cents=50, gtin="02000000000015")
        await put(floor, "product", "2900000012345", body=own)
        assert isinstance(await floor.tap("2900000012345", kind="barcode"), Recognised)
        assert floor.counter.notes.scanned() is None
        assert await floor.tap("2000000000015", kind="barcode") is None
        held = floor.counter.notes.scanned()
        assert held is not None
        assert (held.item, held.code) == ("2900000012345", "")
        assert floor.counter.tally.strangers == 0
        assert isinstance(await floor.tap("2000000000022", kind="barcode"), Stranger)
        assert floor.counter.tally.strangers == 1
