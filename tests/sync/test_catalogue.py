"""The catalogue on its way from the centre to the shops: only what changed, also to a shop that is new."""

import asyncio
from pathlib import Path

import msgspec
import pytest

from edge.catalogue import tables
from edge.catalogue.rules import Product, Stock
from edge.kit.errors import Refused
from sync import wire
from sync.hub import devices
from sync.hub.app import open_hub
from sync.hub.config import Config
from tests.patience import PATIENT_S
from tests.sync.centre import KEYS, Centre, Said, device, open_centre
from tests.sync.test_appliance import appliance

pytestmark = pytest.mark.anyio
SHOE = Product("SCH-42", "Wandelschoen Kaya", 12995, gtin="08712345678906", sizes=("42",), vat=21)
COAT = Product("JAS-M", "Regenjas Fjörd", 8995, sensitive=True, alternatives=("SCH-42",))


def sent(centre: Centre, part: str = "shop:s1") -> list[tuple[str, str, str, int]]:
    rows = centre.hub.db.reader.execute(
        "SELECT op, t, id, ver FROM feed WHERE part=:part ORDER BY seq", {"part": part}
    )
    return rows.fetchall()


async def test_products_and_counts_of_the_hub_are_in_the_shop_and_go_from_it(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        assert await centre.hub.add_products([SHOE, COAT]) == 2
        await centre.hub.set_stock([Stock("SCH-42", 6, 1000)])
        await agent.once()
        assert tables.held(db.reader) == {"SCH-42": SHOE, "JAS-M": COAT}
        assert tables.stock(db.reader, "SCH-42") == Stock("SCH-42", 6, 1000)
        await centre.hub.drop_products(["SCH-42", "NO"])
        await agent.once()
        assert tables.held(db.reader) == {"JAS-M": COAT}
        assert tables.stock(db.reader, "SCH-42") is None
        await centre.hub.add_products([SHOE])
        await agent.once()
        assert tables.product(db.reader, "SCH-42") == SHOE


async def test_only_what_changed_is_sent(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        for _ in range(2):
            await centre.hub.add_products([SHOE, COAT])
            await centre.hub.set_stock([Stock("SCH-42", 6, 1000)])
        await centre.hub.add_products([SHOE, dearer(COAT)])
        await centre.hub.drop_products(["SCH-42"])
        await centre.hub.drop_products(["SCH-42"])
        assert sent(centre) == [
            ("put", "product", "SCH-42", 1),
            ("put", "product", "JAS-M", 1),
            ("put", "stock", "SCH-42", 1),
            ("put", "product", "JAS-M", 2),
            ("del", "product", "SCH-42", 2),
            ("del", "stock", "SCH-42", 2),
        ]


def dearer(product: Product) -> Product:
    return Product(product.item, product.title, product.price_cents + 1)


async def test_a_shop_that_is_new_gets_the_whole_catalogue_and_a_count_is_one_shops(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_products([SHOE, COAT])
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=b"T" * 32)
        assert sent(centre, "shop:s2") == [("put", "product", "JAS-M", 1), ("put", "product", "SCH-42", 1)]
        await centre.hub.set_stock([Stock("JAS-M", 1, 5)], shop_ids=["s2"])
        assert sent(centre, "shop:s2")[-1] == ("put", "stock", "JAS-M", 1)
        assert ("put", "stock", "JAS-M", 1) not in sent(centre)


async def test_a_count_of_nothing_or_for_nobody_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_products([SHOE])
        for stocks, shops, code in (
            ([Stock("SCH-42", 1, 1), Stock("NO", 1, 1)], None, "UNKNOWN_PRODUCT"),
            ([Stock("SCH-42", 1, 1)], ["s9"], "UNKNOWN_SHOP"),
        ):
            with pytest.raises(Refused) as refused:
                await centre.hub.set_stock(stocks, shop_ids=shops)
            assert refused.value.code == code
        assert len(sent(centre)) == 1


async def test_what_another_process_commits_wakes_a_waiting_shop(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        wait = centre.hub.bell.wait(centre.hub.db, "shop:s1", after=0, wait_s=20)
        waiting = asyncio.create_task(wait)
        await asyncio.sleep(0)
        # A second hub on the same file is what `welkom import` opens beside a running one.
        async with open_hub(Config(tmp_path / "hub", KEYS), log=Said()) as other:
            await other.add_products([SHOE])
        await asyncio.wait_for(waiting, PATIENT_S)
        assert len(sent(centre)) == 1


async def test_a_product_over_the_caps_of_the_wire_never_leaves_the_hub(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        for each in (
            Product("A", "Jas", 1, description="x" * 70_000),
            Product("A", "", 1),
            Product("A", "Jas", -1),
        ):
            with pytest.raises((Refused, wire.Malformed)):
                await centre.hub.add_products([each])
        assert sent(centre) == []


def test_fields_of_a_later_version_are_passed_over() -> None:
    later = b'{"title":"Jas","price_cents":5,"smell":"new"}'
    assert wire.decode_as(later, wire.Product) == wire.Product(title="Jas", price_cents=5)
    assert msgspec.json.encode(wire.Product(title="Jas", price_cents=5)) == b'{"title":"Jas","price_cents":5}'
