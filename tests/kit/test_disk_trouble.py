"""A full disk and a damaged file are told apart from bugs, and never cost what was written before."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection

import pytest

from edge.files import ASIDE, prepare, whole_again
from edge.kit.errors import Corrupt, DiskFull, StoreError
from edge.kit.sqlite import Database, open_writer
from tests.kit.stores import both, free_to_write, halves, make, note, opened
from tests.lacking import left_out


def fill(conn: Connection) -> list[str]:
    conn.execute("INSERT INTO pair VALUES (99, ?)", ("x" * 400_000,))
    return ["filled"]


def no_log(event: str, /, **fields: object) -> None: ...


@pytest.mark.anyio
async def test_without_room_nothing_happens_and_what_was_there_stays(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.write(both, 1)
        (pages,) = await db.apply(lambda conn: conn.execute("PRAGMA page_count").fetchone())
        await db.apply(lambda conn: conn.execute(f"PRAGMA max_page_count={pages}"))
        with pytest.raises(DiskFull) as caught:
            await db.write(fill)
        assert caught.value.code == "S01"
        assert "journal.db" in str(caught.value)
        assert free_to_write(tmp_path / "journal.db")
        assert halves(tmp_path / "journal.db") == {1: 2}
        await db.apply(lambda conn: conn.execute("PRAGMA max_page_count=100000"))
        await db.write(fill)
    assert halves(tmp_path / "journal.db") == {1: 2, 99: 1}


ON_A_FULL_DISK = """
import asyncio, sys
from pathlib import Path
from edge.kit.errors import DiskFull
from tests.kit.stores import both, halves, opened

async def main(folder):
    async with opened(folder) as db:
        number = 0
        try:
            while number < 100_000:
                await db.write(both, number)
                await db.apply(lambda conn: conn.execute("INSERT INTO pair VALUES (?, ?)", (-number, "x" * 9000)))
                number += 1
        except DiskFull:
            (folder / "ballast").unlink()
            await db.write(both, 1_000_000)
    found = halves(folder / "journal.db")
    assert all(found[each] >= 2 for each in range(1, number)), "a committed pair is gone"
    assert found[1_000_000] == 2
    sys.stdout.write(f"full after {number}")

asyncio.run(main(Path(sys.argv[1])))
"""


def test_a_disk_that_runs_full_costs_no_committed_fact_and_work_goes_on_once_there_is_room(
    tmp_path: Path,
) -> None:
    unshare = shutil.which("unshare")
    mount = f"mount -t tmpfs -o size=2m tmpfs '{tmp_path}' && head -c 400000 /dev/zero > '{tmp_path}/ballast'"
    words = [unshare or "unshare", "--user", "--map-root-user", "--mount", "sh", "-c"]
    if unshare is None or subprocess.run([*words, mount], capture_output=True).returncode != 0:
        left_out("this machine allows no file system of its own to a test")
    done = subprocess.run(
        [*words, f'{mount} && exec "$@"', "sh", sys.executable, "-c", ON_A_FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("full after ")


def test_a_file_that_is_no_database_is_corrupt_and_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "journal.db").write_bytes(b"not a database at all" * 500)
    with pytest.raises(Corrupt) as caught:
        open_writer(tmp_path / "journal.db")
    assert caught.value.code == "S02"
    assert "journal.db" in str(caught.value)


@pytest.mark.anyio
async def test_a_replica_that_is_no_database_is_corrupt(tmp_path: Path) -> None:
    (tmp_path / "replica.db").write_bytes(b"not a database at all" * 500)
    with pytest.raises(Corrupt):
        await Database.open(
            make(tmp_path / "journal.db"), attach={"replica": tmp_path / "replica.db"}, record=note
        )


def damage(path: Path) -> None:
    """Overwrite everything behind the first page, as a dying card does."""
    with closing(open_writer(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with open(path, "r+b") as file:
        file.seek(4096)
        file.write(os.urandom(path.stat().st_size - 4096))


@pytest.mark.anyio
async def test_damage_met_while_writing_is_corrupt_and_no_bug(tmp_path: Path) -> None:
    async with opened(tmp_path) as db:
        await db.write(both, 1)
    damage(tmp_path / "journal.db")
    db = await Database.open(
        tmp_path / "journal.db", attach={"replica": tmp_path / "replica.db"}, record=note
    )
    try:
        with pytest.raises(Corrupt):
            await db.write(both, 2)
    finally:
        await db.close()


def test_a_damaged_journal_is_found_before_anything_opens_it_for_good(tmp_path: Path) -> None:
    files = prepare(tmp_path, log=no_log)
    damage(files.journal)
    with pytest.raises(Corrupt) as caught:
        prepare(tmp_path, log=no_log)
    assert caught.value.code == "S02"


def overwrite(folder: Path, name: str) -> None:
    for each in folder.glob(f"{name}-*"):
        each.unlink()
    (folder / name).write_bytes(b"\x00\xffgarbage" * 900)


def test_a_journal_overwritten_with_something_else_is_corrupt_and_kept(tmp_path: Path) -> None:
    prepare(tmp_path, log=no_log)
    overwrite(tmp_path, "journal.db")
    with pytest.raises(Corrupt):
        prepare(tmp_path, log=no_log)
    assert (tmp_path / "journal.db").read_bytes().startswith(b"\x00\xffgarbage")


def test_a_damaged_replica_steps_aside_until_it_is_whole_again(tmp_path: Path) -> None:
    assert not prepare(tmp_path, log=no_log).fetched_again
    overwrite(tmp_path, "replica.db")
    with pytest.raises(Corrupt, match="replica"):
        prepare(tmp_path, log=no_log)
    assert not (tmp_path / ASIDE).exists(), "a command beside a running box moves nothing"
    assert prepare(tmp_path, log=no_log, mend=True).set_aside
    assert (tmp_path / ASIDE).read_bytes().startswith(b"\x00\xffgarbage")
    assert prepare(tmp_path, log=no_log).fetched_again, "a restart in the middle still knows"
    whole_again(tmp_path)
    assert not (tmp_path / ASIDE).exists()
    assert not prepare(tmp_path, log=no_log).fetched_again


@pytest.mark.parametrize("lost", ["gone", "empty"])
def test_a_shop_that_has_worked_never_starts_with_an_empty_journal(tmp_path: Path, lost: str) -> None:
    journal = prepare(tmp_path, log=no_log).journal
    for each in tmp_path.glob("journal.db*"):
        each.unlink()
    if lost == "empty":
        journal.touch()
    with pytest.raises(StoreError) as caught:
        prepare(tmp_path, log=no_log)
    assert caught.value.code == "S07"
    assert "backup" in caught.value.hint


def test_an_empty_file_is_brought_up_to_date_like_a_new_one(tmp_path: Path) -> None:
    (tmp_path / "journal.db").touch()
    prepare(tmp_path, log=no_log)
    with closing(open_writer(tmp_path / "journal.db")) as conn:
        assert conn.execute("SELECT acked FROM outbox_head").fetchone() == (0,)


def test_a_state_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file stands in the way")
    with pytest.raises(StoreError) as caught:
        prepare(tmp_path / "state" / "shop", log=no_log)
    assert caught.value.code == "S05"
