"""`welkom import` as somebody at head office uses it: dry, refused, skipped, at the hub and in a shop alone."""

import asyncio
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from edge import indexing
from edge.advice.ranking.packing import pack
from edge.advice.rules import DAY_MS
from edge.app import open_edge
from edge.cli import main
from edge.config import load
from edge.keys import write_keys
from sync.hub.app import open_hub
from tests.advice.test_packing import MIXED
from tests.patience import PATIENT_S

GOOD = "item,title,price,gtin,care\nA,Jas,12.95,8712345678906,wassen\nB,Broek,20,,\n"
CHANGED = "item,title,price,gtin,care\nA,Jas,13.95,8712345678906,wassen\nC,Trui,30,,\n"
PUBLIC = "ab" * 32
BAD = "item,title,price,gtin,care\nA,Jas,twaalf,8712345678906,\nC,Trui,30,8712345678907,\nD,Sok,3,,\n"


def write_hub(folder: Path) -> Path:
    """The configuration of a hub with one shop, and its secrets."""
    (folder / "credentials").mkdir()
    for name in ("hub_kek", "chain_key", "shop_key.s1"):
        (folder / "credentials" / name).write_text(os.urandom(32).hex())
    path = folder / "hub.toml"
    path.write_text(f'[hub]\n[[shops]]\nid = "s1"\ndevice = "b1"\npublic_key = "{PUBLIC}"\n')
    return path


@pytest.fixture(params=["hub.toml", "welkom.toml"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A hub with one shop, and a shop without a hub."""
    if request.param == "hub.toml":
        return write_hub(tmp_path)
    write_keys(tmp_path / "credentials")
    path = tmp_path / "welkom.toml"
    path.write_text('[shop]\nid = "s1"\n')
    return path


def take(config: Path, text: str, *options: str) -> int:
    file = config.parent / "products.csv"
    file.write_text(text, encoding="utf-8")
    return main(["import", "catalogue", str(file), "--config", str(config), *options])


def held(config: Path, table: str = "product") -> dict[str, int]:
    """What is there: item -> version."""
    hub = config.name == "hub.toml"
    file = config.parent / ("hub/hub.db" if hub else "state/replica.db")
    with closing(sqlite3.connect(file)) as conn:
        return dict(conn.execute(f"SELECT item, ver FROM {table}" + (" WHERE d IS NOT NULL" if hub else "")))


def test_an_import_says_what_it_does_and_does_only_that(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, GOOD, "--dry-run") == 0
    assert held(config) == {}
    said = capsys.readouterr().out
    assert "new      A\nnew      B\n" in said
    assert "2 new, 0 changed, 0 gone, 0 the same, 0 refused" in said
    assert "Nothing was changed" in said
    assert take(config, GOOD) == 0
    assert held(config) == {"A": 1, "B": 1}
    assert "Not filled in: description 2, sizes 2" in capsys.readouterr().out
    assert take(config, GOOD) == 0
    assert held(config) == {"A": 1, "B": 1}
    assert take(config, CHANGED, "--dry-run") == 0
    assert "new      C\nchanged  A\ngone     B\n" in capsys.readouterr().out
    assert take(config, CHANGED, "--keep") == 0
    assert held(config) == {"A": 2, "B": 1, "C": 1}
    assert take(config, CHANGED) == 0
    assert held(config) == {"A": 2, "C": 1}


def test_a_refused_line_keeps_the_last_good_catalogue_unless_it_is_skipped(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, GOOD) == 0
    assert take(config, BAD, "--dry-run") == 1
    assert take(config, BAD) == 1
    said = capsys.readouterr()
    assert "line 2: refused (price)" in said.out
    assert "line 3: refused (gtin)" in said.out
    assert "[K02]" in said.err
    assert held(config) == {"A": 1, "B": 1}
    assert take(config, BAD, "--skip-refused") == 0
    assert held(config) == {"A": 1, "D": 1}
    assert take(config, 'item,title,price\nA,"Jas,1\n') == 1
    assert "line 2" in capsys.readouterr().err
    assert take(config, BAD.replace("D,", ",")) == 1
    assert held(config) == {"A": 1, "D": 1}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("item,title,price\n", "there is no line under the headers"),
        ("item,title,prijs\n", "there is no column 'price'"),
        ('\n[{"item": "A"}]\n', "it is a list in JSON"),
    ],
)
def test_a_file_with_nothing_to_import_says_what_it_lacks(
    config: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    assert take(config, text) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "[K01]" in told


def test_counts_come_in_for_products_that_are_there(config: Path) -> None:
    assert take(config, GOOD) == 0
    assert take(config, "gtin,count\n8712345678906,6\n", "--stock", "--dry-run") == 0
    assert held(config, "stock") == {}
    assert take(config, "gtin,count\n8712345678906,6\n", "--stock") == 0
    assert held(config, "stock") == {"A": 1}
    assert take(config, "item,count\nA,5\nX,1\n", "--stock") == 1
    assert held(config, "stock") == {"A": 1}
    assert take(config, "item,count\nA,5\nX,1\n", "--stock", "--skip-refused") == 0
    assert held(config, "stock") == {"A": 2}


def test_an_appliance_with_a_hub_says_where_to_import(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "welkom.toml"
    path.write_text('[hub]\nurl = "http://hub.test"\ndevice = "b1"\n')
    assert take(path, GOOD) == 78
    assert "[K03] import at the hub" in capsys.readouterr().err


def test_a_file_that_is_not_there_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["import", "catalogue", str(tmp_path / "no.csv"), "--config", str(tmp_path / "welkom.toml")]
    assert main(words) == 1
    assert "[K01]" in capsys.readouterr().err


@pytest.mark.anyio
async def test_a_running_shop_without_a_hub_finds_what_was_imported_beside_it(tmp_path: Path) -> None:
    write_keys(tmp_path / "credentials")
    path = tmp_path / "welkom.toml"
    path.write_text('[shop]\nid = "s1"\n')
    async with open_edge(load(path, environment={}), readers=[], log=lambda event, **fields: None) as edge:
        filling = asyncio.create_task(indexing.fill_products(edge.house))
        try:
            for text, found in ((GOOD, ["B"]), (CHANGED, [])):
                assert await asyncio.to_thread(take, path, text) == 0
                for _ in range(600):
                    if edge.house.products.find("broek", most=3) == found:
                        break
                    await asyncio.sleep(0.05)
                assert edge.house.products.find("broek", most=3) == found
            assert edge.house.products.find("trui", most=3) == ["C"]
        finally:
            filling.cancel()


@pytest.mark.anyio
async def test_a_running_hub_hears_of_an_import_beside_it(tmp_path: Path) -> None:
    from edge.hub_file import load_hub

    path = write_hub(tmp_path)
    settings = load_hub(path, environment=os.environ)
    async with open_hub(settings.hub, log=lambda event, **fields: None) as hub:
        wait = hub.bell.wait(hub.db, "shop:s1", after=0, wait_s=30)
        waiting = asyncio.create_task(wait)
        assert await asyncio.to_thread(take, path, GOOD) == 0
        await asyncio.wait_for(waiting, PATIENT_S)
        rows = hub.db.reader.execute("SELECT id FROM feed WHERE part='shop:s1' ORDER BY seq").fetchall()
        assert rows == [("A",), ("B",)]


def test_a_model_is_sent_once_and_what_is_none_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    config, file = write_hub(tmp_path), tmp_path / "ranking.json"
    file.write_bytes(pack(MIXED, day=time.time_ns() // 1_000_000 // DAY_MS))
    words = ["import", "model", str(file), "--config", str(config)]
    assert main([*words, "--dry-run"]) == 0
    assert "It would go to 1 shops. Nothing was changed" in capsys.readouterr().out
    assert main(words) == 0
    assert "Sent to 1 shops." in capsys.readouterr().out
    assert main(words) == 0
    assert "Nothing was changed" in capsys.readouterr().out
    file.write_bytes(b"{}")
    assert main(words) == 1
    assert "K01" in capsys.readouterr().err
