"""A write happens whole on one thread or not at all, and is on disk before anyone hears of it."""

import asyncio
import random
import sqlite3
import threading
from contextlib import closing, suppress
from pathlib import Path
from sqlite3 import Connection

import pytest

from edge.kit.errors import StoreError
from edge.kit.sqlite import Committed, Database, open_reader, open_writer
from tests.kit.stores import both, checkpoint, diary, files_with, free_to_write, halves, opened
from tests.patience import PATIENT_S

pytestmark = pytest.mark.anyio


def fail(conn: Connection, number: int) -> list[str]:
    both(conn, number)
    raise LookupError("in the middle")


async def test_an_act_and_its_facts_are_committed_together(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        assert await db.write(both, 1) == Committed(["pair 1"], 1)
        assert await db.write(both, 2) == Committed(["pair 2"], 2)
    assert halves(tmp_path / "journal.db") == {1: 2, 2: 2}
    assert diary(tmp_path / "journal.db") == ["pair 1", "pair 2"]


async def test_an_act_that_raises_leaves_nothing_and_the_next_one_works(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        with pytest.raises(LookupError, match="in the middle"):
            await db.write(fail, 1)
        assert free_to_write(tmp_path / "journal.db")
        await db.write(both, 2)
    assert halves(tmp_path / "journal.db") == {2: 2}


async def test_a_record_that_raises_takes_the_act_back_too(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.apply(lambda conn: conn.execute("DROP TABLE diary"))
        with pytest.raises(StoreError, match="SQLITE_ERROR"):
            await db.write(both, 1)
    assert halves(tmp_path / "journal.db") == {}


async def test_a_change_of_both_files_is_taken_back_in_both(tmp_path: Path) -> None:
    def change(conn: Connection) -> None:
        conn.execute("INSERT INTO replica.copied VALUES (1)")
        both(conn, 1)
        raise LookupError

    async with opened(tmp_path) as db:
        with pytest.raises(LookupError):
            await db.apply(change)
        assert db.reader.execute("SELECT count(*) FROM replica.copied").fetchone() == (0,)
    assert halves(tmp_path / "journal.db") == {}


async def test_a_broken_rule_of_ours_is_seen_as_one_and_taken_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.write(both, 1)
        with pytest.raises(sqlite3.IntegrityError):
            await db.write(both, 1)
        assert free_to_write(tmp_path / "journal.db")
    assert diary(tmp_path / "journal.db") == ["pair 1"]


async def test_300_cancelled_writers_leave_no_open_transaction_and_no_half_row(tmp_path: Path) -> None:
    dice = random.Random(7)
    async with opened(tmp_path) as db:
        tasks: list[asyncio.Task[Committed[str]]] = []
        for number in range(300):
            tasks.append(asyncio.create_task(db.write(both, number)))
            if dice.random() < 0.5:
                await asyncio.sleep(dice.choice((0, 0, 0.0002, 0.001)))
            dice.choice(tasks).cancel()
            tasks[-1].cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(each, asyncio.CancelledError) for each in done) > 200
        last = await db.write(both, 1_000)
        assert free_to_write(tmp_path / "journal.db")
        assert db.reader.execute("SELECT max(seq) FROM diary").fetchone() == (last.seq,)
    found = halves(tmp_path / "journal.db")
    assert set(found.values()) == {2}
    assert len(found) == len(diary(tmp_path / "journal.db"))


async def test_a_writer_cancelled_while_it_runs_is_still_whole(tmp_path: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> list[str]:
        conn.execute("INSERT INTO pair VALUES (1, 'left')")
        inside.set()
        go_on.wait(PATIENT_S)
        conn.execute("INSERT INTO pair VALUES (1, 'right')")
        return ["pair 1"]

    async with opened(tmp_path) as db:
        task = asyncio.create_task(db.write(slow))
        await asyncio.to_thread(inside.wait, PATIENT_S)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        go_on.set()
        await db.write(both, 2)
    assert halves(tmp_path / "journal.db") == {1: 2, 2: 2}
    assert diary(tmp_path / "journal.db") == ["pair 1", "pair 2"]


async def test_facts_are_handed_on_only_after_they_are_on_disk(tmp_path: Path) -> None:
    heard: list[list[str]] = []
    async with opened(tmp_path) as db:
        db.on_facts = lambda: heard.append(diary(tmp_path / "journal.db"))
        await db.write(both, 1)
        await db.write(both, 2)
    assert heard == [["pair 1"], ["pair 1", "pair 2"]]


async def test_nobody_is_told_of_an_act_without_facts_or_one_that_failed(tmp_path: Path) -> None:
    heard: list[int] = []
    async with opened(tmp_path) as db:
        db.on_facts = lambda: heard.append(1)
        assert await db.write(lambda conn: []) == Committed([], 0)
        with pytest.raises(LookupError):
            await db.write(fail, 1)
        await db.apply(lambda conn: None)
    assert heard == []


async def test_a_reader_does_not_see_inside_a_write_and_sees_it_all_once_it_returned(tmp_path: Path) -> None:
    inside, go_on = threading.Event(), threading.Event()

    def slow(conn: Connection) -> list[str]:
        facts = both(conn, 1)
        inside.set()
        go_on.wait(PATIENT_S)
        return facts

    async with opened(tmp_path) as db:
        count = "SELECT count(*) FROM pair"
        task = asyncio.create_task(db.write(slow))
        await asyncio.to_thread(inside.wait, PATIENT_S)
        assert db.reader.execute(count).fetchone() == (0,)
        go_on.set()
        await task
        assert db.reader.execute(count).fetchone() == (2,)


async def test_every_act_runs_on_the_one_thread_of_the_writer(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        names = await asyncio.gather(*(db.apply(lambda conn: threading.get_ident()) for _ in range(20)))
    assert len(set(names)) == 1
    assert names[0] != threading.get_ident()


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO pair VALUES (1, 'left')",
        "INSERT INTO replica.copied VALUES (1)",
        "CREATE TABLE more (id INTEGER)",
        "PRAGMA user_version=9",
        "DELETE FROM diary",
    ],
)
async def test_a_reading_connection_cannot_write(tmp_path: Path, statement: str) -> None:
    async with opened(tmp_path) as db:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.reader.execute(statement)


async def test_a_reading_connection_cannot_be_talked_into_writing(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        db.reader.execute("PRAGMA query_only=OFF")
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            db.reader.execute("INSERT INTO pair VALUES (1, 'left')")


async def test_what_is_deleted_is_overwritten(tmp_path: Path) -> None:
    secret = "Femke de Vries van de Korenmarkt"
    async with opened(tmp_path) as db:
        await db.apply(lambda conn: conn.execute("INSERT INTO pair VALUES (1, ?)", (secret,)))
        await db.apply(lambda conn: conn.execute("DELETE FROM pair"))
    checkpoint(tmp_path / "journal.db")
    assert files_with(secret.encode(), tmp_path) == []


def test_the_journal_waits_for_the_disk(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "journal.db")) as conn:
        asked = [
            conn.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous", "secure_delete", "foreign_keys")
        ]
    assert asked == ["wal", 2, 1, 1]


@pytest.mark.parametrize("name", ["a b", "10% shop", "shop#2", "who?", "naïve", "%41"])
async def test_a_state_folder_may_have_any_name(tmp_path: Path, name: str) -> None:
    folder = tmp_path / name
    folder.mkdir()
    async with opened(folder) as db:
        await db.write(both, 1)
        assert db.reader.execute("SELECT count(*) FROM pair").fetchone() == (2,)
    with closing(open_reader(folder / "journal.db")) as conn:
        assert conn.execute("SELECT count(*) FROM pair").fetchone() == (2,)


async def here(db: Database[str], number: int) -> tuple[Committed[str], int | None]:
    """A write on the loop, and how many rows its own transaction sees."""

    def count(conn: Connection, facts: list[str]) -> int:
        (rows,) = conn.execute("SELECT count(*) FROM pair").fetchone()
        return int(rows)

    return await db.write_here(lambda conn: both(conn, number), gather=count)


@pytest.mark.parametrize("slow", [False, True])
async def test_a_write_on_the_loop_is_on_disk_before_anyone_hears_of_it(tmp_path: Path, slow: bool) -> None:
    heard: list[list[str]] = []
    async with opened(tmp_path) as db:
        db._commit_s = 60.0 if slow else 0.0  # slow: COMMIT goes to the thread
        db.on_facts = lambda: heard.append(diary(tmp_path / "journal.db"))
        assert await here(db, 1) == (Committed(["pair 1"], 1), 2)
        assert await here(db, 2) == (Committed(["pair 2"], 2), 4)
    assert heard == [["pair 1"], ["pair 1", "pair 2"]]
    assert halves(tmp_path / "journal.db") == {1: 2, 2: 2}


async def test_a_write_on_the_loop_that_raises_leaves_nothing(tmp_path: Path) -> None:
    def broken(conn: Connection, facts: list[str]) -> None:
        raise LookupError("while reading")

    async with opened(tmp_path) as db:
        with pytest.raises(LookupError, match="in the middle"):
            await db.write_here(lambda conn: fail(conn, 1), gather=broken)
        with pytest.raises(LookupError, match="while reading"):
            await db.write_here(lambda conn: both(conn, 1), gather=broken)
        assert await db.write_here(lambda conn: [], gather=broken) == (Committed([], 0), None)
        assert free_to_write(tmp_path / "journal.db")
        assert (await here(db, 2))[0].seq == 1
    assert halves(tmp_path / "journal.db") == {2: 2}


async def test_a_write_on_the_loop_waits_behind_a_writer_that_is_busy(tmp_path: Path) -> None:
    go_on = threading.Event()

    def slow(conn: Connection) -> list[str]:
        go_on.wait(PATIENT_S)
        return both(conn, 1)

    async with opened(tmp_path) as db:
        first = asyncio.create_task(db.write(slow))
        await asyncio.sleep(0)
        second = asyncio.create_task(here(db, 2))
        await asyncio.sleep(0)
        go_on.set()
        assert (await first).seq == 1
        assert await second == (Committed(["pair 2"], 2), None)


async def test_the_loop_never_waits_for_another_process_that_writes(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        with closing(open_writer(tmp_path / "journal.db")) as other:
            other.execute("BEGIN IMMEDIATE")
            waiting = asyncio.create_task(here(db, 1))
            await asyncio.sleep(0.05)
            assert not waiting.done()
            other.execute("ROLLBACK")
        assert (await waiting)[0] == Committed(["pair 1"], 1)


async def test_a_caller_cancelled_while_the_disk_is_slow_is_still_whole(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        db._commit_s = 60.0
        tasks = [asyncio.create_task(here(db, number)) for number in range(50)]
        await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        last = await db.write(both, 1_000)
        assert free_to_write(tmp_path / "journal.db")
    found = halves(tmp_path / "journal.db")
    assert set(found.values()) == {2}
    assert len(found) == len(diary(tmp_path / "journal.db")) == last.seq


async def test_commits_that_wait_for_no_disk_stay_on_the_loop_beside_a_slow_one(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        db._commit_s = 60.0
        await db.force_commits(False)
        await here(db, 1)
        unforced_s = db._commit_s
        await db.force_commits(True)
        assert unforced_s < 60.0 == db._commit_s  # and the disk is as slow as it was
    assert halves(tmp_path / "journal.db") == {1: 2}


async def test_a_slow_disk_is_waited_for_on_the_thread_and_a_quick_one_trusted_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        db._commit_s = 0.01
        turns = []
        for number in range(40):
            await here(db, number)
            turns.append(db._commit_s)
    assert turns[0] >= 0.009
    assert min(turns) < 0.01
