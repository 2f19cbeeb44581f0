"""The disk of a hub died: its copy goes onto a new machine, and no hub begins with nobody where one has worked."""

import shutil
from pathlib import Path

import pytest

from edge.cli import main
from edge.hub_file import load_hub
from edge.kit.errors import StoreError
from tests.house.test_copy_refused import keys_in
from tests.house.test_import import write_hub
from tests.house.test_import_people import TWO, take


@pytest.fixture
def config(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """A hub of two customers, and a copy of it."""
    config = write_hub(tmp_path)
    assert take(config, "customers", TWO) == 0
    assert main(["backup", "--config", str(config), "--to", str(tmp_path / "copies")]) == 0
    capsys.readouterr()
    return config


@pytest.mark.parametrize("empty", [True, False])
def test_a_copy_is_put_back_where_nothing_lies(
    config: Path, capsys: pytest.CaptureFixture[str], *, empty: bool
) -> None:
    settings = load_hub(config, environment={}).hub
    shutil.rmtree(settings.state)
    if empty:
        settings.state.mkdir()
    copies = str(config.parent / "copies")
    assert main(["restore", "--config", str(config), "--from", copies]) == 0, capsys.readouterr().err
    assert keys_in(settings) == 2


@pytest.mark.parametrize("gone", [True, False])
def test_a_hub_whose_database_is_gone_or_empty_does_not_begin_with_nobody(
    config: Path, capsys: pytest.CaptureFixture[str], *, gone: bool
) -> None:
    settings = load_hub(config, environment={}).hub
    file = settings.state / "hub.db"
    file.unlink()
    if not gone:
        file.touch()
    with pytest.raises(StoreError, match="though a hub has worked here"):
        keys_in(settings)
    assert main(["doctor", "--config", str(config)]) == 1
    assert "welkom restore" in capsys.readouterr().out
    assert file.exists() != gone
    copies = str(config.parent / "copies")
    assert main(["restore", "--config", str(config), "--from", copies]) == 0, capsys.readouterr().err
    assert keys_in(settings) == 2
