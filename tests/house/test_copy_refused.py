"""A copy of the hub's database is no hub yet: nothing starts on it until its keys are back."""

import asyncio
import shutil
from pathlib import Path

import pytest

from edge.cli import main
from edge.hub_file import load_hub
from edge.kit.errors import StoreError
from sync.hub import keys_apart
from sync.hub.app import open_hub
from sync.hub.config import Config
from tests.house.test_import import write_hub
from tests.house.test_import_people import TWO, take
from tests.sync.centre import Said


def keys_in(settings: Config, *, put_back: bool = False) -> int:
    """How many keys a hub has once it is open."""

    async def opened() -> int:
        async with open_hub(settings, log=Said(), put_back=put_back) as hub:
            (count,) = hub.db.reader.execute("SELECT count(*) FROM customer_key").fetchone()
            return int(count)

    return asyncio.run(opened())


def test_no_hub_starts_on_a_copy_without_its_keys_and_what_is_wrong_with_them_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, to = write_hub(tmp_path), tmp_path / "copies"
    settings = load_hub(config, environment={}).hub
    assert take(config, "customers", TWO) == 0
    assert main(["backup", "--config", str(config), "--to", str(to)]) == 0
    (copy,), (keys,) = to.glob("*.db"), to.glob("*.keys")
    (settings.state / "hub.db").unlink()
    shutil.copy(copy, settings.state / "hub.db")
    capsys.readouterr()
    assert main(["hub", "--config", str(config)]) == 1
    said = capsys.readouterr().err
    assert "[KEYS_APART]" in said
    assert "welkom restore" in said
    assert main(["doctor", "--config", str(config)]) == 1
    assert "ILL   hub.db" in capsys.readouterr().out

    whole, beside = keys.read_text(), settings.state / keys_apart.FILE
    first = whole.splitlines(keepends=True)[0]
    for content, why in ((first + "kapot\n", "line 2"), (first, "1 customers"), (first * 2, "1 customers")):
        beside.write_text(content)
        with pytest.raises(StoreError, match=why):
            keys_in(settings, put_back=True)
    # The right ones lie there, and nobody said what for: still no hub, and nothing was taken in.
    beside.write_text(whole)
    with pytest.raises(StoreError, match="not begun with"):
        keys_in(settings)
    assert keys_in(settings, put_back=True) == 2
    assert keys_in(settings) == 2
