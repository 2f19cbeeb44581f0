"""All fetched anew from a hub that was put back: what it lacks is said at once, and a lost line ends it too."""

import asyncio
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edge.fetching.places import Places
from edge.kit.errors import DiskFull
from sync import wire
from sync.hub import consents, lost
from sync.hub.tables import devices
from sync.snapshot import Manifest
from tests.sync.centre import HERE, KEYS, open_centre
from tests.sync.test_agent import until
from tests.sync.test_fetching import box, someone


class SlowPlaces(Places):
    """Whose exchange is told when it begins."""

    def __init__(self, replica: Path, slow: Callable[[], None]) -> None:
        super().__init__(replica)
        object.__setattr__(self, "put", slow)


pytestmark = pytest.mark.anyio
ANNA = someone(1)


async def test_a_no_that_the_hub_lacks_is_said_as_soon_as_all_was_fetched(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [ANNA])
        async with box(centre) as one:
            one.db.on_facts = one.agent.wake
            await one.agent.once()
            no = "INSERT INTO consent VALUES (?, 'recognition', ?, 'consent', 1, 'withdrawn', 1, NULL, 0)"
            await one.db.apply(lambda conn: conn.execute(no, (ANNA.customer_id, HERE)))
            await hub.db.apply(devices.raise_hub_epoch, at_least=7)
            conversing = asyncio.create_task(one.agent.run())
            try:
                # Nothing else comes down the feed, which is held for 25 s or looked at once a minute.
                state = "SELECT state FROM consent WHERE purpose='recognition'"
                await until(lambda: hub.db.reader.execute(state).fetchone() == ("withdrawn",), within_s=20)
                assert one.told.count("swapped") == 1
                assert not one.uplink.owes()
            finally:
                conversing.cancel()
                await asyncio.gather(conversing, return_exceptions=True)


@pytest.mark.parametrize("can_fetch", [True, False])
async def test_what_only_the_old_replica_knows_to_be_taken_away_is_said_to_a_hub_that_forgot_it(
    tmp_path: Path, can_fetch: bool
) -> None:
    async with open_centre(tmp_path / "today") as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [ANNA])
        await hub.change(consents.withdraw, ANNA.customer_id, purpose="recognition", recipient=HERE, now_ms=1)
        await hub.change(lost.block, KEYS, kind="number", value="CARD-1", now_ms=1)
        async with box(centre) as one:
            await one.agent.once()
            for table in ("consent", "credential"):  # as after a snapshot, of which the journal hears nothing
                await one.db.apply(lambda conn, of=table: conn.execute(f"DELETE FROM main.{of}"))
    shutil.copytree(tmp_path / "today" / "edge", tmp_path / "yesterday" / "edge")
    async with open_centre(tmp_path / "yesterday") as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [ANNA])
        await hub.db.apply(devices.raise_hub_epoch, at_least=7)
        async with box(centre) as one:
            if not can_fetch:
                one.staging.finish = spoiled  # type: ignore[method-assign]
            await one.agent.once()
            assert one.told.count("swapped") == can_fetch
            await one.agent.once()
            read = hub.db.reader.execute
            said = read("SELECT state FROM consent WHERE purpose='recognition'").fetchall()
            assert said == [("withdrawn",)]
            assert read("SELECT state FROM credential").fetchall() == [("blocked",)]
            assert one.staging.held() == ("", 0)


async def test_what_an_earlier_try_left_goes_once_all_rows_are_here(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [ANNA])
        async with box(centre) as one:
            await one.staging.begin("0" * 32)
            await one.staging.add(b"some of it")
            await one.staging.rest()
            assert one.staging.held() == ("0" * 32, 10)
            await one.agent.once()
            assert len(one.table("customer")) == 1
            assert not any(
                path.exists() for path in (one.places.packed, one.places.staging, one.places.ticket)
            )


async def spoiled(_: Manifest) -> None:
    raise wire.Malformed("not what the hub signed", code="BAD_DIGEST", hint="again")


async def test_a_line_that_is_lost_during_the_exchange_leaves_readers_and_writers_one_file(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [ANNA])
        async with box(centre) as one:
            await one.agent.once()
            await centre.hub.add_customers(["s1"], [someone(2)])
            await centre.hub.db.apply(devices.raise_hub_epoch, at_least=7)
            put, running = one.places.put, asyncio.Event()

            def slow() -> None:
                loop.call_soon_threadsafe(running.set)
                time.sleep(0.2)  # in the writer's thread
                put()

            loop = asyncio.get_running_loop()
            one.staging._places = SlowPlaces(one.places.replica, slow)
            round_ = asyncio.create_task(one.agent.once())
            await running.wait()
            round_.cancel()
            await asyncio.gather(round_, return_exceptions=True)
            seen = "SELECT count(*) FROM replica.customer"
            assert one.db.reader.execute(seen).fetchone() == (2,)
            assert await one.db.apply(lambda conn: conn.execute(seen).fetchone()) == (2,)
            assert one.told.count("swapped") == 1


async def test_a_disk_that_is_full_right_after_the_exchange_does_not_end_the_conversation(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [ANNA])
        async with box(centre) as one:
            await one.agent.once()
            await centre.hub.db.apply(devices.raise_hub_epoch, at_least=7)

            async def full() -> None:
                raise DiskFull("no room", code="S01", hint="free disk space")

            one.staging._on_swapped = full
            await one.agent.once()
            assert one.uplink.hub_epoch() == 7
            assert len(one.table("customer")) == 1


async def test_who_is_erased_just_before_the_exchange_is_not_back_after_it(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [ANNA])
        async with box(centre) as one:
            await one.agent.once()
            await centre.hub.db.apply(devices.raise_hub_epoch, at_least=7)
            swap, there = one.staging.swap, []

            async def erased_first(**words: Any) -> bool:
                if not there:
                    await centre.hub.erase(ANNA.customer_id)
                    await until(lambda: not one.table("customer"))
                done = await swap(**words)
                there.append(len(one.table("customer")))
                return done

            one.staging.swap = erased_first  # type: ignore[method-assign]
            await one.agent.once()
            assert one.told.count("swapped") == 1
            assert set(there) == {0}


async def test_a_line_on_which_no_withdrawal_is_heard_ends_the_fetching_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [ANNA])
        async with box(centre) as one:
            await one.agent.once()
            await centre.hub.db.apply(devices.raise_hub_epoch, at_least=7)
            whole, loading = one.agent._whole, asyncio.Event()
            page = whole._page

            async def long(_: Manifest) -> None:
                loading.set()
                await asyncio.Event().wait()

            async def cut(part: str, *, after: int, wait_s: int) -> wire.Page:
                if wait_s:  # that is how a "no" is waited for
                    await loading.wait()
                    raise wire.Unreachable("no line", code="NO_LINE", hint="try again")
                return await page(part, after=after, wait_s=wait_s)

            with monkeypatch.context() as patched:
                patched.setattr(one.staging, "finish", long)
                patched.setattr(whole, "_page", cut)
                with pytest.raises(wire.Unreachable):
                    async with asyncio.timeout(20):
                        await one.agent.once()
            assert one.uplink.hub_epoch() == 1
            assert one.staging.held()[1] > 0  # with which it goes on
            await one.agent.once()
            assert one.uplink.hub_epoch() == 7
