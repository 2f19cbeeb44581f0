"""The agent against the real hub."""

import asyncio
import gzip
import itertools
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from edge.kit.sql import Connection
from sync import reports, standing, wire
from sync.agent import Agent
from sync.contact import BACKOFF_MOST_S
from sync.hub import consents, guests
from sync.hub.contacts import unless_gone
from sync.hub.tables import feed as partitions
from sync.hub.tables import guests as stays
from sync.hub.tables.feed import Moved
from tests.patience import AT_ONCE_S, PATIENT_S
from tests.sync.centre import ANNA, BRAM, DEVICE_KEY, HERE, Centre, Said, customer, open_centre
from tests.sync.shop import Liar, PowerCut, TestBox, events_at

pytestmark = pytest.mark.anyio


async def until(true: Any, *, within_s: float = PATIENT_S) -> float:
    """Wait until `true()`; how long it took."""
    start = time.monotonic()
    while not true():
        assert time.monotonic() - start < within_s, "it never came true"
        await asyncio.sleep(0.005)
    return time.monotonic() - start


async def withdraw(centre: Centre, customer_id: bytes = ANNA, purpose: str = "recognition") -> None:
    await centre.hub.change(consents.withdraw, customer_id, purpose=purpose, recipient=HERE, now_ms=1)


async def test_one_round_brings_facts_up_and_residents_down(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        centre.box.happened(3)
        await centre.agent.once()
        assert [seq for seq, *_ in events_at(centre.hub.db.reader)] == [1, 2, 3]
        assert centre.box.acked() == 3
        assert list(centre.box.rows("key")) == list(centre.box.rows("customer")) == [ANNA.hex()]
        assert len(centre.box.rows("credential")) == 1
        assert len(centre.box.rows("consent")) == 3
        assert centre.box.hub_times_ms


async def test_urgent_rows_come_before_facts_go_up_and_before_all_other_rows(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        centre.box.happened()
        await centre.agent.once()
        kinds = ["urgent" if "urgent" in asked else asked.split("?")[0] for asked in centre.line.asked]
        assert kinds == ["urgent", "POST /sync/v1/events", "GET /sync/v1/feed"]


async def test_many_facts_go_up_in_batches_of_at_most_500(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(1201)
        await centre.agent.once()
        assert centre.line.asked.count("POST /sync/v1/events") == 3
        assert len(events_at(centre.hub.db.reader)) == 1201


async def test_long_facts_go_up_in_batches_of_at_most_a_mebibyte(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(50, body=b'{"note":"%s"}' % (b"x" * 60_000))
        await centre.agent.once()
        assert len(events_at(centre.hub.db.reader)) == 50


async def test_a_fact_over_the_cap_is_refused_by_the_agent_itself(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(1, body=b'{"note":"%s"}' % (b"x" * 70_000))
        with pytest.raises(wire.Refused) as caught:
            await centre.agent.once()
        assert caught.value.code == "TOO_LARGE"


async def test_a_withdrawal_reaches_a_waiting_shop_without_waiting(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        running = asyncio.create_task(centre.agent.run())
        await until(lambda: len(centre.box.rows("consent")) == 3)
        await asyncio.sleep(0.05)
        await withdraw(centre)
        took_s = await until(lambda: "withdrawn" in str(centre.box.rows("consent")))
        assert took_s < AT_ONCE_S
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


class Silent:
    """A request of somebody who stays on the line and says no more."""

    async def receive(self) -> dict[str, str]:
        await asyncio.Event().wait()
        return {"type": "http.disconnect"}


async def nothing() -> None: ...


async def test_who_is_stopped_in_the_very_moment_in_which_a_wait_ends_does_not_go_on(tmp_path: Path) -> None:
    async with lied_to(tmp_path, Liar()) as (agent, _):
        asked: Any = Silent()
        waits: list[Callable[[], Coroutine[Any, Any, None]]] = [
            lambda: unless_gone(asked, nothing()),
            lambda: agent._pause(0),
        ]
        for wait in waits:
            moments = 0
            for ticks in itertools.count(1):
                waiting = asyncio.create_task(wait())
                for _ in range(ticks):
                    await asyncio.sleep(0)
                if not waiting.cancel():
                    break
                await asyncio.wait((waiting,))
                assert waiting.cancelled(), ticks
                moments += 1
            assert moments > 2


async def test_two_who_push_at_once_send_each_fact_once(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(3)
        await asyncio.gather(centre.agent.pushing.push(), centre.agent.pushing.push())
        assert centre.box.acked() == 3
        assert [each for each in centre.line.asked if wire.EVENTS_PATH in each] == [
            f"POST {wire.EVENTS_PATH}"
        ]


async def test_a_woken_agent_pushes_at_once(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        running = asyncio.create_task(centre.agent.run())
        await until(lambda: centre.agent.state.online)
        await asyncio.sleep(0.05)
        centre.box.happened()
        centre.agent.wake()
        assert await until(lambda: centre.box.acked() == 1) < AT_ONCE_S
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_line_that_goes_and_comes_back_is_told_once_each(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        flips: list[bool] = []
        centre.agent.contact.on_change = lambda: flips.append(centre.agent.state.online)
        running = asyncio.create_task(centre.agent.run())
        await until(lambda: centre.agent.state.online)
        centre.line.down = True
        centre.box.happened()
        centre.agent.wake()
        await until(lambda: not centre.agent.state.online)
        assert centre.agent.state.code == "NO_LINE"
        await until(lambda: len(centre.pauses_s) > 5)
        centre.line.down = False
        await until(lambda: centre.agent.state.online and centre.box.acked() == 1)
        assert flips == [True, False, True]
        assert (centre.said.count("hub_lost"), centre.said.count("hub_reached")) == (1, 2)
        assert centre.agent.state.code == ""
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_hub_that_was_never_there_is_told_once(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.line.down = True
        running = asyncio.create_task(centre.agent.run())
        await until(lambda: len(centre.pauses_s) > 8)
        assert centre.said.count("hub_lost") == 1
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_pauses_grow_with_full_jitter_up_to_half_a_minute(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.line.down = True
        centre.agent.contact.chance = lambda: 1.0
        running = asyncio.create_task(centre.agent.run())
        await until(lambda: len(centre.pauses_s) >= 9)
        assert centre.pauses_s[:9] == [0.5, 1, 2, 4, 8, 16, BACKOFF_MOST_S, BACKOFF_MOST_S, BACKOFF_MOST_S]
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_hub_that_holds_no_long_poll_is_not_hammered(tmp_path: Path) -> None:
    async with open_centre(tmp_path, fast=False) as centre:
        centre.hub.bell.close()
        running = asyncio.create_task(centre.agent.run())
        await asyncio.sleep(0.5)
        assert len(centre.line.asked) <= 4
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_refused_facts_do_not_hold_up_a_withdrawal(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        centre.box.happened(2)
        await centre.agent.once()
        centre.box.forge_history()
        centre.box.happened(1)
        running = asyncio.create_task(centre.agent.run())
        await until(lambda: centre.said.count("hub_refused"))
        await withdraw(centre)
        await until(lambda: "withdrawn" in str(centre.box.rows("consent")))
        await asyncio.sleep(0.1)
        assert centre.said.count("hub_refused") == 1
        assert centre.agent.state.online
        assert centre.agent.state.code == "BROKEN_CHAIN"
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_power_cut_in_a_page_loses_and_doubles_nothing(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer(), customer(BRAM, number="LOYALTY-0002")])
        centre.box.cut_after = 3
        with pytest.raises(PowerCut):
            await centre.agent._drain("shop:s1")
        assert centre.box.cursor("shop:s1") == 0
        assert centre.box.rows("key") == {}
        centre.box.cut_after = None
        await centre.agent.once()
        assert set(centre.box.rows("customer")) == {ANNA.hex(), BRAM.hex()}


async def test_an_erased_customer_leaves_no_row_in_the_shop(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer(), customer(BRAM, number="LOYALTY-0002")])
        await centre.agent.once()
        await centre.hub.erase(ANNA)
        await centre.agent.once()
        for kind in ("key", "customer", "credential", "consent"):
            assert ANNA.hex() not in str(centre.box.rows(kind))
            assert BRAM.hex() in str(centre.box.rows(kind))


async def test_a_page_fetched_before_an_erasure_is_not_applied_after_it(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        asked = centre.line.handle_async_request

        async def slow(request: httpx.Request) -> httpx.Response:
            response = await asked(request)
            if "urgent" not in str(request.url):
                await centre.hub.erase(ANNA)
                centre.line.handle_async_request = asked  # type: ignore[method-assign]
                await centre.agent._drain("shop:s1:urgent")
            return response

        centre.line.handle_async_request = slow  # type: ignore[method-assign]
        await centre.agent._drain("shop:s1")
        assert centre.box.rows("customer") == centre.box.rows("key") == {}
        assert not any(row.op == "put" for page in centre.box.applied for row in page.rows)


async def test_an_urgent_page_fetched_before_a_guest_left_brings_nothing_of_them_back(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        await centre.hub.db.apply(stays.put_stay, ANNA, "s1", reason="visit", since_ms=7)
        asked = centre.line.handle_async_request

        def leave(conn: Connection) -> list[Moved]:
            gone = reports.GuestLeft(customer_id=ANNA.hex(), since_ms=7)
            return partitions.publish(conn, guests.left(conn, gone, shop_id="s1"))

        async def slow(request: httpx.Request) -> httpx.Response:
            response = await asked(request)
            if "urgent" in str(request.url):
                await centre.hub.change(leave)
                centre.line.handle_async_request = asked  # type: ignore[method-assign]
                await centre.agent._drain("shop:s1")
            return response

        centre.line.handle_async_request = slow  # type: ignore[method-assign]
        await centre.agent._drain("shop:s1:urgent")
        assert not any(row.t == "key" for page in centre.box.applied for row in page.rows)


async def test_a_shop_with_a_dead_clock_battery_gets_through(tmp_path: Path) -> None:
    async with open_centre(tmp_path, wall_ms=lambda: 1_000_000) as centre:
        centre.box.happened()
        running = asyncio.create_task(centre.agent.run())
        await until(lambda: centre.box.acked() == 1)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@asynccontextmanager
async def lied_to(tmp_path: Path, liar: Liar) -> AsyncIterator[tuple[Agent, TestBox]]:
    with closing(TestBox(tmp_path / "box.db")) as box:
        async with httpx.AsyncClient(transport=liar, base_url="http://hub.test") as client:
            key = DEVICE_KEY
            yield Agent(box, client, device="box-1", shop="s1", key=key, wall_ms=lambda: 1, log=Said()), box


def page(
    *,
    part: str = "shop:s1:urgent",
    first: int = 1,
    count: int = 2,
    cursor: int | None = None,
    once: str = "",
) -> bytes:
    rows = [
        wire.encode_row(wire.Row(part, seq, "erase", "customer", ANNA.hex(), 1, wire.EMPTY))
        for seq in range(first, first + count)
    ]
    last = first + count - 1 if cursor is None else cursor
    return wire.encode_page(rows, part=part, cursor=last, up_to_date=True, hub_time_ms=1, once=once)


LIES: dict[str, tuple[Liar, type[wire.WireError], str]] = {
    "a hotspot's page": (Liar(body=b"<html>pay here</html>\n"), wire.Unreachable, "MALFORMED"),
    "a redirect": (Liar(status=302, body=b""), wire.Unreachable, "HTTP_302"),
    "a proxy's error": (Liar(status=502, body=b"bad gateway"), wire.Unreachable, "HTTP_502"),
    "an endless page": (Liar(body=b"x" * (wire.PAGE_BYTES + 1)), wire.Unreachable, "TOO_LARGE"),
    "a bomb": (
        Liar(body=gzip.compress(bytes(1 << 20)), headers={"content-encoding": "gzip"}),
        wire.Unreachable,
        "HTTP_200",
    ),
    "a changed row": (Liar(body=page().replace(b"erase", b"erasE")), wire.Unreachable, "BAD_DIGEST"),
    "a cut page": (Liar(body=page()[:-9]), wire.Unreachable, "MALFORMED"),
    "a gap": (Liar(body=page(first=2)), wire.Refused, "FEED_GAP"),
    "a cursor beyond its rows": (Liar(body=page(cursor=9)), wire.Refused, "FEED_GAP"),
    "an empty page with more to come": (
        Liar(body=wire.encode_page([], part="shop:s1:urgent", cursor=0, up_to_date=False, hub_time_ms=1)),
        wire.Refused,
        "FEED_GAP",
    ),
    "a page of before": (Liar(body=page(once="of another question")), wire.Unreachable, "OTHER_ANSWER"),
    "another shop's partition": (Liar(body=page(part="shop:s2:urgent")), wire.Refused, "WRONG_PART"),
}


@pytest.mark.parametrize("lie", LIES)
async def test_nothing_of_a_hub_that_lies_is_applied(tmp_path: Path, lie: str) -> None:
    liar, kind, code = LIES[lie]
    async with lied_to(tmp_path, liar) as (agent, box):
        with pytest.raises(kind) as caught:
            await agent._drain("shop:s1:urgent")
        assert box.applied == []
    assert caught.value.code == code


async def test_an_acknowledgement_of_what_was_never_sent_is_refused(tmp_path: Path) -> None:
    answer = wire.Answer(ack=wire.Ack(1, 99), hub_epoch=1, hub_time_ms=1)
    async with lied_to(tmp_path, Liar(body=wire.encode_answer(answer))) as (agent, box):
        box.happened(2)
        with pytest.raises(wire.Refused) as caught:
            await agent.pushing.send(box.batch(1, 2))
        assert box.acked() == 0
    assert caught.value.code == "HUB_AHEAD"


async def test_the_answer_to_another_question_about_the_history_is_no_answer(tmp_path: Path) -> None:
    other = standing.Standing(of_epoch=1, at_seq=10, epoch=2, held=8, hub_epoch=1, hub_time_ms=1)
    async with lied_to(tmp_path, Liar(body=standing.encode(other))) as (agent, _):
        with pytest.raises(wire.Unreachable) as caught:
            await agent.pushing.standing(1, 4)
        assert (await agent.pushing.standing(1, 10)).held == 8
    assert caught.value.code == "OTHER_ANSWER"
    before = standing.encode(replace(other, once="of before"))
    assert standing.standing_of(before, epoch=1, seq=10, once="of before").held == 8
    with pytest.raises(wire.Malformed, match="another question"):
        standing.standing_of(before, epoch=1, seq=10, once="of now")


async def test_the_answer_of_a_hub_that_does_not_say_what_it_was_asked_is_taken(tmp_path: Path) -> None:
    older = standing.Standing(epoch=2, held=8, hub_epoch=1, hub_time_ms=1)
    async with lied_to(tmp_path, Liar(body=standing.encode(older))) as (agent, _):
        assert (await agent.pushing.standing(1, 4)).held == 8


async def test_an_acknowledgement_of_another_history_settles_nothing(tmp_path: Path) -> None:
    """As of a box that was put back, and is given what the hub had said to the facts that it lost."""
    before = wire.Answer(ack=wire.Ack(1, 2), hash="5f" * 32, hub_epoch=1, hub_time_ms=1)
    async with lied_to(tmp_path, Liar(body=wire.encode_answer(before))) as (agent, box):
        box.happened(2)
        with pytest.raises(wire.Unreachable) as caught:
            await agent.pushing.send(box.batch(1, 2))
        assert box.acked() == 0
    assert caught.value.code == "OTHER_ANSWER"
