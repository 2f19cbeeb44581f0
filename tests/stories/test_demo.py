"""The demo's invented shop: the same on every day, believable, and behind a cable that can really be cut."""

import asyncio
from collections import Counter
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest

from edge.catalogue.rules import gtin14
from edge.demo.cable import Cable
from edge.demo.cast import cast
from edge.demo.goods import BY_CODE, COUNT, goods, stock
from edge.demo.people import invent
from edge.demo.stage import Stage
from tests.patience import PATIENT_S

NOW_MS = 1_795_000_000_000
DAY_MS = 24 * 3_600_000


def test_the_shelves_hold_six_hundred_things_with_numbers_that_are_valid_and_their_own() -> None:
    lines = goods(seed=1)
    assert len(lines) == COUNT == len({line.item for line in lines}) == len({line.gtin for line in lines})
    assert all(gtin14(line.gtin) == line.gtin for line in lines)
    assert lines == goods(seed=1)
    assert any(line.count == 0 for line in stock(seed=1, now_ms=NOW_MS))


def test_who_somebody_is_does_not_hang_on_the_day_the_shop_is_invented() -> None:
    today, in_spring = (
        invent(50, seed=7, now_ms=NOW_MS),
        invent(50, seed=7, now_ms=NOW_MS + 170 * DAY_MS),
    )
    for one, same in zip(today, in_spring, strict=True):
        assert (one.customer_id, one.barcode, one.name) == (same.customer_id, same.barcode, same.name)


def test_everybody_in_the_shop_has_a_number_of_their_own_and_buys_what_is_on_the_shelves() -> None:
    people = [*cast(seed=7, now_ms=NOW_MS), *invent(300, seed=7, now_ms=NOW_MS)]
    assert len({each.barcode for each in people}) == len({each.customer_id for each in people}) == len(people)
    items = {line.item for line in goods(seed=1)}
    together: Counter[str] = Counter()
    for person in people:
        times = [basket["at_ms"] for basket in person.traits["baskets"]["baskets"]]
        assert times == sorted(times)
        assert all(at_ms < NOW_MS for at_ms in times)
        bought = [item for basket in person.traits["baskets"]["baskets"] for item in basket["items"]]
        assert set(bought) <= items
        together.update({item for item in bought if BY_CODE[item[:-4]].durable})
    assert together.most_common(1)[0][1] >= 10, "something sells often enough to be spoken of"


@pytest.mark.anyio
async def test_the_stage_ends_when_it_is_told_to_in_the_moment_in_which_somebody_presses_play() -> None:
    nobody: Any = SimpleNamespace(address="")
    stage = Stage(
        [],
        birthdays=[],
        office=nobody,
        cable=Cable(1),
        hold=print,
        answer=print,
        walk=nobody,
        staff="",
        pin="",
    )
    playing = asyncio.create_task(stage.run())
    await asyncio.sleep(0)
    await stage.play(True)
    playing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await playing


@pytest.mark.anyio
async def test_a_cut_cable_hangs_up_takes_no_call_and_carries_again_once_joined() -> None:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while chunk := await reader.read(100):
            writer.write(chunk)
        writer.close()

    async def call() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", cable.near)
        writer.write(b"hello")
        try:
            return await asyncio.wait_for(reader.read(100), timeout=PATIENT_S)
        except ConnectionError:
            return b""
        finally:
            writer.transport.abort()

    far = await asyncio.start_server(echo, "127.0.0.1", 0)
    cable = Cable(far.sockets[0].getsockname()[1])
    await cable.lay()
    try:
        assert await call() == b"hello"
        reader, writer = await asyncio.open_connection("127.0.0.1", cable.near)
        writer.write(b"still there?")
        assert await reader.read(100) == b"still there?"
        cable.cut()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), timeout=PATIENT_S)
        writer.transport.abort()
        assert await call() == b""
        cable.join()
        assert await call() == b"hello"
    finally:
        await cable.close()
        far.close()


@pytest.mark.anyio
async def test_who_is_stopped_while_the_cable_is_taken_away_does_not_go_on() -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello")
        with suppress(ConnectionError):
            await reader.read()
        writer.transport.abort()
        hung_up.set()

    hung_up = asyncio.Event()
    far = await asyncio.start_server(greet, "127.0.0.1", 0)
    cable = Cable(far.sockets[0].getsockname()[1])
    await cable.lay()
    reader, writer = await asyncio.open_connection("127.0.0.1", cable.near)
    assert await reader.readexactly(5) == b"hello"
    closing = asyncio.ensure_future(cable.close())
    await asyncio.sleep(0)  # it hung up, and waits for the end of the call
    closing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await closing
    await cable.close()
    writer.transport.abort()
    await asyncio.wait_for(hung_up.wait(), PATIENT_S)
    far.close()
    await asyncio.sleep(0)  # transports close their sockets one round later
