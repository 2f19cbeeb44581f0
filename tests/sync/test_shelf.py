"""Snapshots of several hubs on one database: each serves what another made, and none serves who was erased."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from msgspec import structs

from sync import enrolment
from sync.hub import devices, enrolling, people, rekeying
from sync.hub.app import Hub, open_hub
from sync.hub.compaction import compact
from sync.hub.problem import Refusal
from sync.hub.snapshots.shelf import Shelf
from sync.hub.store import Store
from sync.hub.tables import feed as partitions
from sync.hub.tables import snapshot as snapshots
from sync.hub.tables.feed import Line
from tests.sync.centre import ANNA, BRAM, KEYS, Said, customer, device, open_centre

pytestmark = pytest.mark.anyio


def another(hub: Hub, folder: Path | None = None) -> Shelf:
    """The shelf of a second hub on the same database, with its own folder unless they share `folder`."""
    config = replace(hub.config, snapshots=folder or hub.config.state / "second" / "snapshots")
    return Shelf(config, db=hub.db, signer=hub.signer, log=Said())


async def made(shelf: Shelf, shop: str = "s1") -> str:
    id_ = (await shelf.ticket(shop)).id
    await shelf.manifest(shop, id_, wait_s=60)
    return id_


async def gone(shelf: Shelf, id_: str) -> bool:
    try:
        await shelf.piece("s1", id_, first=0, wait_s=0)
    except Refusal as refusal:
        return refusal.code == "SNAPSHOT_GONE"
    return False


async def test_hubs_that_share_a_folder_serve_each_others_snapshots_also_while_they_wait_to_be_made(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer()])
        other = another(hub, tmp_path / "hub" / "snapshots")
        id_ = (await hub.shelf.ticket("s1")).id
        assert (await other.piece("s1", id_, first=0, wait_s=0)).total is None  # nothing yet, and not gone
        await other.manifest("s1", id_, wait_s=60)
        assert (await other.piece("s1", id_, first=0, wait_s=0)).content
        assert (await other.ticket("s1")).id == id_


async def test_who_was_erased_at_one_hub_is_served_by_no_other_and_leaves_its_folder(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=b"2" * 32)
        await hub.add_customers(["s1"], [customer()])
        await hub.add_customers(["s2"], [customer(BRAM, number="LOYALTY-0002")])
        other = another(hub)
        here = await made(other)
        await hub.erase(BRAM)  # of the other shop: what this one fetches goes on
        await other.sweep()
        assert not await gone(other, here)
        await hub.erase(ANNA)
        assert await gone(other, here)
        await other.sweep()
        assert list((tmp_path / "hub" / "second" / "snapshots").iterdir()) == []
        assert (await other.ticket("s1")).id != here
        await other.close()


@pytest.mark.parametrize("shared", [True, False], ids=["one folder", "each its own"])
@pytest.mark.parametrize("whole", [True, False], ids=["whole", "being made"])
async def test_what_lies_ready_for_a_shop_goes_at_every_hub_when_its_box_comes_back_with_another_key(
    tmp_path: Path, whole: bool, shared: bool
) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer()])
        other = another(hub, tmp_path / "hub" / "snapshots" if shared else None)
        before = await made(other) if whole else (await other.ticket("s1")).id
        assert not await gone(other, before)
        await hub.db.apply(rekeying.take, KEYS, shop_id="s1", shop_key=b"U" * 32)
        assert await gone(other, before)
        assert await made(other) != before
        assert await gone(other, before)
        await other.close()


async def test_what_lies_ready_for_a_shop_stays_when_a_box_of_it_is_enrolled_under_its_key(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer()])
        before = await made(hub.shelf)
        code = await hub.db.apply(
            enrolling.make_code, keys=hub.keys, now_ms=hub.now_ms(), shop_id="s1", device_id="s1-9"
        )
        exchange = enrolment.exchange(enrolment.code_of(code) or b"")
        asked = exchange.ask(device="s1-9", shop="s1", public_key=b"\x07" * 32, epoch=1)
        answer = await centre.client.post(enrolment.ENROL_PATH, content=enrolment.encode(asked))
        assert answer.status_code == 200, answer.text
        assert not await gone(hub.shelf, before)


async def test_a_hub_that_stopped_just_after_an_erasure_forgets_the_snapshot_when_it_starts(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        id_ = await made(centre.hub.shelf)
        folder = centre.hub.config.state
        await centre.hub.db.apply(people.erase, KEYS, customer_id=ANNA, now_ms=1)  # and not a step further
        config = centre.hub.config
    (folder / "snapshots" / f"s1.{'0' * 32}.json").write_bytes(b"as they were named before")
    async with open_hub(config, log=Said()) as hub:
        assert list((folder / "snapshots").iterdir()) == []
        assert await gone(hub.shelf, id_)
        wal = folder / "hub.db-wal"
        assert not wal.exists() or ANNA not in wal.read_bytes()


async def test_a_snapshot_below_what_the_partitions_still_have_is_given_out_no_more(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer()])
        before = await made(hub.shelf)
        line = Line("shop:s1", "del", "product", "A", 1, b"{}", None)
        await hub.change(lambda conn: partitions.publish(conn, [line, structs.replace(line, id="B")]))
        assert (await hub.shelf.ticket("s1")).id == before
        hub.acks.heard("box-1", "shop:s1", await hub.db.read(partitions.last, "shop:s1"))
        await compact(hub.db, hub.acks)
        assert (await hub.shelf.ticket("s1")).id != before


async def test_a_manifest_of_which_a_power_cut_left_only_the_name_keeps_no_shop_from_another_snapshot(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer()])
        lost = await made(hub.shelf)
        (manifest,) = (tmp_path / "hub" / "snapshots").glob("*.json")
        manifest.write_bytes(b"")
        assert await made(hub.shelf) != lost


class Between:
    """The store, and what happens once, right after a mark was read of it."""

    def __init__(self, db: Store, happens: Callable[[], Awaitable[None]]) -> None:
        self._db = db
        self._happens: Callable[[], Awaitable[None]] | None = happens

    async def read(self, act: Any, *words: Any) -> Any:
        found = await self._db.read(act, *words)
        if act is snapshots.mark and self._happens is not None:
            happens, self._happens = self._happens, None
            await happens()
        return found


async def test_what_begins_to_be_made_while_marks_are_read_is_not_stopped_by_them(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer(), customer(BRAM, number="LOYALTY-0002")])
        await made(hub.shelf)
        begun: list[str] = []

        async def erased_and_asked_for() -> None:
            await hub.erase(ANNA)
            begun.append((await hub.shelf.ticket("s1")).id)

        hub.shelf._db = cast(Store, Between(hub.db, erased_and_asked_for))
        await hub.shelf.sweep()
        hub.shelf._db = hub.db
        assert await hub.shelf.manifest("s1", begun[0], wait_s=60)
