"""Partitions that were compacted say the same as before to a shop with any cursor, of this version and the last."""

import asyncio
import random
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from edge.catalogue.rules import Product, Stock
from sync import wire
from sync.hub import catalogue, consents, devices, people
from sync.hub.compaction import Acks, compact, keep_compact
from sync.hub.tables import compaction as tables
from tests.sync.centre import ANNA, BRAM, DEVICE_KEY, HERE, KEYS, Centre, customer, open_centre
from tests.sync.shop import TestBox

pytestmark = pytest.mark.anyio
MAIN, URGENT = wire.main_part("s1"), wire.urgent_part("s1")
KINDS = ("key", "customer", "credential", "consent", "product", "stock")


def known(box: TestBox) -> dict[str, dict[str, str]]:
    return {kind: box.rows(kind) for kind in KINDS}


async def ticks() -> AsyncGenerator[None, None]:
    while True:
        yield
        await asyncio.sleep(0.01)


def seqs(centre: Centre, part: str = MAIN) -> list[tuple[int, int]]:
    return centre.hub.db.reader.execute(
        "SELECT seq, skips FROM feed WHERE part=:part ORDER BY seq", {"part": part}
    ).fetchall()


async def act(centre: Centre, dice: random.Random) -> None:
    """Something that headquarters or a customer does."""
    hub, who = centre.hub, bytes([dice.randrange(1, 9)]) * 16
    item = f"P-{dice.randrange(4)}"
    match dice.randrange(6):
        case 0:
            await hub.change(
                catalogue.put_products, [Product(item, title="t", price_cents=dice.randrange(999))]
            )
        case 1:
            await hub.change(catalogue.drop_products, [item])
        case 2 if catalogue.numbers(hub.db.reader).get(item):
            stock = [Stock(item, dice.randrange(99), 1)]
            await hub.change(catalogue.set_stock, stock, shop_ids=["s1"])
        case 3 if people.tables.exists(hub.db.reader, who):
            await hub.change(consents.withdraw, who, purpose="profiling", recipient=HERE, now_ms=1)
        case 4 if people.tables.exists(hub.db.reader, who) and dice.random() < 0.3:
            await hub.erase(who)
        case _:
            mark = people.mark(KEYS, who)
            erased = people.tables.is_erased(hub.db.reader, mark)
            if not people.tables.exists(hub.db.reader, who) and not erased:
                await hub.add_customers(["s1"], [customer(who, number=f"CARD-{who[0]}")])


@pytest.mark.parametrize("seed", range(3))
async def test_a_shop_with_any_cursor_comes_to_the_same_with_and_without_compaction(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    async with open_centre(tmp_path) as centre:
        hub, boxes = centre.hub, [TestBox(tmp_path / f"box-{number}.db") for number in range(4)]
        for round_ in range(24):
            await act(centre, dice)
            if round_ % 6 == 5:
                await centre.agent_of(boxes[round_ // 6]).once()
        full = TestBox(tmp_path / "full.db")
        await centre.agent_of(full).once()
        before = len(seqs(centre))
        await compact(hub.db, Acks())
        assert len(seqs(centre)) < before
        fresh = TestBox(tmp_path / "fresh.db")
        for box in (*boxes, fresh):
            await centre.agent_of(box).once()
            assert known(box) == known(full)
            assert box.cursor(MAIN) == full.cursor(MAIN)
        old = TestBox(tmp_path / "old.db")
        await centre.agent_of(old, schema=1).once()
        assert known(old) == known(full)
        for box in (*boxes, full, fresh, old):
            box.close()


async def test_each_number_is_there_or_said_to_be_left_out_and_an_unsaid_loss_is_a_gap(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        for price in range(5):
            for item in ("A", "B"):
                product = Product(item, title="t", price_cents=price)
                await centre.hub.change(catalogue.put_products, [product])
        await compact(centre.hub.db, Acks())
        assert seqs(centre) == [(9, 8), (10, 0)]
        await centre.agent.once()
        assert centre.box.cursor(MAIN) == 10
        await centre.hub.change(catalogue.put_products, [Product("A", title="u", price_cents=1)])
        await centre.hub.change(catalogue.put_products, [Product("B", title="u", price_cents=1)])
        await centre.hub.db.apply(lambda conn: conn.execute("DELETE FROM feed WHERE seq=11"))
        with pytest.raises(wire.Refused) as refused:
            await centre.agent.once()
        assert refused.value.code == "FEED_GAP"


async def test_what_takes_something_away_stays_until_every_box_that_is_not_retired_has_applied_it(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub, acks = centre.hub, centre.hub.acks
        other = devices.Device("box-2", "s1", 1, DEVICE_KEY.public_key().public_bytes_raw())
        await hub.change(catalogue.put_products, [Product("A", title="t", price_cents=1)])
        await centre.agent.once()
        await hub.change(catalogue.drop_products, ["A"])
        await hub.change(catalogue.put_products, [Product("B", title="t", price_cents=1)])
        await hub.db.apply(devices.register, KEYS, device=other, shop_key=b"S" * 32)
        await centre.agent.once()
        await centre.agent.once()  # asks for what comes after, and says so that it has the rest
        await compact(hub.db, acks)
        assert [seq for seq, _ in seqs(centre)] == [2, 3]
        await hub.db.apply(devices.retire, "box-2", retired=True, now_ms=1)
        await compact(hub.db, acks)
        assert seqs(centre) == [(3, 2)]
        # A box whose files are older than what it once said would not hear of it any more.
        behind = TestBox(tmp_path / "behind.db")
        behind.put_cursor(MAIN, 1)
        with pytest.raises(wire.Refused) as refused:
            await centre.agent_of(behind).once()
        assert refused.value.code == "MUST_REFETCH"
        new = TestBox(tmp_path / "new.db")
        await centre.agent_of(new).once()
        assert set(new.rows("product")) == {"B"}
        behind.close()
        new.close()


async def test_an_erasure_stays_urgent_for_a_box_whose_files_are_put_back(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer()])
        await centre.agent.once()
        await hub.erase(ANNA)
        for _ in range(2):
            await centre.agent.once()
        await hub.add_customers(["s1"], [customer(BRAM, number="2")])
        for _ in range(2):
            await centre.agent.once()
        await compact(hub.db, hub.acks)
        held = hub.db.reader.execute("SELECT part, id FROM feed WHERE op='erase'").fetchall()
        assert ("shop:s1:urgent", ANNA.hex()) in held
        assert "shop:s1" not in {part for part, _ in held}


@pytest.mark.parametrize("back", [False, True])
async def test_a_count_of_a_product_that_went_stays_away_from_whoever_comes_anew_or_was_behind(
    tmp_path: Path, back: bool
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_products([Product("P-1", "Boot", 9_000)])
        await centre.hub.set_stock([Stock("P-1", 4, 1)], shop_ids=["s1"])
        live, behind, new = (TestBox(tmp_path / f"{name}.db") for name in ("live", "behind", "new"))
        await centre.agent_of(live).once()
        await centre.agent_of(behind).once()
        assert live.rows("stock").keys() == {"P-1"}
        await centre.hub.drop_products(["P-1"])
        if back:
            await centre.hub.add_products([Product("P-1", "Boot", 8_000)])
        else:
            await centre.agent_of(live).once()
            await centre.agent_of(live).once()  # says how far it came
        await compact(centre.hub.db, centre.hub.acks)
        for box in (live, behind, new) if back else (live, new):
            await centre.agent_of(box).once()
            there = {kind: [id_ for id_, d in box.rows(kind).items() if d != "{}"] for kind in KINDS[-2:]}
            assert there == {"product": ["P-1"] if back else [], "stock": []}


async def test_a_shop_two_versions_behind_may_say_what_it_knows_and_is_sent_nothing(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        asking = centre.agent.asking
        with pytest.raises(wire.Refused) as refused:
            await asking.ask("GET", f"{wire.FEED_PATH}?part={MAIN}&after=0&schema=0", most=wire.PAGE_BYTES)
        assert refused.value.code == "TOO_OLD"
        centre.box.happened(3)
        batch = centre.box.waiting(9)
        assert batch is not None
        body = wire.encode_batch(batch, "box-1", schema=0)
        answer = wire.decode_answer(await asking.ask("POST", wire.EVENTS_PATH, content=body, most=9999))
        assert (answer.ack.seq, answer.schema) == (3, 1)


async def test_the_job_compacts_by_itself(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        for price in range(3):
            await centre.hub.change(catalogue.put_products, [Product("A", title="t", price_cents=price)])
        job = asyncio.create_task(keep_compact(centre.hub.db, Acks(), log=centre.said, rest=lambda: 0.01))
        async with asyncio.timeout(60):
            async for _ in ticks():
                if (await centre.hub.db.read(tables.head, MAIN)).compacted == 3:
                    break
        job.cancel()
        assert len(seqs(centre)) == 1
        head = await centre.hub.db.read(tables.head, MAIN)
        assert (head.last, head.compacted, head.gone) == (3, 3, 0)


async def test_on_postgresql_partitions_are_compacted_alike(postgresql: str, tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        for price in range(3):
            await centre.hub.change(catalogue.put_products, [Product("A", title="t", price_cents=price)])
        await centre.hub.change(catalogue.drop_products, ["A"])
        await centre.hub.change(catalogue.put_products, [Product("B", title="t", price_cents=1)])
        await compact(centre.hub.db, centre.hub.acks)
        await centre.agent.once()
        await centre.agent.once()
        await compact(centre.hub.db, centre.hub.acks)
        head = await centre.hub.db.read(tables.head, MAIN)
        assert (head.last, head.compacted, head.gone) == (5, 5, 4)
        assert centre.box.cursor(MAIN) == 5
