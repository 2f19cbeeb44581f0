"""No recording proves twice: counters and times are asked and kept in the recognition's own transaction."""

import asyncio
import signal
import sys
from contextlib import closing
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import anyio
import pytest

from edge.kit.clock import rfc3339
from edge.kit.migrate import load, migrate
from edge.kit.sqlite import open_writer
from edge.recognition import marks
from edge.recognition.evidence import AFTER_MS, BEFORE_MS, MOST_READS, Reads, Signed
from edge.recognition.rules import SAME_TAP_MS, Recognised, Repeat, Replayed, Stranger, Withheld
from tests.kit.clocks import START_MS
from tests.kit.stores import files_with
from tests.tables.floor import CARD, Floor, card_hash, open_floor
from tests.tables.test_joining import fact, join

pytestmark = pytest.mark.anyio
CHIP, OTHER = "04a1b2c3d4e5f6", "04a1b2c3d4e5f7"


async def chip(floor: Floor, ctr: int, *, reader: str = "counter-1", value: str = CHIP) -> Any:
    return await floor.tap(value, kind="sun", evidence="strong", about={"ctr": ctr}, reader=reader)


async def phone(floor: Floor, off_ms: int = 0, *, reader: str = "counter-1") -> Any:
    about = {"pass_type_id": "pass.example.shop", "signed_at": rfc3339(floor.now_ms + off_ms)}
    return await floor.tap(kind="vas", evidence="strong", about=about, reader=reader)


def last(floor: Floor) -> Any:
    return floor.one("SELECT max(mark) FROM mark")


def told(floor: Floor) -> Any:
    return floor.one("SELECT count(*) FROM outbox WHERE kind='tap_replayed'")


async def test_a_chips_counter_only_goes_up_and_gaps_are_normal(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"uid:{CHIP}")
        for ctr in (1, 2, 40, MOST_READS):
            assert await chip(floor, ctr) == Recognised()
        for ctr in (MOST_READS, 41, 0):
            floor.clock.pass_ms(SAME_TAP_MS)
            assert await chip(floor, ctr) == Replayed()
        assert last(floor) == MOST_READS
        assert floor.one("SELECT count(*) FROM visit") == 1


async def test_a_replay_is_a_sentence_opens_nothing_and_is_told_once_an_hour(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"uid:{CHIP}")
        assert await chip(floor, 7) == Recognised()
        await floor.db.apply(lambda conn: conn.execute("UPDATE visit SET ended_ms=1"))
        for _ in range(3):
            floor.clock.pass_ms(SAME_TAP_MS)
            assert await chip(floor, 7) == Replayed()
        assert [note.kind for note in floor.counter.notes.now()] == ["replayed"] * 3
        shown = floor.counter.display.shown("counter-1", now_ms=floor.now_ms)
        assert shown is not None
        assert shown.said == "replayed"
        assert floor.one("SELECT count(*) FROM visit WHERE ended_ms IS NULL") == 0
        assert told(floor) == 1
        floor.clock.pass_ms(marks.QUIET_MS)
        assert await chip(floor, 6) == Replayed()
        assert told(floor) == 2
        assert await chip(floor, 8) == Recognised()


async def test_the_same_hold_stays_a_repeat(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"uid:{CHIP}")
        assert await chip(floor, 7) == Recognised()
        assert await chip(floor, 7) == Repeat()
        assert floor.counter.notes.now() == []


async def test_a_phones_proof_is_spent_and_another_phones_is_not(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        assert await phone(floor, 30_000) == Recognised()
        assert await phone(floor, 30_000, reader="door") == Replayed()
        assert told(floor) == 1
        floor.clock.pass_ms(5_000)
        assert await phone(floor, -6_000) == Recognised()  # the other phone's clock is 36 s behind the first
        assert floor.one("SELECT strong_ms FROM visit") == floor.now_ms
        assert await phone(floor, -6_000, reader="door") == Replayed()
        assert await phone(floor, 25_000, reader="door") == Replayed()
        assert told(floor) == 1


async def test_a_proof_from_the_future_is_no_stronger_when_its_time_comes(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        ahead = AFTER_MS + 3_600_000
        assert await phone(floor, ahead) == Recognised()
        assert floor.one("SELECT strong_ms FROM visit") is None
        floor.clock.pass_ms(3_600_000)
        await floor.db.apply(marks.drop_spent, now_ms=floor.now_ms)
        for off_ms in (AFTER_MS, 0, -BEFORE_MS):
            assert await phone(floor, off_ms, reader=f"door{off_ms}") == Replayed()
            floor.clock.pass_ms(AFTER_MS if off_ms == AFTER_MS else BEFORE_MS)
            await floor.db.apply(marks.drop_spent, now_ms=floor.now_ms)
        assert floor.one("SELECT strong_ms FROM visit") is None


async def test_a_spent_proof_is_kept_for_minutes(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(consents={"saving": None})
        assert await phone(floor) == Withheld("no_basis")
        floor.clock.pass_ms(BEFORE_MS)
        assert await phone(floor, -BEFORE_MS) == Replayed()
        floor.clock.pass_ms(AFTER_MS + 1)
        assert await floor.db.apply(marks.drop_spent, now_ms=floor.now_ms) == 1
        assert floor.one("SELECT count(*) FROM spent") == 0


async def test_a_mark_says_not_at_which_minute_its_card_was_here(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"uid:{CHIP}", consents={"saving": None})
        for ctr in (3, 4):
            assert await chip(floor, ctr) == Withheld("no_basis")
            assert floor.one("SELECT at_ms FROM mark") % marks.MONTH_MS == 0
            floor.clock.pass_ms(SAME_TAP_MS)


async def test_a_phone_with_a_wrong_clock_is_recognised_and_proves_nothing(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        assert await phone(floor, -BEFORE_MS - 60_000) == Recognised()
        floor.clock.pass_ms(SAME_TAP_MS)
        assert await phone(floor, 3_600_000) == Recognised()
        assert floor.one("SELECT strong_ms FROM visit") is None
        floor.clock.pass_ms(SAME_TAP_MS)
        assert (
            await phone(floor) == Recognised()
        )  # its clock was put right: nothing of the future stood in its way
        assert floor.one("SELECT strong_ms FROM visit") == floor.now_ms


async def test_of_two_readers_with_one_counter_one_recognises(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"uid:{CHIP}")
        for ctr in range(1, 20):
            both = await asyncio.gather(chip(floor, ctr, reader="a"), chip(floor, ctr, reader="b"))
            assert sorted(type(each).__name__ for each in both) == ["Recognised", "Replayed"]


async def test_a_counter_outlives_kill_9(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"uid:{CHIP}")
    code = f"""
import asyncio, os, signal
from pathlib import Path
from tests.tables.floor import open_floor
from tests.tables.test_marks import chip
async def tap():
    async with open_floor(Path({str(tmp_path)!r})) as floor:
        print(await chip(floor, 9), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
asyncio.run(tap())
"""
    killed = await anyio.run_process([sys.executable, "-c", code], check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert killed.stdout == b"Recognised()\n"
    async with open_floor(tmp_path) as floor:
        assert await chip(floor, 9) == Replayed()
        assert await chip(floor, 10) == Recognised()


async def test_who_does_not_want_to_be_recognised_is_protected_alike(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"uid:{CHIP}", consents={"saving": None})
        assert await chip(floor, 3) == Withheld("no_basis")
        floor.clock.pass_ms(SAME_TAP_MS)
        assert await chip(floor, 3) == Replayed()
        assert floor.counter.notes.now()[0].kind == "replayed"
        assert await chip(floor, 4) == Withheld("no_basis")
        assert floor.one("SELECT count(*) FROM outbox") == floor.one("SELECT count(*) FROM visit") == 0


def test_what_was_kept_before_stays_used_up_and_loses_its_minute(tmp_path: Path) -> None:
    steps = load(files("edge.schema") / "journal")
    with closing(open_writer(tmp_path / "journal.db")) as conn:
        migrate(conn, steps, file="journal", upto=12)
        for hash_, mark in ((b"chip", MOST_READS), (b"phone", START_MS)):
            conn.execute("INSERT INTO mark VALUES (?, ?, ?, ?, NULL)", (hash_, b"anna", mark, START_MS))
        migrate(conn, steps, file="journal")
        month_ms = START_MS - START_MS % marks.MONTH_MS
        assert conn.execute("SELECT * FROM mark").fetchall() == [
            (b"chip", b"anna", MOST_READS, month_ms, None)
        ]
        assert conn.execute("SELECT * FROM spent").fetchall() == [(b"phone", START_MS, b"anna", None)]
        whose: Any = {"customer_id": b"anna", "now_ms": START_MS}
        assert not marks.take(conn, b"phone", mark=Signed(START_MS), **whose)
        assert not marks.take(conn, b"chip", mark=Reads(MOST_READS), **whose)
        assert marks.take(conn, b"phone", mark=Signed(START_MS - 1), **whose)


async def test_a_strangers_counter_reaches_no_file(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        assert await chip(floor, 3) == Stranger()
        assert await chip(floor, 3, reader="door") == Stranger()
        assert floor.one("SELECT count(*) FROM mark") == 0
        assert files_with(card_hash(f"uid:{CHIP}"), tmp_path) == []


async def test_a_blocked_card_is_blocked_whatever_its_counter_says(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(f"uid:{CHIP}")
        assert await chip(floor, 3) == Recognised()
        await floor.apply(floor.feed.credential(person, state="blocked", ver=2))
        floor.clock.pass_ms(SAME_TAP_MS)
        assert await chip(floor, 2) == Withheld("blocked")


async def test_marks_go_with_the_person_and_with_the_years(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        anna, bram = await floor.resident(f"uid:{CHIP}"), await floor.resident(f"uid:{OTHER}")
        carla = await floor.resident(CARD)
        await chip(floor, 3)
        await phone(floor)
        await chip(floor, 1, value=OTHER)
        assert floor.one("SELECT count(*) FROM mark") == 2
        assert floor.one("SELECT count(*) FROM spent") == 1
        await floor.apply(floor.feed.erasure(anna))
        assert floor.one("SELECT count(*) FROM mark") == floor.one("SELECT count(*) FROM spent") == 1
        await floor.apply(floor.feed.erasure(carla))
        assert floor.one("SELECT count(*) FROM spent") == 0
        floor.clock.pass_ms(marks.KEEP_MS + marks.MONTH_MS + 1)
        assert await floor.db.apply(marks.prune, now_ms=floor.now_ms) == 0  # it is still Bram's
        await floor.apply(floor.feed.row("shop:demo", "del", "credential", bram.hash.hex(), ver=2))
        assert await floor.db.apply(marks.prune, now_ms=floor.now_ms) == 1


async def test_the_tap_with_which_a_card_became_somebodys_is_used_up_with_it(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        assert await chip(floor, 5) == Stranger()
        note = floor.counter.notes.now()[0]
        assert note.card is not None
        new = replace(fact(floor), hash=note.card.outer, card_kind=note.card.kind)
        assert await join(floor, new, mark=note.proof.mark) == 4
        floor.clock.pass_ms(SAME_TAP_MS)
        assert await chip(floor, 5) == Replayed()
        assert await chip(floor, 6) == Recognised()
