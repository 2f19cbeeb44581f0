"""What was deleted stands in no byte of a file once it was swept, and no power cut forgets that it has to be."""

import asyncio
import os
import random
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge import pruning
from edge.kit import sweeping
from edge.kit.errors import StoreError
from edge.kit.sqlite import open_reader, open_writer
from tests.kit.stores import opened
from tests.tables.floor import open_floor

pytestmark = pytest.mark.anyio
DAY_MS = 24 * 3_600_000


def fill(conn: sqlite3.Connection, *, seed: int, rows: int = 400) -> dict[bool, list[bytes]]:
    """Rows that move between pages as they come; the needles of those that are to go and of those that stay."""
    dice = random.Random(seed)
    conn.execute("CREATE TABLE said (id BLOB PRIMARY KEY, goes INTEGER, body BLOB) WITHOUT ROWID")
    needles: dict[bool, list[bytes]] = {True: [], False: []}
    for _ in range(rows):
        goes, body = dice.random() < 0.3, dice.randbytes(dice.randint(40, 400))
        needles[goes].append(body[:16])
        conn.execute("INSERT INTO said VALUES (?, ?, ?)", (dice.randbytes(16), goes, body))
    return needles


def found(folder: Path, needles: list[bytes]) -> list[bytes]:
    """Those that stand in any file."""
    content = b"".join(file.read_bytes() for file in folder.iterdir())
    return [each for each in needles if each in content]


def drop(conn: sqlite3.Connection) -> None:
    conn.execute("UPDATE said SET body=zeroblob(length(body)) WHERE goes")
    conn.execute("DELETE FROM said WHERE goes")


async def test_what_overwriting_and_deleting_leave_in_free_parts_of_pages_is_gone_after_a_sweep(
    tmp_path: Path,
) -> None:
    left = 0
    for seed in range(6):
        (folder := tmp_path / str(seed)).mkdir()
        async with opened(folder) as db:
            needles = await db.apply(fill, seed=seed)
            await db.owe_sweep()
            await db.apply(drop)
            await db.scrub()
            left += len(found(folder, needles[True]))
            await db.sweep_small()
            assert found(folder, needles[True]) == []
            assert found(folder, needles[False]) == needles[False]
            assert db.reader.execute("SELECT count(*) FROM said").fetchone() == (len(needles[False]),)
    assert left > 0, "deleting alone left nothing: this test shows nothing"


async def test_large_files_wait_for_the_night_and_the_file_that_says_so_stays_until_then(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as db:
        await db.owe_sweep()
        await db.sweep(most=1)
    assert sweeping.owed(tmp_path / "journal.db")  # no power cut forgets it
    noon_ms = 1_800_000_000_000 // DAY_MS * DAY_MS + DAY_MS // 2
    assert sweeping.most(noon_ms, "Europe/Amsterdam") == sweeping.AT_ONCE_BYTES
    assert sweeping.most(noon_ms - DAY_MS // 2, "Europe/Amsterdam") is None


async def test_a_sweep_that_a_reader_holds_up_stays_owed(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.apply(fill, seed=1, rows=9)
        with closing(open_reader(tmp_path / "journal.db")) as reading:
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM said").fetchone()
            await db.sweep_small()
            assert db.unscrubbed
            assert sweeping.owed(tmp_path / "journal.db")
        await db.sweep()
        assert not sweeping.owed(tmp_path / "journal.db")


async def test_what_is_promised_while_a_sweep_runs_is_still_owed_after_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.owe_sweep()
        await asyncio.gather(db.sweep(), db.owe_sweep())
        assert sweeping.owed(tmp_path / "journal.db")
        await db.sweep()
        assert not sweeping.owed(tmp_path / "journal.db")


async def test_a_sweep_while_another_process_writes_stays_owed_and_refuses_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        with closing(open_writer(tmp_path / "replica.db")) as importing:
            importing.execute("BEGIN IMMEDIATE")
            importing.execute("INSERT INTO copied VALUES (1)")
            await db.sweep_small()
            assert sweeping.owed(tmp_path / "journal.db")
            importing.execute("COMMIT")
        await db.sweep()
        assert not sweeping.owed(tmp_path / "journal.db")


async def test_a_sweep_is_owed_by_what_deletes_and_not_by_what_finds_nothing_to_delete(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as db:
        await db.apply(fill, seed=1, rows=20)
        await db.forget(drop)
        assert sweeping.owed(tmp_path / "journal.db")
        await db.sweep_small()
        await db.forget(drop)
        assert not sweeping.owed(tmp_path / "journal.db")


async def test_no_row_goes_before_the_promise_of_a_sweep_is_on_the_disk(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.apply(fill, seed=1, rows=20)
        (tmp_path / "journal.db-unswept").symlink_to(tmp_path / "nowhere" / "at_all")
        with pytest.raises(StoreError, match="cannot be written"):
            await db.forget(drop)
        assert db.reader.execute("SELECT count(*) FROM said").fetchone() == (20,)


async def test_an_hour_in_which_nothing_was_due_owes_no_sweep(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.db.sweep_small()
        await pruning.prune(floor.db, now_ms=floor.time.now_ms(), alone=True)
        assert not sweeping.owed(tmp_path / "journal.db")


def swell(conn: sqlite3.Connection) -> None:
    """More than is written anew at once."""
    conn.execute("CREATE TABLE much (body BLOB)")
    conn.executemany("INSERT INTO much VALUES (zeroblob(?))", [(1 << 20,)] * 9)


def age(file: Path, *, hours: int) -> None:
    os.utime(file, (at_s := time.time() - hours * 3_600, at_s))


async def test_large_files_are_written_anew_once_a_night_and_by_day_only_where_a_night_went_by_without_it(
    tmp_path: Path,
) -> None:
    journal, promise = tmp_path / "journal.db", tmp_path / "journal.db-unswept"
    async with opened(tmp_path) as db:
        await db.apply(swell)
        await db.scrub()
        await db.owe_sweep()
        await db.sweep_late()
        assert sweeping.owed(journal)
        await db.sweep()
        assert not sweeping.owed(journal)
        await db.owe_sweep()
        await db.sweep()
        assert sweeping.owed(journal)
        age(tmp_path / "journal.db-swept", hours=23)
        age(promise, hours=25)
        await db.sweep_late()
        assert not sweeping.owed(journal)


def test_what_large_files_are_made_of_lies_in_the_folder_of_the_state(tmp_path: Path) -> None:
    seen: set[str] = set()

    def look() -> int:
        for each in Path("/proc/self/fd").iterdir():
            try:
                seen.add(os.readlink(each))
            except FileNotFoundError:
                continue
        return 0

    (state := tmp_path / "the shop's").mkdir()
    with closing(open_writer(state / "journal.db")) as conn:
        swell(conn)
        conn.set_progress_handler(look, 20)
        sweeping.rewrite(conn, ["main"], large=state)
    made = {Path(each).parent for each in seen if "etilqs_" in each}
    assert made == {state}
