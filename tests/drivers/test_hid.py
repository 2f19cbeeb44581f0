"""The keyboard-wedge reader: the kernel's own structs through a node that comes and goes."""

import asyncio
import struct
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest

from drivers import evdev
from drivers.catalogue import build
from drivers.hid import HidReader
from drivers.reader import Reader, ReaderGone, ReaderRefused, Token
from drivers.settings import ReaderSettings, SettingsError, parse_reader
from tests.drivers.listening import first_idle, next_sighting, nothing_for
from tests.drivers.wedge import WedgeScanner, strokes

pytestmark = pytest.mark.anyio


@pytest.fixture
def scanner() -> Iterator[WedgeScanner]:
    with WedgeScanner() as made:
        yield made


def settings(path: str, **more: object) -> ReaderSettings:
    table = {"name": "till-1", "kind": "hid", "device": path, **more}
    return parse_reader(table, where="readers[0]", base=Path())


def hid(scanner: WedgeScanner, **more: object) -> Reader:
    return HidReader(settings(scanner.path, **more), grab=scanner.grab)


async def test_a_scanned_product_becomes_a_sighting_with_its_gtin(scanner: WedgeScanner) -> None:
    async with aclosing(hid(scanner).events()) as events:
        await first_idle(events)
        scanner.type("]E04006381333931\n")
        seen = await next_sighting(events)
    assert seen.token == Token("gs1", "04006381333931", "weak")
    assert (seen.reader, seen.how, seen.outcome) == ("till-1", "scan", None)


async def test_a_scanner_on_a_french_keyboard_is_read_with_its_layout(scanner: WedgeScanner) -> None:
    async with aclosing(hid(scanner, layout="fr").events()) as events:
        await first_idle(events)
        scanner.type("]Q1Klant-29\n", layout="fr")
        seen = await next_sighting(events)
    assert seen.token == Token("qr", "Klant-29", "weak", {"symbology": "Q"})


async def test_a_code_without_an_end_is_ended_by_the_gap_after_it(scanner: WedgeScanner) -> None:
    async with aclosing(hid(scanner, idle_ms=50).events()) as events:
        await first_idle(events)
        scanner.type("2900000012345")
        assert (await next_sighting(events)).token == Token("barcode", "2900000012345", "weak")


async def test_a_wallet_reader_that_types_its_pass_is_a_tap(scanner: WedgeScanner) -> None:
    async with aclosing(hid(scanner, format="vtap", evidence="strong").events()) as events:
        await first_idle(events)
        scanner.type("G|LOYALTY-0001\n")
        seen = await next_sighting(events)
    assert seen.how == "tap"
    assert seen.token == Token("vendor", "LOYALTY-0001", "strong", {"source": "vtap", "type": "G"})


async def test_what_a_person_types_on_it_is_nobody(scanner: WedgeScanner) -> None:
    async with aclosing(hid(scanner).events()) as events:
        await first_idle(events)
        scanner.keys(strokes("2900000012345\n"), gap_s=0.2)
        assert await nothing_for(events, 0.4)


async def test_the_same_code_again_counts_once_until_it_is_away_for_a_second(scanner: WedgeScanner) -> None:
    async with aclosing(hid(scanner).events()) as events:
        await first_idle(events)
        for text in ("CARD-1\n", "CARD-1\n", "CARD-2\n"):
            scanner.type(text)
            await asyncio.sleep(0.1)
        values = [(await next_sighting(events)).token for _ in range(2)]
        assert values == [Token("barcode", "CARD-1", "weak"), Token("barcode", "CARD-2", "weak")]
        assert await nothing_for(events, 0.3)


async def test_keys_that_the_kernel_dropped_are_an_unreadable_code(scanner: WedgeScanner) -> None:
    async with aclosing(hid(scanner).events()) as events:
        await first_idle(events)
        scanner.type("29000")
        scanner.drop()
        scanner.type("12345\nCARD-1\n")
        assert (await next_sighting(events)).outcome == "unreadable"
        assert (await next_sighting(events)).token == Token("barcode", "CARD-1", "weak")


async def test_a_scanner_put_back_under_another_node_is_found_through_the_same_link(
    scanner: WedgeScanner,
) -> None:
    reader = hid(scanner)
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        scanner.pull()
        with pytest.raises(ReaderGone) as caught:
            await first_idle(events)
    assert caught.value.code == "unplugged"
    scanner.plug()
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        scanner.type("CARD-1\n")
        assert (await next_sighting(events)).token == Token("barcode", "CARD-1", "weak")


async def test_a_scanner_that_another_program_has_grabbed_is_busy(scanner: WedgeScanner) -> None:
    async with aclosing(hid(scanner).events()) as events:
        await first_idle(events)
        async with aclosing(hid(scanner).events()) as others:
            with pytest.raises(ReaderGone) as caught:
                await first_idle(others)
    assert caught.value.code == "busy"


async def test_the_real_grab_is_asked_for_and_what_is_no_input_device_is_refused(
    scanner: WedgeScanner,
) -> None:
    async with aclosing(
        build(settings(scanner.path)).events()
    ) as events:  # a terminal does not know the ioctl
        with pytest.raises(ReaderRefused) as caught:
            await first_idle(events)
    assert caught.value.code == "not_a_reader"
    assert "input device" in str(caught.value)


async def test_who_may_not_open_it_is_told_the_group(scanner: WedgeScanner) -> None:
    def grab(fd: int) -> None:
        raise PermissionError(1, "not yours")

    async with aclosing(HidReader(settings(scanner.path), grab=grab).events()) as events:
        with pytest.raises(ReaderRefused) as caught:
            await first_idle(events)
    assert caught.value.code == "no_permission"
    assert "group input" in caught.value.hint


def test_an_unknown_layout_is_refused_naming_those_there_are() -> None:
    with pytest.raises(SettingsError, match=r"readers\[0\]\.layout: must be one of us, gb, de, fr, be"):
        settings("/dev/input/event3", layout="nl")


def test_events_are_parsed_whole_and_the_rest_is_kept() -> None:
    data = struct.pack("@llHHi", 12, 500_000, 1, 30, 1)
    events, rest = evdev.parse(data + data[:7])
    assert events == [evdev.InputEvent(12.5, 1, 30, 1)]
    assert rest == data[:7]
    a_write_of_an_int = 1 << 30 | 4 << 16 | ord("E") << 8 | 0x90  # _IOW('E', 0x90, int), asm-generic/ioctl.h
    assert a_write_of_an_int == evdev.EVIOCGRAB
