"""`welkom restore`: the newest copy back in its place, and no shop's word lost by it."""

import asyncio
import json
import shutil
import socket
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.hub_file import introduced, load_hub
from sync.hub import keys_apart
from sync.hub.app import open_hub
from sync.hub.config import Config
from sync.hub.tables import devices, events
from tests.house.test_import import write_hub
from tests.house.test_import_people import TWO, take
from tests.sync.centre import Said


@dataclass
class There:
    """A hub whose copy of last night lies in a folder, and in which somebody was erased since."""

    config: Path
    copies: Path
    settings: Config

    def restore(self, *words: str) -> int:
        return main(["restore", "--config", str(self.config), *words])

    @property
    def state(self) -> dict[str, bytes]:
        """Every file of the state folder, as it is."""
        folder = self.settings.state
        return {
            str(each.relative_to(folder)): each.read_bytes() for each in folder.rglob("*") if each.is_file()
        }


@pytest.fixture
def there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> There:
    config, copies = write_hub(tmp_path), tmp_path / "copies"
    config.write_text(config.read_text().replace("[hub]\n", "[hub]\nport = 0\n"))
    assert take(config, "customers", TWO) == 0
    assert main(["backup", "--config", str(config), "--to", str(copies)]) == 0
    capsys.readouterr()
    return There(config, copies, load_hub(config, environment={}).hub)


def opened(settings: Config, act: Any) -> Any:
    async def doing() -> Any:
        async with open_hub(settings, log=Said()) as hub:
            return await act(hub)

    return asyncio.run(doing())


def test_the_newest_copy_is_back_with_its_keys_and_whoever_was_erased_since_is_not(
    there: There, capsys: pytest.CaptureFixture[str]
) -> None:
    async def forget_one(hub: Any) -> Any:
        (first,) = hub.db.reader.execute("SELECT id FROM customer ORDER BY id LIMIT 1").fetchone()
        await hub.erase(bytes(first))
        return await hub.db.read(devices.hub_epoch)

    before = opened(there.settings, forget_one)
    assert take(there.config, "customers", "ref,shops\nK-9,s1\n") == 0
    capsys.readouterr()
    kept = there.state
    assert there.restore("--from", str(there.copies), "--dry-run", "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["imports"], told["lay"]) == (1, {"customers": 2, "imports": 2, "lost": 1, "unknown": []})
    assert (told["customers"], told["forgotten"], told["done"]) == (2, 1, False)
    assert there.state == kept

    assert there.restore("--from", str(there.copies)) == 0
    said = capsys.readouterr().out
    assert "in place: 2 customers, imports up to 1." in said
    assert "Erased since, and not put back: 1." in said
    assert (
        "What lay there has 2 customers, imports up to 2; customers whom the copy does not have: 1." in said
    )
    assert "The copy lacks every import above 1: take their files again" in said
    (aside,) = there.settings.state.glob("replaced-*")
    (old,), (its_keys,) = aside.glob("hub-*.db"), aside.glob("hub-*.keys")
    assert {each.name for each in aside.iterdir()} == {old.name, its_keys.name}
    with closing(sqlite3.connect(old)) as conn:
        assert conn.execute("SELECT count(*) FROM customer").fetchone() == (2,)
        assert conn.execute("SELECT count(*) FROM customer_key").fetchone() == (0,)
    assert not (there.settings.state / keys_apart.FILE).exists()

    async def look(hub: Any) -> Any:
        read = hub.db.reader.execute
        (people,) = read("SELECT count(*) FROM customer").fetchone()
        (keys,) = read("SELECT count(*) FROM customer_key").fetchone()
        return people, keys, await hub.db.read(devices.hub_epoch)

    people, keys, epoch = opened(there.settings, look)
    assert (people, keys) == (1, 1)
    assert epoch > before

    # What was moved aside can be put back, is named, and holds nobody who is erased later.
    assert there.restore("--from", str(aside), "--dry-run") == 0
    assert "2 customers, imports up to 2" in capsys.readouterr().out
    main(["doctor", "--config", str(there.config)])
    assert f"note  {aside.name}" in capsys.readouterr().out
    opened(there.settings, forget_one)
    assert main(["backup", "--config", str(there.config), "--to", str(there.copies)]) == 0
    assert len(its_keys.read_text().splitlines()) == 1  # of K-9, whom nobody erased
    with closing(sqlite3.connect(old)) as conn:
        assert conn.execute("SELECT count(*) FROM customer").fetchone() == (1,)


def test_what_is_no_whole_copy_of_this_hub_is_refused_before_anything_is_touched(
    there: There, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (copy,), (keys,) = there.copies.glob("*.db"), there.copies.glob("*.keys")
    kept, folder = there.state, tmp_path / "other"
    folder.mkdir()

    def refused(code: str) -> str:
        assert there.restore("--from", str(folder)) == 1
        said = capsys.readouterr().err
        assert f"[{code}]" in said
        assert there.state == kept
        return said

    assert "no copy" in refused("X06")
    shutil.copy(copy, folder)
    assert "no file of customers' keys" in refused("X06")
    (folder / keys.name).write_text(keys.read_text().splitlines(keepends=True)[0])
    assert "1 customers" in refused("X06")
    (folder / keys.name).write_text(keys.read_text()[:-9])
    assert "line 2" in refused("KEYS_APART")
    shutil.copy(keys, folder)
    pages = bytearray(copy.read_bytes())
    pages[4096:] = bytes(len(pages) - 4096)
    (folder / copy.name).write_bytes(pages)
    refused("X06")
    shutil.copy(copy, folder)
    with closing(sqlite3.connect(folder / copy.name)) as conn:
        conn.execute("PRAGMA user_version=9999")
    assert "newer" in refused("X06")


def test_a_hub_that_runs_is_not_taken_its_database_away(
    there: There, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hub:
        port = hub.getsockname()[1]
        there.config.write_text(there.config.read_text().replace("port = 0\n", f"port = {port}\n"))
        kept = there.state
        assert there.restore("--from", str(there.copies)) == 1
        assert "[X07]" in capsys.readouterr().err
        assert there.state == kept
    there.config.write_text(
        there.config.read_text().replace("[hub]\n", '[hub]\ndatabase = "postgresql:///welkom"\n')
    )
    assert there.restore("--from", str(there.copies)) == 78


def test_a_backup_keeps_at_least_one_and_says_when_it_is_the_hub_that_cannot_be_read(
    there: There, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["backup", "--config", str(there.config), "--to", str(there.copies)]
    copies = sorted(there.copies.iterdir())
    for count in ("-5", "0", "many"):
        with pytest.raises(SystemExit, match="2"):
            main([*words, "--keep", count])
    assert "[W01]" in capsys.readouterr().err
    file = there.settings.state / "hub.db"
    pages = bytearray(file.read_bytes())
    pages[8192:] = bytes(len(pages) - 8192)
    file.write_bytes(pages)
    for damaged in (True, False):
        if not damaged:
            file.unlink()
        assert main(words) == 1
        said = capsys.readouterr().err
        assert "[S02]" in said
        assert str(file) in said
        assert sorted(there.copies.iterdir()) == copies


def test_a_damaged_database_is_met_at_the_start_and_named_by_every_command(
    there: There, capsys: pytest.CaptureFixture[str]
) -> None:
    file = there.settings.state / "hub.db"
    pages = bytearray(file.read_bytes())
    with closing(sqlite3.connect(file)) as conn:
        (root,) = conn.execute("SELECT rootpage FROM sqlite_master WHERE name='ledger'").fetchone()
        (size,) = conn.execute("PRAGMA page_size").fetchone()
    pages[(root - 1) * size : root * size] = b"\x55" * size
    file.write_bytes(pages)
    assert main(["hub", "--config", str(there.config)]) == 1
    assert "hub.db is damaged [S02]" in capsys.readouterr().err
    assert main(["export", "ledger", "--config", str(there.config)]) == 1
    assert "hub.db is damaged [S02]" in capsys.readouterr().err


def test_what_a_shop_said_while_no_key_was_there_counts_after_it(there: There) -> None:
    async def refused_once(hub: Any) -> None:
        (who,) = hub.db.reader.execute("SELECT customer_id FROM trait WHERE name='points' LIMIT 1").fetchone()
        said = {"line_id": "01" * 16, "customer_id": bytes(who).hex(), "instrument": "points", "delta": 7}
        body = json.dumps(said | {"why": "purchase"}).encode()
        letter = events.Kept(1, 1, "wallet_moved", body, bytes(32), "BAD_SEAL", bytes(who))
        await hub.db.apply(events.keep_all, [("b1", 1, [letter])], now_ms=1)

    async def counted(hub: Any) -> Any:
        read = hub.db.reader.execute
        return read("SELECT delta FROM ledger WHERE device_id='b1'").fetchall(), read(
            "SELECT code FROM event"
        ).fetchall()

    async def known(hub: Any) -> None:
        await introduced(hub, load_hub(there.config, environment={}))
        await refused_once(hub)

    opened(there.settings, known)
    for each in there.copies.iterdir():
        each.unlink()
    assert main(["backup", "--config", str(there.config), "--to", str(there.copies)]) == 0
    assert there.restore("--from", str(there.copies)) == 0
    assert opened(there.settings, counted) == ([(7,)], [(None,)])
