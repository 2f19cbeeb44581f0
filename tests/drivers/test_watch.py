"""One supervised reader: what it logs, when it comes back, what it never swallows."""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest

from drivers.reader import Idle, Reader, ReaderGone, ReaderRefused, Sighting
from drivers.sim import SimReader
from edge import watch
from edge.watch import ReaderState, keep
from tests.patience import PATIENT_S

pytestmark = pytest.mark.anyio


class Diary:
    """What was logged and what was seen."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []
        self.seen: list[Sighting] = []

    def log(self, event: str, **fields: object) -> None:
        self.lines.append((event, fields))

    async def on_sighting(self, sighting: Sighting) -> None:
        self.seen.append(sighting)

    @property
    def events(self) -> list[str]:
        return [event for event, _ in self.lines]

    async def until(self, condition: Callable[[], bool], *, within_s: float = PATIENT_S) -> float:
        started = time.monotonic()
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110  (the condition belongs to the code under test)
                await asyncio.sleep(0.01)
        return time.monotonic() - started


@asynccontextmanager
async def kept(reader: Reader, diary: Diary, **options: object) -> AsyncIterator[ReaderState]:
    state = ReaderState()
    task = asyncio.create_task(keep(reader, diary.on_sighting, log=diary.log, state=state, **options))  # type: ignore[arg-type]
    try:
        yield state
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_the_first_opening_is_logged_as_up_and_sightings_come_through() -> None:
    diary, reader = Diary(), SimReader("counter-1")
    async with kept(reader, diary) as state:
        await diary.until(lambda: state.up)
        reader.tap("2900000012345")
        await diary.until(lambda: bool(diary.seen))
    assert diary.lines == [("reader_up", {"reader": "counter-1"})]
    assert state.since.utcoffset() is not None


async def test_a_cable_pulled_and_put_back_is_one_line_down_and_one_line_up() -> None:
    diary, reader = Diary(), SimReader("counter-1")
    async with kept(reader, diary, backoff_s=(0.01,)) as state:
        await diary.until(lambda: state.up)
        reader.pull()
        await diary.until(lambda: not state.up)
        assert state.code == "unplugged"
        await asyncio.sleep(0.1)  # it is tried in vain
        reader.plug()
        await diary.until(lambda: state.up)
        assert state.code is None
    assert diary.events == ["reader_up", "reader_down", "reader_up"]
    assert set(diary.lines[1][1]) == {"reader", "code", "hint"}


class Mute:
    """A reader that opens and then hangs."""

    name = "counter-1"

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        yield Idle(self.name)
        await asyncio.Event().wait()


async def test_a_silent_reader_is_taken_down_as_silent() -> None:
    diary = Diary()
    async with kept(Mute(), diary, silence_s=0.1):
        await diary.until(lambda: len(diary.lines) >= 2)
    assert diary.events[:2] == ["reader_up", "reader_down"]
    assert diary.lines[1][1]["code"] == "silent"


class Refusing:
    """A reader that a person has to set right; `at_s` has each time that it was tried."""

    name = "counter-1"

    def __init__(self) -> None:
        self.at_s: list[float] = []

    @property
    def tries(self) -> int:
        return len(self.at_s)

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        self.at_s.append(time.monotonic())
        raise ReaderRefused("permission denied", code="no_permission", hint="add the user to dialout")
        yield Idle(self.name)


async def test_a_refused_reader_is_logged_once_however_often_it_is_tried() -> None:
    diary, reader = Diary(), Refusing()
    async with kept(reader, diary, backoff_s=(0.01,)) as state:
        await diary.until(lambda: reader.tries > 5)
        assert (state.up, state.code, state.hint) == (False, "no_permission", "add the user to dialout")
    assert diary.events == ["reader_down"]


async def test_a_refusal_that_lasts_is_tried_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "UDEV_S", 0.05)
    slow_s, diary, reader = 0.3, Diary(), Refusing()
    async with kept(reader, diary, backoff_s=(0.01,), refused_s=slow_s):
        await diary.until(lambda: reader.tries > 1 and reader.at_s[-1] - reader.at_s[0] > 3 * slow_s)
    since = [each for each in reader.at_s if each - reader.at_s[0] > slow_s]
    assert len(since) >= 2
    assert all(later - earlier >= slow_s - 0.01 for earlier, later in pairwise(since))


class Ending:
    """A driver with a mistake: its events end."""

    name = "counter-1"

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        yield Idle(self.name)


async def test_events_that_end_are_a_failure_and_not_the_end_of_the_reader() -> None:
    diary = Diary()
    async with kept(Ending(), diary, backoff_s=(0.01,)):
        await diary.until(lambda: diary.events.count("reader_up") > 2)
    assert diary.lines[1][1]["code"] == "ended"


class Flapping:
    """A loose contact: it opens and fails at once, and each time the reason differs."""

    name = "counter-1"
    tries = 0

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        self.tries += 1
        raise ReaderGone("away", code=f"reason_{self.tries}", hint="look at the cable")
        yield Idle(self.name)


async def test_the_state_shows_the_newest_reason_while_the_log_keeps_the_first() -> None:
    diary, reader = Diary(), Flapping()
    async with kept(reader, diary, backoff_s=(0.01,)) as state:
        await diary.until(lambda: reader.tries > 3)
        assert state.code != "reason_1"
    assert [line["code"] for _, line in diary.lines] == ["reason_1"]


async def test_what_on_sighting_raises_comes_out_and_the_reader_is_released() -> None:
    async def fails(sighting: Sighting) -> None:
        raise RuntimeError("the database is full")

    diary, reader = Diary(), SimReader("counter-1")
    reader.tap("2900000012345")
    with pytest.raises(RuntimeError, match="full"):
        await keep(reader, fails, log=diary.log)
    assert reader._wake is None
