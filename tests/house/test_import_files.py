"""The file that `welkom import` is given: read in each form it may have, and what is wrong with it said of it."""

import gzip
import json
from pathlib import Path

import pytest

from edge.cli import main
from tests.house.test_import import write_hub
from tests.house.test_import_people import HEAD, TWO, counts, held, take


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return write_hub(tmp_path)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (HEAD, "there is no line under the headers"),
        (f"\n\n{HEAD}\n \n", "there is no line under the headers"),
        ("\n\n", "the file is empty"),
        ("ref,colour\n", "the column 'colour' is none of"),
        ("call,shops\n", "there is no column ref or id"),
        ('[{"ref": "K-1"}]\n', "it is a list in JSON: write JSON lines"),
        ('\n[\n{"ref": "K-1"}\n]\n', "line 2: it is a list in JSON"),
    ],
)
def test_a_file_with_nothing_to_import_says_what_it_lacks(
    config: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    assert take(config, "customers", text) == 1
    told = capsys.readouterr().err
    assert said in told
    assert "[K01]" in told
    assert "0 lines" not in told


@pytest.mark.parametrize("what", ["customers", "catalogue"])
@pytest.mark.parametrize("begins", [b"PK\x03\x04\x14\0", b"\xd0\xcf\x11\xe0\xa1\xb1"], ids=["xlsx", "xls"])
def test_a_workbook_is_named_for_what_it_is(
    config: Path, capsys: pytest.CaptureFixture[str], what: str, begins: bytes
) -> None:
    file = config.parent / "klanten.xlsx"
    file.write_bytes(begins + bytes(range(256)))
    assert main(["import", what, str(file), "--config", str(config)]) == 1
    assert "a workbook of a spreadsheet program: save the sheet as CSV UTF-8 [K01]" in capsys.readouterr().err


@pytest.mark.parametrize("lines", [2, 120_000], ids=["short", "long"])
def test_a_file_of_an_old_mac_is_named_for_what_it_is(
    config: Path, capsys: pytest.CaptureFixture[str], lines: int
) -> None:
    file = config.parent / "klanten.csv"
    file.write_bytes(b"ref,call\r" + b"K-1,Anna\r" * lines)
    assert main(["import", "customers", str(file), "--config", str(config)]) == 1
    assert "an old Mac (CR alone): save it as CSV UTF-8 [K01]" in capsys.readouterr().err


def test_what_there_is_is_said_where_a_word_is_none_of_it(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, "customers", HEAD + "K-1,,,779,s1,herkennen:van-dam,\n") == 1
    said = capsys.readouterr().out
    assert (
        "line 2: refused: no purpose is called 'herkennen', there are saving, receipts, recognition" in said
    )
    assert take(config, "customers", "klantnummer,kaart\n1,2\n") == 1
    assert "write a mapping, a file with [columns] and lines such as" in capsys.readouterr().err


def test_blank_lines_before_the_first_are_counted_and_do_no_harm(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert take(config, "customers", "\n\n" + TWO.replace(",", ";")) == 0
    bad = '\n\n{"ref": "K-3", "shops": ["s1"]}\n\n{"ref": 5}\n'
    assert take(config, "customers", bad, "--skip-refused") == 0
    assert "line 5: refused" in capsys.readouterr().out
    assert counts(config)["customer"] == 3


def test_json_lines_and_gzip_are_read_and_a_mapping_names_their_columns(config: Path) -> None:
    saving = [{"purpose": "saving", "recipient": "van-dam"}]
    line = {"ref": "K-9", "traits": {"name": {"call": "X"}}, "shops": ["s1"], "cards": [], "consents": saving}
    file = config.parent / "customers.jsonl.gz"
    file.write_bytes(gzip.compress(json.dumps(line).encode() + b"\n"))
    assert main(["import", "customers", str(file), "--config", str(config)]) == 0
    mapping = config.parent / "mapping.toml"
    mapping.write_text('[columns]\nref = "Klantnr"\npoints = "Saldo"\n')
    (config.parent / "theirs.csv").write_text("Klantnr;Saldo;Extra\nK-9;40;x\n")
    words = ["import", "balances", str(config.parent / "theirs.csv"), "--config", str(config)]
    assert main([*words, "--mapping", str(mapping)]) == 0
    assert held(config, "SELECT instrument, delta, device_id FROM ledger") == [("points", 40, "hub:import")]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"\xff", "is no text in UTF-8"),
        (b'price = "Prijs"', "the mapping has an unknown key 'price'; known are [columns], delimiter"),
        (b'[columns]\nnonsense = "Naam"', "'nonsense' is no field of ours; there are "),
    ],
)
@pytest.mark.parametrize("what", ["balances", "catalogue"])
def test_what_is_wrong_with_a_mapping_is_said_of_the_mapping(
    config: Path, capsys: pytest.CaptureFixture[str], mapping: bytes | None, said: str, what: str
) -> None:
    """It was said of the file that was to be imported, which was right."""
    here = config.parent / "their.toml"
    if mapping is not None:
        here.write_bytes(mapping)
    (config.parent / "theirs.csv").write_text("item,ref,title,price,points\nA,K-1,B,2,3\n")
    words = ["import", what, str(config.parent / "theirs.csv"), "--config", str(config)]
    assert main([*words, "--mapping", str(here)]) == 1
    told = capsys.readouterr().err
    assert f"{here}: {said}" in told
    assert "theirs.csv" not in told


def test_a_line_with_too_many_cells_is_refused_like_any_other_and_takes_nobody_away(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = TWO.replace("K-2,", "K-2,,,,,,,,,,,")
    assert take(config, "customers", broken + "K-3,,,,,,,,,,,,,,,x\n") == 1
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if line.startswith("line ")] == [
        "line 3: refused: 17 cells under 7 headers: a quote or delimiter is wrong",
        "line 4: refused: 16 cells under 7 headers: a quote or delimiter is wrong",
    ]
    assert "[K02]" in said.err
    assert take(config, "customers", broken, "--skip-refused") == 0
    assert counts(config)["customer"] == 1
    assert take(config, "staff", "id,name,role,shops\nP1,Iris,manager,s1\nP2,Noor,,s1\n") == 0
    assert (
        take(config, "staff", "id,name,role,shops\nP1,Iris,staff,s1\nP2,Noor,,s1,,x\n", "--skip-refused") == 0
    )
    assert held(config, "SELECT id FROM staff WHERE d IS NOT NULL ORDER BY id") == [("P1",), ("P2",)]
