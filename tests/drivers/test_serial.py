"""The serial reader over a pseudo-terminal: real bytes, real port, a link as path."""

import asyncio
from collections.abc import Iterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drivers.catalogue import build
from drivers.reader import Reader, ReaderGone, ReaderRefused, Token
from drivers.settings import parse_reader
from tests.drivers.cable import Cable
from tests.drivers.listening import first_idle, next_sighting, nothing_for

pytestmark = pytest.mark.anyio


@pytest.fixture
def cable() -> Iterator[Cable]:
    with Cable() as made:
        yield made


def serial_reader(path: str, **settings: object) -> Reader:
    table = {"name": "till-1", "kind": "serial", "device": path, **settings}
    return build(parse_reader(table, where="readers[0]", base=Path()))


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n"])
async def test_a_scanned_product_becomes_a_sighting_with_its_gtin(cable: Cable, end: bytes) -> None:
    async with aclosing(serial_reader(cable.path).events()) as events:
        await first_idle(events)
        cable.write(b"4006381333931" + end)
        seen = await next_sighting(events)
    assert seen.token == Token("gs1", "04006381333931", "weak")
    assert (seen.reader, seen.how, seen.outcome) == ("till-1", "scan", None)
    assert seen.at.utcoffset() == timedelta(0)
    assert abs(datetime.now(UTC) - seen.at) < timedelta(seconds=5)


async def test_a_line_without_an_end_is_ended_by_the_gap_after_it(cable: Cable) -> None:
    async with aclosing(serial_reader(cable.path, idle_ms=50).events()) as events:
        await first_idle(events)
        cable.write(b"29000000")
        cable.write(b"12345")
        seen = await next_sighting(events)
    assert seen.token is not None
    assert seen.token.value == "2900000012345"


async def test_a_payload_that_the_reader_repeats_counts_once_until_it_is_away_for_a_second(
    cable: Cable,
) -> None:
    async with aclosing(serial_reader(cable.path).events()) as events:
        await first_idle(events)
        for _ in range(4):
            cable.write(b"CARD-1\r\n")
            await asyncio.sleep(0.4)
        cable.write(b"CARD-2\r\n")
        assert [(await next_sighting(events)).token for _ in range(2)] == [
            Token("barcode", "CARD-1", "weak"),
            Token("barcode", "CARD-2", "weak"),
        ]
        await asyncio.sleep(1.2)
        cable.write(b"CARD-2\r\n")
        again = await next_sighting(events)
        assert again.token == Token("barcode", "CARD-2", "weak")
        assert await nothing_for(events, 0.3)


async def test_a_vtap_pass_is_a_tap_with_the_evidence_that_is_configured(cable: Cable) -> None:
    reader = serial_reader(cable.path, format="vtap", evidence="strong")
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        cable.write(b"A|LOYALTY-0001\r\n")
        seen = await next_sighting(events)
    assert seen.how == "tap"
    assert seen.token == Token("vendor", "LOYALTY-0001", "strong", {"source": "vtap", "type": "A"})


async def test_a_scan_by_the_scanner_of_a_vtap_reader_is_a_scan(cable: Cable) -> None:
    async with aclosing(serial_reader(cable.path, format="vtap").events()) as events:
        await first_idle(events)
        cable.write(b"Q|]Q1member-7\r\n")
        seen = await next_sighting(events)
    assert seen.how == "scan"
    assert seen.token == Token("qr", "member-7", "weak", {"symbology": "Q"})


async def test_a_line_over_four_kib_is_one_unreadable_and_the_next_line_is_fine(cable: Cable) -> None:
    async with aclosing(serial_reader(cable.path, idle_ms=1000).events()) as events:
        await first_idle(events)
        for _ in range(10):
            cable.write(b"x" * 500)
            await asyncio.sleep(0.02)
        cable.write(b"\r\nCARD-1\r\n")
        first = await next_sighting(events)
        second = await next_sighting(events)
    assert (first.token, first.outcome) == (None, "unreadable")
    assert second.token == Token("barcode", "CARD-1", "weak")


async def test_format_aim_takes_no_line_without_its_prefix(cable: Cable) -> None:
    async with aclosing(serial_reader(cable.path, format="aim").events()) as events:
        await first_idle(events)
        cable.write(b"CARD-1\r\n]C0CARD-2\r\n")
        assert (await next_sighting(events)).outcome == "unreadable"
        assert (await next_sighting(events)).token == Token("barcode", "CARD-2", "weak", {"symbology": "C"})


async def test_a_cable_put_back_under_another_node_is_found_through_the_same_link(cable: Cable) -> None:
    reader = serial_reader(cable.path)
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        cable.pull()
        with pytest.raises(ReaderGone):
            await first_idle(events)
    cable.plug()
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        cable.write(b"CARD-1\r\n")
        assert (await next_sighting(events)).token == Token("barcode", "CARD-1", "weak")


async def test_a_port_that_another_reader_holds_is_busy(cable: Cable) -> None:
    async with aclosing(serial_reader(cable.path).events()) as events:
        await first_idle(events)
        async with aclosing(serial_reader(cable.path).events()) as others:
            with pytest.raises(ReaderGone) as caught:
                await first_idle(others)
    assert caught.value.code == "busy"


async def test_a_file_that_is_no_port_is_refused(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    async with aclosing(serial_reader(str(plain)).events()) as events:
        with pytest.raises(ReaderRefused) as caught:
            await first_idle(events)
    assert caught.value.code == "not_a_reader"
    assert not caught.value.retry
