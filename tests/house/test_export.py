"""`welkom export`: about nobody unless a purpose is named, nothing a spreadsheet runs, and whole or not there."""

import csv
import io
import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest
from pyarrow import parquet

from edge.cli import main
from tests.house.test_import import write_hub
from tests.house.test_import_people import HEAD, id_of, take

EVIL = (
    '=HYPERLINK("http://x")',
    "+31",
    "-jas",
    "@SUM(A1)",
)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A hub with two customers, one to be recognised and one who saves no more, and a catalogue out to do harm."""
    path = write_hub(tmp_path)
    people = HEAD + (
        "K-1,mevrouw De Vries,MV,C-1,s1,saving:van-dam|recognition:van-dam,120\n"
        "K-2,meneer Bos,MB,C-2,s1,saving:van-dam,80\n"
    )
    assert take(path, "customers", people) == 0
    assert take(path, "balances", "ref,points\nK-1,150\nK-2,90\n") == 0
    with closing(sqlite3.connect(path.parent / "hub/hub.db")) as conn, conn:
        conn.execute(
            "UPDATE consent SET until_ms=1 WHERE customer_id=?", (bytes.fromhex(id_of(path, "K-2")),)
        )
    lines = "".join(f'P{at},"{text.replace(chr(34), chr(34) * 2)}",10\n' for at, text in enumerate(EVIL))
    assert take(path, "catalogue", "item,title,price\n" + lines) == 0
    return path


def out(config: Path, *words: str) -> int:
    return main(["export", *words, "--config", str(config)])


def test_nobody_is_in_an_export_unless_a_purpose_is_named_and_has_a_basis(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    assert out(config, "ledger") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert sorted(row["delta"] for row in rows) == ["10", "120", "30", "80"]
    assert {row["customer"] for row in rows} == {""}
    assert rows[0]["at"].endswith("Z")
    assert out(config, "ledger", "--for", "saving") == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert {row["delta"]: bool(row["customer"]) for row in rows} == {
        "30": True,
        "120": True,
        "10": False,
        "80": False,
    }
    assert out(config, "customers") == 2
    assert out(config, "customers", "--for", "dancing") == 2
    assert capsys.readouterr().err.count("[W04]") == 2
    assert out(config, "customers", "--for", "recognition") == 0
    (only,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert json.loads(only["traits"])["name"]["call"] == "mevrouw De Vries"


def test_one_of_several_that_cannot_be_written_stops_none_of_the_others_and_is_named(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.csv").mkdir()
    assert out(config, "facts", "ledger", "fleet", "--out", str(tmp_path)) == 1
    said = capsys.readouterr().err
    assert "ledger: not written." in said
    assert "[X02]" in said
    assert (tmp_path / "facts.csv").read_text().startswith("device,")
    assert (tmp_path / "fleet.csv").read_text().startswith("shop,")
    assert out(config, "facts", "fleet") == 2


def test_several_go_into_a_folder_that_is_made_or_it_is_said_what_to_do(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "new"
    assert out(config, "facts", "fleet", "--out", str(folder), "--dry-run") == 0
    assert not folder.exists()
    assert out(config, "facts", "fleet", "--out", str(folder)) == 0
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {file.name for file in folder.iterdir()} == {"facts.csv", "fleet.csv"}
    capsys.readouterr()
    for wrong in (folder / "facts.csv", tmp_path / "not" / "there"):
        assert out(config, "facts", "fleet", "--out", str(wrong)) == 1
        said = capsys.readouterr().err
        assert said.count("[X02]") == 1, said
        assert "name a folder" in said


def test_no_cell_is_a_formula(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "catalogue.csv"
    assert out(config, "catalogue", "--out", str(file)) == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    titles = [row["title"] for row in csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))]
    assert titles == ["'" + text for text in EVIL]
    assert out(config, "fleet", "--dry-run") == 0
    assert "1 row would be written" in capsys.readouterr().out
    assert out(config, "stock", "--out", str(tmp_path / "no" / "stock.csv")) == 1
    assert "[X02]" in capsys.readouterr().err


def test_an_exported_catalogue_is_taken_back_in_and_nothing_of_it_differs(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    full = {
        "item": "-1",
        "title": '\'s-Gravenhage, "jas"',
        "price_cents": 8_995,
        "vat": 21,
        "sizes": ["S", "M"],
    }
    full |= {
        "gtin": "8712345678906",
        "durable": True,
        "alternatives": ["P0"],
        "description": "a\nb",
        "brand": "'=x",
    }
    (tmp_path / "more.jsonl").write_text(json.dumps(full) + "\n", encoding="utf-8")
    words = ["import", "catalogue", "--config", str(config)]
    assert main([*words, str(tmp_path / "more.jsonl"), "--keep"]) == 0
    file = tmp_path / "catalogue.csv"
    assert out(config, "catalogue", "--out", str(file)) == 0
    capsys.readouterr()
    assert main([*words, str(file)]) == 0
    assert f"0 new, 0 changed, 0 gone, {len(EVIL) + 1} the same, 0 refused" in capsys.readouterr().out


def test_parquet_has_the_same_rows_with_their_types(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "ledger.parquet"
    assert out(config, "ledger", "--out", str(file)) == 0
    found = parquet.read_table(file)
    assert sorted(found.column("delta").to_pylist()) == [10, 30, 80, 120]
    assert str(found.schema.field("at").type) == "timestamp[ms, tz=UTC]"
    assert out(config, "ledger", "--format", "parquet") == 2
    assert out(config, "facts", "--out", str(tmp_path / "facts.xlsx")) == 2
    assert not (tmp_path / "facts.xlsx").exists()
    empty = tmp_path / "facts.parquet"
    assert out(config, "facts", "--out", str(empty)) == 0
    assert parquet.read_table(empty).num_rows == 0
