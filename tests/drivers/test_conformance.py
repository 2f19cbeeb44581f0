"""The seam's promises, held by every kind in KINDS."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from drivers.catalogue import KINDS
from drivers.reader import How, Idle, ReaderGone
from tests.drivers.listening import first_idle, next_idle, next_sighting, nothing_for
from tests.drivers.rigs import RIGS, Rig, rig
from tests.patience import AT_ONCE_S, PATIENT_S

pytestmark = pytest.mark.anyio


@pytest.fixture(params=list(KINDS))
def subject(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    with rig(request.param, tmp_path) as made:
        yield made


async def test_every_kind_has_a_rig() -> None:
    assert set(RIGS) == set(KINDS)


async def test_the_name_comes_from_the_configuration(subject: Rig) -> None:
    assert subject.reader().name == "counter-1"


async def test_an_idle_comes_promptly_after_opening_and_bears_the_name(subject: Rig) -> None:
    async with aclosing(subject.reader().events()) as events:
        assert await first_idle(events) == Idle("counter-1")


async def test_idle_comes_again_while_nothing_is_there(subject: Rig) -> None:
    async with aclosing(subject.reader().events()) as events:
        await first_idle(events)
        await next_idle(events)


async def test_what_is_presented_is_seen_once_with_name_and_a_time_in_utc(subject: Rig) -> None:
    async with aclosing(subject.reader().events()) as events:
        await first_idle(events)
        subject.show()
        seen = await next_sighting(events)
        assert seen.reader == "counter-1"
        assert seen.at.utcoffset() == timedelta(0)
        assert seen.how in get_args(How)
        assert seen.token is not None
        assert seen.token.value not in repr(seen)
        assert await nothing_for(events, 0.5)


async def test_making_a_reader_opens_nothing(subject: Rig) -> None:
    subject.absent()
    assert subject.reader().name == "counter-1"


async def test_leaving_releases_the_device_so_that_it_opens_again(subject: Rig) -> None:
    for _ in range(3):
        events = subject.reader().events()
        await first_idle(events)
        left = time.monotonic()
        await events.aclose()
        assert time.monotonic() - left < AT_ONCE_S


async def test_cancelling_releases_the_device_so_that_it_opens_again(subject: Rig) -> None:
    for _ in range(3):
        opened = asyncio.Event()

        async def listen(opened: asyncio.Event) -> None:
            async with aclosing(subject.reader().events()) as events:
                async for _event in events:
                    opened.set()

        task = asyncio.create_task(listen(opened))
        async with asyncio.timeout(PATIENT_S):
            await opened.wait()
        left = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - left < AT_ONCE_S


async def test_one_reader_can_be_listened_to_again(subject: Rig) -> None:
    reader = subject.reader()
    for _ in range(2):
        async with aclosing(reader.events()) as events:
            await first_idle(events)


async def test_a_device_that_is_not_there_is_gone_with_a_code_and_a_next_step(subject: Rig) -> None:
    subject.absent()
    with pytest.raises(ReaderGone) as caught:
        async with aclosing(subject.reader().events()) as events:
            await first_idle(events)
    assert caught.value.code
    assert caught.value.hint
    assert caught.value.retry


async def test_a_device_that_goes_away_while_it_is_read_is_gone(subject: Rig) -> None:
    if subject.pull is None:
        return  # a file that is open stays readable: nothing of it can be pulled
    async with aclosing(subject.reader().events()) as events:
        await first_idle(events)
        subject.pull()
        with pytest.raises(ReaderGone) as caught:
            await next_sighting(events)
    assert caught.value.code == "unplugged"
