"""Wherever `welkom restore` is cut short, the hub of before is there or the copy, and never one with nobody."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from edge.hub_file import load_hub
from edge.kit.errors import StoreError
from sync.hub import keys_apart, putting_back
from tests.house.repo import ROOT
from tests.house.restore_cut import DIED
from tests.house.test_copy_refused import keys_in
from tests.house.test_import import write_hub
from tests.house.test_import_people import HEAD, TWO, take

OLD, NEW = [3, 3, False], [2, 2, True]


@pytest.fixture
def config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A hub of three customers; of two of them there is a copy."""
    (tmp_path / "start").mkdir()
    config = write_hub(tmp_path / "start")
    config.write_text(config.read_text().replace("[hub]\n", "[hub]\nport = 0\n"))
    assert take(config, "customers", TWO) == 0
    assert main(["backup", "--config", str(config), "--to", str(config.parent / "copies")]) == 0
    assert take(config, "customers", HEAD + "K-3,meneer Kok,MK,LOYALTY-3,s1,saving:van-dam,5\n") == 0
    capsys.readouterr()
    return config


def test_a_crash_or_a_full_disk_at_any_step_of_a_restore_leaves_one_of_both_hubs_and_says_which(
    config: Path,
) -> None:
    words = [sys.executable, "-m", "tests.house.restore_cut", str(config.parent)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    tries: list[dict[str, Any]] = [json.loads(line) for line in done.stdout.splitlines()]
    for each in tries:
        assert each["plain"] in (OLD, NEW, ["KEYS_APART"]), each
        assert each["again"] in ([], [0, *NEW]), each
    died = [each for each in tries if each["how"] == "die"]
    assert [each["code"] for each in died] == [DIED] * (len(died) - 1) + [0]
    full = [each for each in tries if each["how"] == "be_full" and each["code"] != 0]
    for each in full:
        before, lies = "the hub that lay there still does" in each["said"], {*each["names"]} - {"snapshots"}
        assert "[S01]" in each["said"], each
        assert before == (each["plain"] == OLD), each
        assert before == (lies == {"hub.db"}), each
        assert before or "the copy lies there" in each["said"], each
    for some in (died, full):
        met = [each["plain"] for each in some]
        assert met.count(OLD) > 5
        assert met.count(["KEYS_APART"]) > 1


def test_keys_without_their_database_make_no_hub_and_an_empty_one_is_not_served_as_put_back(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = load_hub(config, environment={}).hub
    (copies,) = config.parent.glob("copies/*.keys")
    file, keys = settings.state / "hub.db", settings.state / keys_apart.FILE
    shutil.copy(copies, keys)
    file.unlink()
    assert main(["doctor", "--config", str(config)]) == 1
    assert "cut short" in capsys.readouterr().out
    for put_back in (False, True):
        with pytest.raises(StoreError, match="cut short"):
            keys_in(settings, put_back=put_back)
    assert not file.exists()
    keys.unlink()
    (settings.state / "snapshots").rmdir()
    assert keys_in(settings) == 0  # as an earlier version made one
    shutil.copy(copies, keys)
    for put_back in (False, True):
        with pytest.raises(StoreError, match="has no customer") as refused:
            keys_in(settings, put_back=put_back)
        assert "welkom restore" in refused.value.hint
    assert keys.exists()
    assert main(["restore", "--config", str(config), "--from", str(copies.parent)]) == 0
    assert keys_in(settings) == 2


def test_a_database_that_an_import_has_open_stays_and_a_dry_run_is_nobodys_trouble(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = config.parent / "hub/hub.db"
    code = (
        "import sqlite3, sys; conn = sqlite3.connect(sys.argv[1]); "
        "conn.execute('SELECT 1 FROM customer').fetchall(); print('open', flush=True); sys.stdin.read()"
    )
    words = ["restore", "--config", str(config), "--from", str(config.parent / "copies")]
    with subprocess.Popen(
        [sys.executable, "-c", code, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == b"open\n"
        kept = file.read_bytes()
        assert main(words) == 1
        assert "[X07]" in capsys.readouterr().err
        assert file.read_bytes() == kept
        assert main([*words, "--dry-run"]) == 0
        assert other.stdin
        other.stdin.close()
    assert main(words) == 0


def test_a_damaged_database_gives_way_with_all_that_was_written_ahead_of_it(config: Path) -> None:
    file = config.parent / "hub/hub.db"
    file.write_bytes(b"no database at all" * 500)
    file.with_name("hub.db-wal").write_bytes(b"nor this")
    assert main(["restore", "--config", str(config), "--from", str(config.parent / "copies")]) == 0
    (aside,) = file.parent.glob("replaced-*")
    assert (aside / "hub.db").read_bytes() == b"no database at all" * 500
    log = file.with_name("hub.db-wal")  # the copy's own, where it was not folded in yet
    assert not log.exists() or log.read_bytes() != b"nor this"
    assert keys_in(load_hub(config, environment={}).hub) == 2


def test_links_that_lie_in_the_state_folder_are_not_followed(config: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    state = config.parent / "hub"
    for name in ("restoring-hub.db", "restoring-hub.keys", "elsewhere"):
        (state / name).symlink_to(mine)
    os.link(mine, state / "second")
    before = mine.stat()
    assert main(["restore", "--config", str(config), "--from", str(config.parent / "copies")]) == 0
    assert mine.read_text() == "mine"
    if os.geteuid() == 0:
        os.chown(state, 1234, 1234)
        putting_back.hand_over(state)
        assert (state / "hub.db").stat().st_uid == (state / "elsewhere").lstat().st_uid == 1234
    assert (mine.stat().st_uid, mine.stat().st_gid) == (before.st_uid, before.st_gid)
