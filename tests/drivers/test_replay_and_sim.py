"""Readers without hardware: a recorded day, and invented taps."""

import asyncio
import gzip
import threading
import time
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drivers.catalogue import build
from drivers.codecs.sightings import to_line
from drivers.reader import ReaderRefused, Sighting, Token
from drivers.replay import ReplayReader, recorded
from drivers.settings import parse_reader
from drivers.sim import SimReader, invented
from tests.drivers.listening import first_idle, next_sighting, nothing_for
from tests.patience import AT_ONCE_S

pytestmark = pytest.mark.anyio

TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)
DAY = [
    Sighting("till-1", TEN, "scan", Token("gs1", "04006381333931", "weak", {"10": "LOT7"})),
    Sighting("counter-1", TEN + timedelta(seconds=1), "tap", None, "locked"),
    Sighting("till-1", TEN + timedelta(seconds=1.5), "scan", Token("barcode", "2900000012345", "weak")),
]


def two_apart(path: Path, gap: timedelta) -> Path:
    path.write_text("\n".join(to_line(Sighting("r", at, "tap", None, "locked")) for at in (TEN, TEN + gap)))
    return path


def recording(path: Path) -> Path:
    lines = "".join(to_line(one) + "\n" for one in DAY).encode()
    path.write_bytes(gzip.compress(lines) if path.suffix == ".gz" else lines)
    return path


@pytest.mark.parametrize("name", ["day.jsonl", "day.jsonl.gz"])
async def test_a_recording_is_played_once_as_it_was_and_then_idles(tmp_path: Path, name: str) -> None:
    path = recording(tmp_path / name)
    assert list(recorded(path)) == DAY
    async with aclosing(ReplayReader("r", path, pace=0, keep_at=True).events()) as events:
        await first_idle(events)
        assert [await next_sighting(events) for _ in DAY] == DAY
        await first_idle(events)


async def test_a_replay_happens_now_unless_it_is_told_to_keep_the_times(tmp_path: Path) -> None:
    path = recording(tmp_path / "day.jsonl")
    async with aclosing(ReplayReader("r", path, pace=0).events()) as events:
        seen = await next_sighting(events)
    assert abs(datetime.now(UTC) - seen.at) < timedelta(seconds=5)
    assert seen.token == DAY[0].token


async def test_a_replay_keeps_the_gaps_at_its_pace(tmp_path: Path) -> None:
    path = two_apart(tmp_path / "day.jsonl", timedelta(minutes=2))
    async with aclosing(ReplayReader("r", path, pace=400).events()) as events:
        await next_sighting(events)
        started = time.monotonic()
        await next_sighting(events)
        assert time.monotonic() - started > 0.25


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("day.jsonl", to_line(DAY[0]).encode() + b"\nnonsense\n"),
        ("day.jsonl", b"\xff\n"),
        ("day.jsonl.gz", b"no zip"),
    ],
)
async def test_a_bad_recording_is_refused_before_its_first_tap(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    async with aclosing(ReplayReader("r", tmp_path / name, pace=0).events()) as events:
        with pytest.raises(ReaderRefused) as caught:
            await next_sighting(events)
    assert caught.value.code == "bad_recording"
    assert "nonsense" not in str(caught.value)


async def test_leaving_a_replay_in_a_long_gap_waits_for_nothing(tmp_path: Path) -> None:
    events = ReplayReader("r", two_apart(tmp_path / "day.jsonl", timedelta(hours=1))).events()
    await next_sighting(events)
    left = time.monotonic()
    await events.aclose()
    assert time.monotonic() - left < AT_ONCE_S


async def scans(seed: int, count: int = 5) -> list[Token | None]:
    table = {"kind": "sim", "seed": seed, "rate_per_s": 500, "strangers": 0.5}
    async with aclosing(build(parse_reader(table, where="r", base=Path())).events()) as events:
        return [(await next_sighting(events)).token for _ in range(count)]


async def test_the_same_seed_invents_the_same_scans() -> None:
    assert await scans(1) == await scans(1)
    assert await scans(1) != await scans(2)


async def test_invented_scans_come_from_the_list_and_strangers_do_not() -> None:
    known = ["2900000012345", "CARD-1"]
    table = {"kind": "sim", "values": known, "rate_per_s": 500, "strangers": 0.3, "seed": 7}
    async with aclosing(build(parse_reader(table, where="r", base=Path())).events()) as events:
        values = [(await next_sighting(events)).token for _ in range(100)]
    strangers = sum(token is not None and token.value not in known for token in values)
    assert 10 < strangers < 60
    assert set(known) <= {token.value for token in values if token}


def test_invented_cards_are_in_store_numbers() -> None:
    assert len(set(invented(20, seed=1))) == 20
    assert all(card.startswith("29") for card in invented(20, seed=1))


async def test_taps_from_other_threads_arrive_in_order_and_those_before_opening_first() -> None:
    reader = SimReader("counter-1")
    reader.tap(Token("vas", "0", "strong"))
    async with aclosing(reader.events()) as events:
        taps = threading.Thread(
            target=lambda: [reader.tap(Token("vas", str(n), "strong")) for n in range(1, 50)]
        )
        taps.start()
        seen = [await next_sighting(events) for _ in range(50)]
        taps.join()
    assert [one.token.value for one in seen if one.token] == [str(n) for n in range(50)]
    assert {one.how for one in seen} == {"tap"}


async def test_a_scanned_text_and_a_locked_phone_can_be_simulated() -> None:
    reader = SimReader("counter-1")
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        reader.tap("4006381333931")
        reader.fail("locked")
        scan, locked = await next_sighting(events), await next_sighting(events)
    assert (scan.how, scan.token) == ("scan", Token("gs1", "04006381333931", "weak"))
    assert (locked.how, locked.token, locked.outcome) == ("tap", None, "locked")


async def test_a_simulated_reader_without_a_rate_taps_nothing_by_itself() -> None:
    async with aclosing(SimReader("counter-1", values=("CARD-1",)).events()) as events:
        assert await nothing_for(events, 0.5)


async def test_a_tap_wakes_the_reader_at_once() -> None:
    reader = SimReader("counter-1")
    async with aclosing(reader.events()) as events:
        await first_idle(events)
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.05, reader.tap, "CARD-1")
        await next_sighting(events)
