"""Short words for the tests: take events from a reader with a limit on the time."""

import asyncio
from collections.abc import AsyncGenerator, Callable

from drivers.reader import Idle, Sighting
from tests.patience import PATIENT_S

Events = AsyncGenerator[Sighting | Idle, None]


async def first_idle(events: Events, *, within_s: float = PATIENT_S) -> Idle:
    async with asyncio.timeout(within_s):
        event = await anext(events)
    assert isinstance(event, Idle), event
    return event


async def next_idle(events: Events, *, within_s: float = PATIENT_S) -> Idle:
    async with asyncio.timeout(within_s):
        while True:
            event = await anext(events)
            if isinstance(event, Idle):
                return event


async def next_sighting(events: Events, *, within_s: float = PATIENT_S) -> Sighting:
    async with asyncio.timeout(within_s):
        while True:
            event = await anext(events)
            if isinstance(event, Sighting):
                return event


async def nothing_for(events: Events, seconds: float) -> bool:
    """Whether no sighting comes; the events are closed afterwards, because a cancelled generator is over."""
    try:
        await next_sighting(events, within_s=seconds)
    except TimeoutError:
        return True
    return False


async def until(holds: Callable[[], bool], *, within_s: float = PATIENT_S) -> None:
    """Wait for something that announces itself to nobody."""
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.02)
