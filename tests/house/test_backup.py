"""`welkom backup`: a copy that opens, and no more copies than were asked for."""

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from edge.cli import main
from tests.house.test_import import write_hub
from tests.house.test_import_people import TWO, take


def test_a_copy_of_the_hub_opens_and_old_ones_go(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config, to = write_hub(tmp_path), tmp_path / "copies"
    assert take(config, "customers", TWO) == 0
    words = ["backup", "--config", str(config), "--to", str(to), "--keep", "2"]
    assert main([*words, "--dry-run"]) == 0
    assert not to.exists()
    to.mkdir()
    for day in (1, 2, 3):
        (to / f"hub-2026010{day}T000000Z.db").write_bytes(b"")
    assert main(words) == 0
    assert ", sound." in capsys.readouterr().out
    left = sorted(to.iterdir())
    assert [each.name for each in left[:1]] == ["hub-20260103T000000Z.db"]
    assert len(left) == 2
    assert stat.S_IMODE(left[1].stat().st_mode) == 0o600
    with closing(sqlite3.connect(left[1])) as conn:
        assert conn.execute("SELECT count(*) FROM customer").fetchone() == (2,)
    (tmp_path / "file").write_bytes(b"")
    assert main(["backup", "--config", str(config), "--to", str(tmp_path / "file")]) == 1
    assert "[X04]" in capsys.readouterr().err


def test_a_hub_on_postgresql_is_backed_up_by_its_own_means(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config = write_hub(tmp_path)
    config.write_text(config.read_text().replace("[hub]\n", '[hub]\ndatabase = "postgresql:///welkom"\n'))
    assert main(["backup", "--config", str(config), "--to", str(tmp_path)]) == 78
    assert "[X03]" in capsys.readouterr().err
