"""The nfc reader's device: opened in any state, lost in any state, and let go of each time."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
import serial

from drivers.catalogue import build
from drivers.reader import Reader, ReaderGone, ReaderRefused
from drivers.settings import parse_reader
from edge.watch import ReaderState
from tests.drivers.cable import Cable
from tests.drivers.listening import first_idle, next_sighting
from tests.drivers.pn532 import Pn532, Type2Card, Type4Card, uri
from tests.drivers.test_watch import Diary, kept
from tests.patience import AT_ONCE_S, PATIENT_S

pytestmark = pytest.mark.anyio

LINK = "https://shop.example/c/ABC1"


@pytest.fixture
def chip() -> Iterator[Pn532]:
    with Pn532() as made:
        yield made


def nfc_reader(device: str) -> Reader:
    rule = {"record": "uri", "match": r"/c/([0-9A-Z]+)$"}
    table = {"name": "counter-1", "kind": "nfc", "device": device, "ndef": [rule]}
    return build(parse_reader(table, where="readers[0]", base=Path()))


@pytest.mark.parametrize("baud", [230400, 460800, 921600])
async def test_a_chip_left_at_another_speed_is_brought_back(baud: int) -> None:
    with Pn532(baud=baud) as chip:
        async with aclosing(nfc_reader(chip.path).events()) as events:
            await first_idle(events)
            assert chip.baud == 115200
            chip.present(Type2Card(ndef=uri(LINK)))
            assert (await next_sighting(events)).token is not None


async def test_the_speed_of_the_chip_is_never_raised(chip: Pn532) -> None:
    async with aclosing(nfc_reader(chip.path).events()) as events:
        await first_idle(events)
    assert {data for code, data in chip.commands if code == 0x10} == {b"\x04"}
    assert chip.baud == 115200


async def test_a_reader_that_was_left_is_asleep_with_its_field_off_and_opens_again(chip: Pn532) -> None:
    for _ in range(3):
        async with aclosing(nfc_reader(chip.path).events()) as events:
            await first_idle(events)
        assert chip.commands[-1][0] == 0x16


async def test_a_chip_that_hangs_is_gone_as_hung(chip: Pn532) -> None:
    async with aclosing(nfc_reader(chip.path).events()) as events:
        await first_idle(events)
        chip.hung = True
        with pytest.raises(ReaderGone) as caught:
            await next_sighting(events)
    assert caught.value.code == "hung"


async def test_a_chip_that_hangs_at_opening_is_gone_without_an_answer(chip: Pn532) -> None:
    chip.hung = True
    async with aclosing(nfc_reader(chip.path).events()) as events:
        with pytest.raises(ReaderGone) as caught:
            await first_idle(events)
    assert caught.value.code == "no_answer"


async def test_leaving_while_a_hung_chip_is_opened_waits_for_nothing(chip: Pn532) -> None:
    chip.hung = True
    events = nfc_reader(chip.path).events()
    opening = asyncio.create_task(first_idle(events))
    await asyncio.sleep(0.3)
    left = time.monotonic()
    opening.cancel()
    with pytest.raises(asyncio.CancelledError):
        await opening
    assert time.monotonic() - left < AT_ONCE_S


async def test_leaving_in_the_middle_of_a_talk_waits_for_nothing(chip: Pn532) -> None:
    events = nfc_reader(chip.path).events()
    await first_idle(events)
    chip.present(Type4Card(endless_wtx=True))
    await asyncio.sleep(0.3)
    left = time.monotonic()
    await events.aclose()
    assert time.monotonic() - left < AT_ONCE_S


async def test_a_cable_pulled_in_mid_read_and_put_back_is_read_again(chip: Pn532) -> None:
    class Snag(Type4Card):
        """It pulls the cable when its file is read."""

        def apdu(self, command: bytes) -> bytes:
            if command[:2] == b"\x00\xb0":
                chip.pull()
            return super().apdu(command)

    diary = Diary()
    async with kept(nfc_reader(chip.path), diary) as state:
        await diary.until(lambda: state.up)
        chip.present(Snag(ndef=uri(LINK)))
        await diary.until(lambda: not state.up)
        assert state.code == "unplugged"
        await asyncio.sleep(1.7)
        chip.present(Type4Card(ndef=uri(LINK)))
        chip.plug()
        await diary.until(lambda: bool(diary.seen))
    assert diary.events == ["reader_up", "reader_down", "reader_up"]
    assert [sighting.token and sighting.token.value for sighting in diary.seen] == ["ABC1"]


async def test_twenty_pulls_are_twenty_lines_down_and_no_descriptor_is_lost(chip: Pn532) -> None:
    def descriptors() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    async def pull_and_plug(diary: Diary, state: ReaderState) -> None:
        await diary.until(lambda: state.up)
        chip.pull()
        await diary.until(lambda: not state.up)
        chip.plug()

    diary = Diary()
    async with kept(nfc_reader(chip.path), diary, backoff_s=(0.05,)) as state:
        await pull_and_plug(diary, state)
        await diary.until(lambda: state.up)
        before = descriptors()
        for _ in range(19):
            await pull_and_plug(diary, state)
        await diary.until(lambda: state.up)
        assert descriptors() <= before
    assert diary.events == ["reader_up", *["reader_down", "reader_up"] * 20]


async def test_a_usb_reader_that_is_not_plugged_in_is_gone_with_a_next_step() -> None:
    async with aclosing(nfc_reader("usb:072f:2200").events()) as events:
        with pytest.raises((ReaderGone, ReaderRefused)) as caught:
            await first_idle(events)
    assert caught.value.code in ("no_device", "no_library")
    assert caught.value.hint


async def test_a_udp_reader_without_anybody_there_idles_and_is_left_in_time() -> None:
    events = nfc_reader("udp:127.0.0.1:54399").events()
    await first_idle(events)
    await asyncio.sleep(0.2)
    left = time.monotonic()
    await events.aclose()
    assert time.monotonic() - left < AT_ONCE_S


async def test_a_short_disturbance_of_the_line_is_not_a_lost_reader(chip: Pn532) -> None:
    async with aclosing(nfc_reader(chip.path).events()) as events:
        await first_idle(events)
        chip.hung = True
        await asyncio.sleep(0.12)
        chip.hung = False
        chip.present(Type2Card(ndef=uri(LINK)))
        assert (await next_sighting(events)).token is not None


async def test_a_file_that_is_no_port_is_refused(tmp_path: Path) -> None:
    plain = tmp_path / "plain"
    plain.write_text("")
    async with aclosing(nfc_reader(str(plain)).events()) as events:
        with pytest.raises(ReaderRefused) as caught:
            await first_idle(events)
    assert caught.value.code == "not_a_reader"


async def test_two_readers_on_one_port_do_not_disturb_each_other(chip: Pn532) -> None:
    async with aclosing(nfc_reader(chip.path).events()) as events:
        await first_idle(events)
        async with aclosing(nfc_reader(chip.path).events()) as others:
            with pytest.raises(ReaderGone) as caught:
                await first_idle(others)
        assert caught.value.code == "busy"
        chip.present(Type2Card(ndef=uri(LINK)))
        assert (await next_sighting(events)).token is not None


async def test_a_reader_that_finds_its_port_taken_leaves_the_answer_that_lies_there_for_the_other() -> None:
    with Cable() as cable, serial.Serial(cable.path, 9600, timeout=PATIENT_S, exclusive=True) as holder:
        cable.write(b"an answer")
        async with aclosing(nfc_reader(cable.path).events()) as events:
            with pytest.raises(ReaderGone) as caught:
                await first_idle(events)
        assert caught.value.code == "busy"
        assert holder.read(9) == b"an answer"
