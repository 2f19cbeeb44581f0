"""Real bleak on a real message bus, with BlueZ's double behind it: what is heard, and every way to lose it."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from drivers import catalogue
from drivers.ble import BleReader
from drivers.codecs.radio.eid import eid
from drivers.reader import Idle, Reader, ReaderGone, Sighting
from drivers.settings import parse_reader
from edge.presence.devices import Device
from edge.presence.resolver import Here
from edge.watch import ReaderState, keep
from tests.drivers.bus import Bus
from tests.drivers.listening import first_idle, next_sighting, nothing_for, until
from tests.patience import PATIENT_S

KEY: Final = bytes(range(16))
RECOVERED_S: Final = PATIENT_S  # the 15 s themselves are in `make prove`

pytestmark = pytest.mark.anyio


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path) as made:
        yield made


def reader(resolve: Any = None, **more: object) -> BleReader:
    table = {"name": "door", "kind": "ble", "device": "hci0", **more}
    settings = parse_reader(table, where="readers[0]", base=Path())
    made = catalogue.build(settings, resolve=resolve or Here([Device("fob-1", KEY, 8, 0)]))
    assert isinstance(made, BleReader)
    return made


def said(window: int = 0) -> bytes:
    """What the fob says now, or so many windows from now."""
    return eid(KEY, exponent=8, time_s=int(time.time()) + 256 * window)


@asynccontextmanager
async def kept(scanner: Reader) -> AsyncIterator[tuple["asyncio.Queue[Sighting]", ReaderState, list[str]]]:
    """The reader as the house keeps it: its sightings, its state, its log lines."""
    seen: asyncio.Queue[Sighting] = asyncio.Queue()
    state, lines = ReaderState(), list[str]()
    task = asyncio.create_task(
        keep(scanner, seen.put, log=lambda event, **_: lines.append(event), state=state)
    )
    try:
        await until(lambda: state.up)
        yield seen, state, lines
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def heard_again(bus: Bus, seen: "asyncio.Queue[Sighting]") -> float:
    """Seconds until an advert comes through again, said four times a second as fobs do."""
    began_s = time.monotonic()
    while not seen.empty():
        seen.get_nowait()
    while time.monotonic() - began_s < RECOVERED_S:
        bus.advertise(said())
        try:
            async with asyncio.timeout(0.25):
                await seen.get()
        except TimeoutError:
            continue
        return time.monotonic() - began_s
    raise AssertionError("presence did not recover")


async def test_each_advert_of_a_known_device_is_a_sighting_with_its_scanner_and_every_change_of_strength(
    bus: Bus,
) -> None:
    async with aclosing(reader().events()) as events:
        await first_idle(events)
        heard = []
        for rssi in (-71, -70, -66, -58, -55):  # under 8 dB apart: told only because the filter says so
            bus.advertise(said(), rssi=rssi)
            heard.append(await next_sighting(events))
    assert [each.token.about["rssi_dbm"] for each in heard if each.token] == [-71, -70, -66, -58, -55]
    assert {each.token.value for each in heard if each.token} == {"fob-1"}
    assert {(each.how, each.token.kind, each.token.evidence) for each in heard if each.token} == {
        ("near", "eid", "strong")
    }
    assert all(each.token and each.token.about["scanner"] == "door" for each in heard)


async def test_an_advert_that_repeats_itself_is_heard_every_time(bus: Bus) -> None:
    async with aclosing(reader().events()) as events:
        await first_idle(events)
        for _ in range(3):
            bus.advertise(said())
            await next_sighting(events)


async def test_a_device_that_changes_identifier_and_address_stays_itself(bus: Bus) -> None:
    async with aclosing(reader().events()) as events:
        await first_idle(events)
        bus.advertise(said(), address="C0:00:00:00:00:01")
        first = await next_sighting(events)
        bus.advertise(said(window=1), address="C0:00:00:00:00:02")
        second = await next_sighting(events)
    assert first.token == second.token


async def test_strangers_are_counted_and_nothing_else(bus: Bus) -> None:
    scanner = reader()
    async with aclosing(scanner.events()) as events:
        await first_idle(events)
        bus.advertise(bytes(8), address="C0:00:00:00:00:09")
        bus.say("other", "D0:00:00:00:00:01", -50)
        assert await nothing_for(events, 0.5)
    assert (scanner.totals.adverts, scanner.totals.resolved) == (1, 0)  # the phone never left bluetoothd


async def test_the_first_adapter_is_taken_where_none_is_named(bus: Bus) -> None:
    settings = parse_reader({"name": "door", "kind": "ble"}, where="readers[0]", base=Path())
    async with aclosing(catalogue.build(settings).events()) as events:
        assert await first_idle(events) == Idle("door")


@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda bus: bus.kill_bus(), "no_service"),
        (lambda bus: bus.kill_bluez(), "no_service"),
        (lambda bus: bus.say("unplug"), "no_device"),
        (lambda bus: bus.say("power", "off"), "powered_off"),
    ],
    ids=["no bus", "no bluetoothd", "no adapter", "switched off"],
)
async def test_what_is_missing_is_said_with_a_next_step(bus: Bus, spoil: Any, code: str) -> None:
    spoil(bus)
    await asyncio.sleep(0.1)
    with pytest.raises(ReaderGone) as caught:
        async with aclosing(reader().events()) as events:
            await first_idle(events)
    assert caught.value.code == code
    assert caught.value.hint


async def test_bluetoothd_killed_and_back_recovers_by_itself(bus: Bus) -> None:
    async with kept(reader()) as (seen, _, lines):
        await heard_again(bus, seen)
        bus.kill_bluez()
        bus.start_bluez()
        assert await heard_again(bus, seen) < RECOVERED_S
    assert lines == ["reader_up", "reader_down", "reader_up"]


async def test_the_bus_killed_and_back_recovers_by_itself(bus: Bus) -> None:
    async with kept(reader()) as (seen, state, lines):
        await heard_again(bus, seen)
        bus.kill_bus()
        bus.kill_bluez()
        await until(lambda: not state.up, within_s=RECOVERED_S)
        bus.start_bus()
        bus.start_bluez()
        assert await heard_again(bus, seen) < RECOVERED_S
    assert lines == ["reader_up", "reader_down", "reader_up"]


async def test_a_controller_that_hangs_is_switched_off_and_on_where_something_always_speaks(bus: Bus) -> None:
    async with kept(reader(reference=True, silence_s=1)) as (seen, _, lines):
        await heard_again(bus, seen)
        bus.say("mute", "on")
        assert await heard_again(bus, seen) < RECOVERED_S
    assert lines in (["reader_up"], ["reader_up", "reader_down", "reader_up"])


async def test_a_scanner_that_stays_deaf_is_said_to_be_until_it_hears(bus: Bus) -> None:
    async with kept(reader(reference=True, silence_s=1)) as (seen, state, lines):
        await heard_again(bus, seen)
        bus.say("mute", "dead")
        await until(lambda: not state.up, within_s=RECOVERED_S)
        assert state.code == "deaf"
        assert "reference beacon" in (state.hint or "")
        bus.say("mute", "off")
        await heard_again(bus, seen)
        assert state.up
    assert lines == ["reader_up", "reader_down", "reader_up"]


async def test_an_empty_shop_is_no_fault(bus: Bus) -> None:
    async with kept(reader(silence_s=1)) as (_, state, lines):
        await asyncio.sleep(3)
        assert state.up
    assert lines == ["reader_up"]
