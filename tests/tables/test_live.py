"""Pokes for tablets: bounded, lossy, never backwards, and nothing personal in them."""

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.live import Live
from tests.patience import PATIENT_S

pytestmark = pytest.mark.anyio
POKE = re.compile(rb"(?:retry: \d+\n)?event: (\w+)\ndata: (\d+)\n\n")


def pokes(message: bytes) -> list[tuple[str, int]]:
    assert POKE.sub(b"", message) == b""
    return [(topic.decode(), int(seq)) for topic, seq in POKE.findall(message)]


@pytest.fixture
async def live() -> AsyncIterator[Live]:
    house = Live()
    yield house
    house.drop()


async def connected(live: Live, role: str = "staff") -> AsyncGenerator[bytes, None]:
    """A stream that had its first poke."""
    stream = live.stream(role)
    await anext(stream)
    return stream


async def test_a_tablet_that_connects_is_poked_at_once_with_the_latest_number(live: Live) -> None:
    live.tell("visits", 41)
    async with aclosing(live.stream("staff")) as stream:
        first = await anext(stream)
    assert first.startswith(b"retry: 1000\n")
    assert pokes(first) == [("visits", 41)]


async def test_of_many_messages_on_a_topic_a_slow_tablet_gets_the_last(live: Live) -> None:
    async with aclosing(await connected(live)) as stream:
        for seq in range(1, 10_001):
            live.tell("visits", seq)
        live.tell("state", 10_001)
        assert pokes(await anext(stream)) == [("visits", 10_000), ("state", 10_001)]


async def test_what_waits_for_a_tablet_does_not_grow(live: Live) -> None:
    async with aclosing(await connected(live)):
        for seq in range(5_000):
            live.tell("visits", seq)
        (listener,) = live._listeners
        assert len(listener.pending) == 1


@given(st.lists(st.integers(0, 100), min_size=1, max_size=30))
async def test_the_number_never_decreases(numbers: list[int]) -> None:
    live = Live()
    async with aclosing(await connected(live)) as stream:
        last = 0
        for number in numbers:
            live.tell("visits", number)
            ((_, seq),) = pokes(await anext(stream))
            assert seq == max(last, number)
            last = seq


async def test_every_tablet_gets_every_topic(live: Live) -> None:
    streams = [await connected(live, role) for role in ("staff", "staff", "manager")]
    live.tell("visits", 3)
    assert [pokes(await anext(stream)) for stream in streams] == [[("visits", 3)]] * 3
    for stream in streams:
        await stream.aclose()


async def test_roles_and_count_are_of_tablets_that_are_there(live: Live) -> None:
    one, two = await connected(live, "staff"), await connected(live, "manager")
    assert (live.roles(), live.count()) == (["manager", "staff"], 2)
    await one.aclose()
    assert (live.roles(), live.count()) == (["manager"], 1)
    await two.aclose()
    assert live.count() == 0


async def test_dropping_ends_every_stream(live: Live) -> None:
    streams = [await connected(live, role) for role in ("staff", "manager")]
    live.drop()
    async with asyncio.timeout(PATIENT_S):
        for stream in streams:
            assert [message async for message in stream] == []
    assert live.count() == 0


async def test_dropping_one_role_leaves_the_other_connected(live: Live) -> None:
    staff, manager = await connected(live, "staff"), await connected(live, "manager")
    live.drop("staff")
    assert [message async for message in staff] == []
    live.tell("visits", 5)
    assert pokes(await anext(manager)) == [("visits", 5)]
    await manager.aclose()


async def test_a_tablet_that_was_dropped_may_connect_again(live: Live) -> None:
    stream = await connected(live)
    live.drop()
    assert [message async for message in stream] == []
    live.tell("visits", 9)
    async with aclosing(live.stream("staff")) as again:
        assert pokes(await anext(again)) == [("visits", 9)]


async def test_a_tablet_that_vanishes_is_forgotten(live: Live) -> None:
    async def listen() -> None:
        async with aclosing(live.stream("staff")) as stream:
            async for _ in stream:
                pass

    task = asyncio.create_task(listen())
    while not live.count():  # noqa: ASYNC110  (the condition belongs to the code under test)
        await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert live.count() == 0


async def test_each_telling_is_a_new_version_for_fragments(live: Live) -> None:
    before = live.version
    live.tell("visits")
    live.tell("visits", 1)
    assert live.version == before + 2
