"""A pass whose code changes is known without a line, good once, and worth nothing as a picture."""

from pathlib import Path

import pytest

from edge.recognition import rotating
from edge.recognition.rotating import NEIGHBOURS, WINDOW_MS
from edge.recognition.rules import SAME_TAP_MS, Recognised, Repeat, Replayed, Stranger, Withheld
from tests.kit.clocks import START_MS
from tests.tables.floor import KEYS, Floor, open_floor

pytestmark = pytest.mark.anyio
NAME = rotating.name_of(b"\x07" * rotating.ID_BYTES)
SECRET = rotating.secret(KEYS.chain_key, NAME)
OTHER = rotating.name_of(b"\x08" * rotating.ID_BYTES)


def shown(floor: Floor, off_ms: int = 0) -> str:
    return rotating.code(SECRET, NAME, now_ms=floor.now_ms + off_ms)


def kinds(floor: Floor) -> list[str]:
    return [note.kind for note in floor.counter.notes.now()]


async def test_the_code_of_the_moment_and_its_neighbours_are_the_customer(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"pass:{NAME}")
        for off_ms in (0, -WINDOW_MS * NEIGHBOURS, WINDOW_MS * NEIGHBOURS):
            floor.clock.pass_ms(5 * WINDOW_MS)
            assert await floor.tap(shown(floor, off_ms), how="scan") == Recognised()
        assert floor.one("SELECT count(*) FROM visit") == 1
        assert floor.one("SELECT strong_ms IS NULL AND unlocked_ms IS NULL FROM visit")


async def test_a_code_shown_again_within_its_half_minute_does_nothing_and_alarms_nobody(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"pass:{NAME}")
        code = shown(floor)
        assert await floor.tap(code) == Recognised()
        outbox = floor.one("SELECT count(*) FROM outbox")
        for reader in ("counter-1", "door", "counter-2"):
            floor.clock.pass_ms(SAME_TAP_MS)
            assert await floor.tap(code, reader=reader) == Repeat()
        assert kinds(floor) == []
        assert floor.one("SELECT count(*) FROM outbox") == outbox


async def test_a_picture_of_a_code_opens_nothing_once_its_time_is_over(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"pass:{NAME}")
        code = shown(floor)
        floor.clock.pass_ms((NEIGHBOURS + 1) * WINDOW_MS)
        assert await floor.tap(code) == Replayed()
        assert await floor.tap(shown(floor, (NEIGHBOURS + 1) * WINDOW_MS)) == Replayed()
        assert kinds(floor) == ["expired", "expired"]
        assert floor.one("SELECT count(*) FROM visit") == floor.one("SELECT count(*) FROM outbox") == 0


async def test_a_made_up_code_the_bare_name_and_half_a_code_are_nobody(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(f"pass:{NAME}")
        code = shown(floor)
        wrong = code[:-1] + ("A" if code[-1] != "A" else "B")
        assert await floor.tap(wrong) == Replayed()
        assert kinds(floor) == ["forged"]
        assert await floor.tap(NAME) == Stranger()
        assert await floor.tap(code[:-1]) is None
        assert kinds(floor)[0] == "unreadable"
        # Of another chain, or of nobody: a stranger, whose code cannot be made somebody's card.
        assert await floor.tap(rotating.code(b"k" * 32, OTHER, now_ms=floor.now_ms)) == Stranger()
        assert floor.counter.notes.now()[0].card is None
        assert floor.one("SELECT count(*) FROM visit") == 0


async def test_a_blocked_pass_and_whoever_stays_unknown_are_withheld(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        lost = await floor.resident(f"pass:{NAME}")
        await floor.apply(floor.feed.credential(lost, state="blocked", ver=2))
        assert await floor.tap(shown(floor)) == Withheld("blocked")
        key = rotating.secret(KEYS.chain_key, OTHER)
        await floor.resident(f"pass:{OTHER}", consents={"saving": None})
        code = rotating.code(key, OTHER, now_ms=floor.now_ms)
        assert await floor.tap(code) == Withheld("no_basis")
        floor.clock.pass_ms(SAME_TAP_MS)
        assert await floor.tap(code) == Repeat()


def test_a_code_is_what_a_small_qr_code_holds_and_reads_back() -> None:
    code = rotating.code(SECRET, NAME, now_ms=START_MS)
    assert len(code) <= 38  # ISO/IEC 18004 table 7: version 2, level M, alphanumeric
    found = rotating.read(KEYS.chain_key, f" {code}\r\n", now_ms=START_MS)
    assert found == rotating.Shown(NAME, START_MS // WINDOW_MS * WINDOW_MS, "now")
    assert rotating.pass_id(NAME) == b"\x07" * rotating.ID_BYTES
