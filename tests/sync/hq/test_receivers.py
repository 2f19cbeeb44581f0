"""Whoever is told takes nothing, is gone or is slow: told again later, given up after days, and nobody else waits."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from sync.hub.app import open_hub
from sync.hub.hq import webhooks
from sync.hub.tables import hooks
from tests.patience import PATIENT_S
from tests.sync.centre import Said
from tests.sync.hq.desk import Desk, open_desk
from tests.sync.hq.receiver import receiver, stop, told

DAY_MS = 86_400_000


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENT_S):
        while not true():  # noqa: ASYNC110 (a server's list has no event)
            await asyncio.sleep(0.005)


async def ended(desk: Desk) -> str:
    """What the fleet page says of webhooks, and of all else."""
    return (await desk.client.get("http://127.0.0.1/hq/fleet?language=en")).text


@pytest.mark.anyio
async def test_what_is_not_taken_comes_again_with_its_id_and_days_of_it_end_the_webhook(desk: Desk) -> None:
    async with told(desk) as (here, made, asking):
        now_ms, ahead_ms = desk.hub.now_ms, 0
        desk.hub.now_ms = lambda: now_ms() + ahead_ms
        here.status = 503
        await stop(desk)
        assert await webhooks.once(desk.hub, asking) == 0
        assert await webhooks.once(desk.hub, asking) == 0
        assert len(here.told) == 1
        here.status = 200
        ahead_ms = 10_000
        assert await webhooks.once(desk.hub, asking) == 1
        assert len({headers["webhook-id"] for headers, _ in here.told}) == 1
        here.status = 500
        await stop(desk, "profiling")
        for _ in range(20):
            ahead_ms += DAY_MS
            await webhooks.once(desk.hub, asking)
        (found,) = (await desk.ask("GET", "/api/v1/webhooks"))["items"]
        assert found["ended_ms"] is not None
        assert len(here.told) < 12
        assert f"took nothing for days. Webhook {made['id']} " in await ended(desk)
        assert desk.centre.said.count("webhook_ended") == 1
        here.status = 200
        await desk.ask("POST", f"/api/v1/webhooks/{made['id']}/resume")
        assert await webhooks.once(desk.hub, asking) == 1
        await desk.ask("DELETE", f"/api/v1/webhooks/{made['id']}")
        assert (await desk.ask("GET", "/api/v1/webhooks"))["items"] == []


@pytest.mark.anyio
async def test_a_hub_that_was_off_for_a_week_or_whose_clock_jumped_ends_nothing_by_one_try(
    desk: Desk,
) -> None:
    async with told(desk) as (here, _, asking):
        now_ms, ahead_ms = desk.hub.now_ms, 0
        desk.hub.now_ms = lambda: now_ms() + ahead_ms
        here.status = 503
        await stop(desk)
        await webhooks.once(desk.hub, asking)
        ahead_ms = 7 * DAY_MS
        await webhooks.once(desk.hub, asking)
        assert len(here.told) == 2
        (found,) = (await desk.ask("GET", "/api/v1/webhooks"))["items"]
        assert found["ended_ms"] is None
        here.status = 200
        ahead_ms += DAY_MS
        assert await webhooks.once(desk.hub, asking) == 1


@pytest.mark.anyio
async def test_a_clock_that_was_a_year_ahead_lets_nothing_rest_longer_than_its_schedule(desk: Desk) -> None:
    async with told(desk) as (here, made, asking):
        now_ms, ahead_ms = desk.hub.now_ms, 365 * DAY_MS
        desk.hub.now_ms = lambda: now_ms() + ahead_ms
        here.status = 503
        await stop(desk)
        await webhooks.once(desk.hub, asking)
        ahead_ms = 0  # somebody sets it right
        await webhooks.once(desk.hub, asking)
        assert len(here.told) == 2
        await webhooks.once(desk.hub, asking)
        assert len(here.told) == 2, "by the clock of now it rests as ever"
        for _ in range(20):
            ahead_ms += DAY_MS
            await webhooks.once(desk.hub, asking)
        (found,) = (await desk.ask("GET", "/api/v1/webhooks"))["items"]
        assert found["ended_ms"] is not None, "the days are counted from when the clock was right"
        here.status = 200
        await desk.ask("POST", f"/api/v1/webhooks/{made['id']}/resume")
        ahead_ms = 365 * DAY_MS
        assert await webhooks._leased(desk.hub, made["id"], 0)  # of a hub that died then and there
        ahead_ms = 0
        assert await webhooks.once(desk.hub, asking) == 1


@pytest.mark.anyio
@pytest.mark.xdist_group("postgresql")
@pytest.mark.parametrize("off_ms", [-DAY_MS, -90_000, 90_000, DAY_MS])
async def test_a_hub_whose_clock_is_behind_or_ahead_leaves_another_hub_its_lease(
    tmp_path: Path, postgresql: str, off_ms: int
) -> None:
    async with (
        open_desk(tmp_path) as desk,
        told(desk) as (here, made, asking),
        open_hub(desk.hub.config, log=desk.centre.said) as other,
    ):
        now_ms = other.now_ms
        other.now_ms = lambda: now_ms() + off_ms  # type: ignore[method-assign]
        await stop(desk)
        mine_ms = await webhooks._leased(desk.hub, made["id"], 0)
        assert mine_ms
        assert await webhooks.once(other, asking) == 0
        assert not here.told
        await desk.hub.db.apply(hooks.release, made["id"], mine_ms=mine_ms)
        assert await webhooks.once(other, asking) == 1
        here.status = 503
        await stop(desk, "profiling")
        await webhooks.once(other, asking)
        await webhooks.once(desk.hub, asking)
        assert len(here.told) == 2, "it rests for one as for the other"


@pytest.mark.anyio
async def test_an_address_that_is_gone_is_told_nothing_more(desk: Desk) -> None:
    async with told(desk) as (here, made, asking):
        assert "webhook" not in (await ended(desk)).lower()
        here.status = 410
        await stop(desk)
        await webhooks.once(desk.hub, asking)
        (found,) = (await desk.ask("GET", "/api/v1/webhooks"))["items"]
        assert found["ended_ms"] is not None
        place = here.origin.removeprefix("http://")  # with its port: another may be of that host
        said = f"{place} said itself that nothing is there any more (410). Webhook {made['id']} "
        assert said in await ended(desk)


@pytest.mark.anyio
async def test_an_address_that_takes_nothing_rests_with_all_its_messages_and_others_are_told(
    desk: Desk,
) -> None:
    async with told(desk) as (dead, made, asking), receiver() as good:
        desk.hub.config = replace(desk.hub.config, hooks=(dead.origin, good.origin))
        dead.status = 503
        many = [hooks.Message(made["id"], f"msg_{number}", b"{}", 0, 0) for number in range(webhooks.AT_ONCE)]
        await desk.hub.db.apply(hooks.add, many)
        await desk.ask("POST", "/api/v1/webhooks", json={"url": f"{good.origin}/in"})
        await stop(desk)
        assert await webhooks.once(desk.hub, asking) == 1
        assert (len(dead.told), len(good.told)) == (1, 1)
        assert await webhooks.once(desk.hub, asking) == 0
        assert len(dead.told) == 1


@pytest.mark.anyio
async def test_while_one_address_does_not_answer_another_is_told_again_and_again(desk: Desk) -> None:
    async with told(desk) as (slow, _, _), receiver() as good:
        desk.hub.config = replace(desk.hub.config, hooks=(slow.origin, good.origin))
        await desk.ask("POST", "/api/v1/webhooks", json={"url": f"{good.origin}/in"})
        slow.answers.clear()
        telling = asyncio.create_task(webhooks.run(desk.hub, look_s=0.01, timeout_s=2 * PATIENT_S))
        try:
            for number, purpose in enumerate(("recognition", "profiling"), start=1):
                await stop(desk, purpose)
                await until(lambda number=number: len(good.told) == number)
            assert len(slow.told) == 1
        finally:
            slow.answers.set()
            telling.cancel()


@pytest.mark.anyio
@pytest.mark.xdist_group("postgresql")
async def test_while_one_hub_tells_a_webhook_no_other_hub_tells_it_the_next_message(
    tmp_path: Path, postgresql: str
) -> None:
    async with (
        open_desk(tmp_path) as desk,
        told(desk) as (here, made, _),
        webhooks.client(2 * PATIENT_S) as asking,
        open_hub(replace(desk.hub.config, database=postgresql), log=Said()) as other,
    ):
        many = [hooks.Message(made["id"], f"msg_{number}", b"{}", 0, 0) for number in range(3)]
        await desk.hub.db.apply(hooks.add, many)
        here.answers.clear()
        telling = asyncio.create_task(webhooks.once(desk.hub, asking))
        await until(lambda: len(here.told) == 1)
        assert await webhooks.once(other, asking) == 0
        assert len(here.told) == 1
        here.answers.set()
        assert await telling == 3
        await desk.hub.db.apply(hooks.add, [hooks.Message(made["id"], "msg_3", b"{}", 0, 0)])
        assert await webhooks.once(other, asking) == 1  # the first let go of it
        assert [headers["webhook-id"] for headers, _ in here.told] == [f"msg_{number}" for number in range(4)]
