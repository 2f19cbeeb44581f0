"""The bridge between a blocking loop and asyncio: nothing lost, nothing leaked, no foreign error."""

import asyncio
import threading
import time
from datetime import UTC, datetime

import pytest

from drivers.reader import Idle, ReaderError, ReaderGone, ReaderRefused, Sighting, Token
from drivers.threaded import Emit, threaded
from tests.drivers.listening import next_sighting
from tests.patience import AT_ONCE_S

pytestmark = pytest.mark.anyio


def numbered(n: int) -> Sighting:
    return Sighting("r", datetime.now(UTC), "tap", Token("vendor", str(n), "weak"))


async def test_a_fast_thread_waits_for_a_slow_consumer_and_nothing_is_lost() -> None:
    def poll(emit: Emit, stop: threading.Event) -> None:
        for n in range(300):
            emit(numbered(n))

    seen = []
    async for event in threaded("r", poll):
        assert isinstance(event, Sighting)
        seen.append(event.token.value if event.token else None)
        await asyncio.sleep(0)
    assert seen == [str(n) for n in range(300)]


async def test_idles_do_not_pile_up_while_the_consumer_is_busy() -> None:
    emitted = threading.Event()

    def poll(emit: Emit, stop: threading.Event) -> None:
        for _ in range(200):
            emit(Idle("r"))
            time.sleep(0.001)
        emitted.set()

    events = threaded("r", poll)
    await anext(events)
    await asyncio.to_thread(emitted.wait)
    idles = 0
    async for event in events:
        idles += isinstance(event, Idle)
    assert idles < 10


@pytest.mark.parametrize("error", [ReaderGone, ReaderRefused])
async def test_a_reader_error_comes_out_as_it_is(error: type[ReaderError]) -> None:
    raised = error("away", code="unplugged", hint="plug it in")

    def poll(emit: Emit, stop: threading.Event) -> None:
        raise raised

    with pytest.raises(error) as caught:
        await next_sighting(threaded("r", poll))
    assert caught.value is raised


async def test_any_other_error_becomes_a_fault_without_its_words() -> None:
    def poll(emit: Emit, stop: threading.Event) -> None:
        raise KeyError("SECRET-1")

    with pytest.raises(ReaderGone) as caught:
        await next_sighting(threaded("r", poll))
    assert caught.value.code == "fault"
    assert "KeyError at tests.drivers.test_threaded:" in str(caught.value)
    assert "SECRET" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_leaving_waits_for_the_release_and_stops_the_thread() -> None:
    released = threading.Event()

    def poll(emit: Emit, stop: threading.Event) -> None:
        emit(Idle("r"))
        stop.wait()
        time.sleep(0.3)
        released.set()

    events = threaded("r", poll)
    await anext(events)
    await events.aclose()
    assert released.is_set()


async def test_a_thread_that_is_stuck_does_not_hold_up_leaving_for_more_than_two_seconds() -> None:
    free = threading.Event()

    def poll(emit: Emit, stop: threading.Event) -> None:
        emit(Idle("r"))
        free.wait(60)

    events = threaded("r", poll)
    await anext(events)
    left = time.monotonic()
    await events.aclose()
    assert 1.9 < time.monotonic() - left < AT_ONCE_S
    free.set()


async def test_a_thread_that_waits_for_room_is_freed_by_leaving() -> None:
    done = threading.Event()

    def poll(emit: Emit, stop: threading.Event) -> None:
        while not stop.is_set():
            emit(numbered(1))
        done.set()

    events = threaded("r", poll)
    await anext(events)
    await asyncio.sleep(0.2)
    await events.aclose()
    assert done.is_set()
