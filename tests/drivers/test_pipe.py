"""Sightings over a Unix socket: several writers, bad lines, stale files, and the client of `watch --pipe`."""

import asyncio
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.codecs.sightings import MAX_LINE, to_line
from drivers.pipe import PipeReader, send
from drivers.reader import ReaderGone, ReaderRefused, Sighting, Token
from tests.drivers.listening import first_idle, next_sighting
from tests.patience import PATIENT_S

pytestmark = pytest.mark.anyio


def sighting(reader: str, value: str) -> Sighting:
    return Sighting(reader, datetime(2026, 11, 22, 10, tzinfo=UTC), "tap", Token("vendor", value, "weak"))


async def stream(*sightings: Sighting) -> AsyncIterator[Sighting]:
    for one in sightings:
        yield one


async def test_two_writers_are_heard_and_each_keeps_its_own_name_and_time(tmp_path: Path) -> None:
    reader = PipeReader("pipe-1", tmp_path / "s.sock")
    first, second = sighting("door-1", "A"), sighting("door-2", "B")
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        await asyncio.gather(
            send(tmp_path / "s.sock", stream(first, first)), send(tmp_path / "s.sock", stream(second))
        )
        heard = [await next_sighting(events) for _ in range(3)]
    assert sorted(heard, key=lambda one: one.reader) == [first, first, second]


async def test_bad_lines_are_dropped_and_counted_and_the_next_good_line_is_heard(tmp_path: Path) -> None:
    reader = PipeReader("pipe-1", tmp_path / "s.sock")
    good = sighting("door-1", "A")
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        _, writer = await asyncio.open_unix_connection(tmp_path / "s.sock")
        writer.write(
            b"nonsense\n\xff\xfe\n" + b"x" * (3 * MAX_LINE) + b"\n" + to_line(good).encode() + b"\n{half"
        )
        writer.close()
        await writer.wait_closed()
        assert await next_sighting(events) == good
        await asyncio.sleep(0.05)
    assert reader.dropped == 4


async def test_the_socket_belongs_to_owner_and_group_and_goes_when_it_is_left(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    async with aclosing(PipeReader("pipe-1", path).events()) as events:
        await first_idle(events)
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
    assert not path.exists()


async def test_the_file_of_a_process_that_died_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    async with aclosing(PipeReader("pipe-1", path).events()) as events:
        await first_idle(events)
        await send(path, stream(sighting("door-1", "A")))
        assert (await next_sighting(events)).reader == "door-1"


async def test_a_socket_somebody_listens_on_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    async with aclosing(PipeReader("pipe-1", path).events()) as events:
        await first_idle(events)
        with pytest.raises(ReaderGone) as caught:
            await first_idle(PipeReader("pipe-2", path).events())
        assert caught.value.code == "busy"
        await send(path, stream(sighting("door-1", "A")))
        assert (await next_sighting(events)).reader == "door-1"


async def test_a_plain_file_in_its_place_is_refused_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    path.write_text("precious")
    with pytest.raises(ReaderRefused) as caught:
        await first_idle(PipeReader("pipe-1", path).events())
    assert caught.value.code == "not_a_reader"
    assert path.read_text() == "precious"


async def test_a_path_that_is_too_long_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReaderRefused) as caught:
        await first_idle(PipeReader("pipe-1", tmp_path / ("x" * 120)).events())
    assert caught.value.code == "not_a_reader"


async def test_a_writer_that_finds_nobody_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(ReaderGone) as caught:
        await send(tmp_path / "s.sock", stream(sighting("door-1", "A")))
    assert caught.value.code == "no_device"


async def test_a_writer_whose_reader_goes_away_is_told_so(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    events = PipeReader("pipe-1", path).events()
    await first_idle(events)

    async def endless() -> AsyncIterator[Sighting]:
        while True:
            yield sighting("door-1", "A")
            await asyncio.sleep(0.01)

    writing = asyncio.create_task(send(path, endless()))
    await next_sighting(events)
    await events.aclose()
    with pytest.raises(ReaderGone):
        await asyncio.wait_for(writing, PATIENT_S)


async def test_more_sightings_than_the_queue_holds_all_arrive(tmp_path: Path) -> None:
    path = tmp_path / "s.sock"
    async with aclosing(PipeReader("pipe-1", path).events()) as events:
        await first_idle(events)
        writing = asyncio.create_task(send(path, stream(*(sighting("door-1", str(n)) for n in range(500)))))
        values = [(await next_sighting(events)).token for _ in range(500)]
        await writing
    assert [token.value for token in values if token] == [str(n) for n in range(500)]
