"""`welkom advise` answers as the contract page says, and says what is wrong with a line."""

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from edge.cli import main
from tests.house.repo import ROOT

DATA = Path(__file__).parent / "data"


def advise(capsys: pytest.CaptureFixture[str], *words: str | Path) -> list[dict[str, Any]]:
    assert main(["advise", *map(str, words)]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def put(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return path


def basket(day: str | None, *items: str) -> dict[str, object]:
    return {"t": day, "store": "s1", "items": list(items)}


def test_the_worked_example_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    first, new = advise(
        capsys, "--history", DATA / "history.jsonl", "--queries", DATA / "queries.jsonl", "--k", "3"
    )
    assert first["customer"] == "c1"
    due = {"code": "due_again", "evidence": {"every_days": 28, "last_days_ago": 29, "times": 4}}
    assert dict(zip(first["items"], first["reasons"], strict=True))["coffee"] == due
    assert len(new["items"]) == 3
    assert {each["code"] for each in new["reasons"]} == {"popular_here"}


def test_an_answer_has_k_products_fewer_only_where_there_are_no_more(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    history = put(
        tmp_path / "h.jsonl", {"customer": "a", "baskets": [basket(None, "x", "y"), basket(None, "z")]}
    )
    queries = put(
        tmp_path / "q.jsonl",
        {"customer": "a", "baskets": [basket(None, "x")], "basket": ["y"], "what": "ever"},
        {"customer": "b", "baskets": []},
    )
    one, other = advise(capsys, "--history", history, "--queries", queries, "--k", "9")
    assert sorted(one["items"]) == ["x", "z"]
    assert sorted(other["items"]) == ["x", "y", "z"]


def test_what_nobody_bought_is_named_only_where_nothing_else_is_left(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    mine = {"customer": "a", "baskets": [basket(None, "rice")] * 5}  # not so, says the query
    others = ({"customer": name, "baskets": [basket(None, name)]} for name in ("x", "y"))
    history = put(tmp_path / "h.jsonl", mine, *others)
    queries = put(tmp_path / "q.jsonl", {"customer": "a", "baskets": [basket(None, "x")]})
    words = ("--history", history, "--queries", queries, "--k")
    assert set(advise(capsys, *words, "2")[0]["items"]) == {"x", "y"}
    every = advise(capsys, *words, "3")[0]
    assert every["items"][2] == "rice"
    assert every["reasons"][2]["evidence"]["bought"] == 0


def test_the_shield_acts_where_a_catalogue_is_given(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    zipped = tmp_path / "h.jsonl.gz"
    zipped.write_bytes(
        gzip.compress(
            json.dumps({"customer": "a", "baskets": [basket("2026-01-01", "x", "y", "lamp")]}).encode()
        )
    )
    queries = put(
        tmp_path / "q.jsonl",
        {"customer": "a", "t": "2026-02-01", "baskets": [basket("2026-01-01", "x", "y", "lamp")]},
    )
    catalogue = put(
        tmp_path / "c.jsonl",
        {"item": "x", "name": "Ex", "category": "food", "department": "grocery"},
        {"item": "y", "name": "Why", "category": "food", "department": "grocery", "sensitive": True},
        {"item": "lamp", "name": "Lamp", "category": "home", "department": "home", "durable": True},
        {"item": "new", "name": "New", "category": "food", "department": "grocery"},
    )
    words = ("--history", zipped, "--queries", queries, "--k", "4")
    (open_to_all,) = advise(capsys, *words)
    assert Counter(open_to_all["items"]) == Counter(["x", "y", "lamp"])
    (shielded,) = advise(capsys, *words, "--catalogue", catalogue)
    assert shielded["items"] == ["x", "new"]


@pytest.mark.parametrize(
    "line", ["{", "[]", '{"customer": 5, "baskets": []}', '{"customer": "a"}',
             '{"customer": "a", "baskets": [{"t": "yesterday", "items": []}]}',
             '{"customer": "a", "baskets": [{"t": null, "items": [5]}]}']
)  # fmt: skip
def test_a_line_that_is_wrong_is_named(line: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    history = tmp_path / "h.jsonl"
    history.write_text('{"customer": "z", "baskets": []}\n\n' + line + "\n", encoding="utf-8")
    assert (
        main(["advise", "--history", str(history), "--queries", str(DATA / "queries.jsonl"), "--k", "3"]) == 1
    )
    complaint = capsys.readouterr().err
    assert "h.jsonl line 3" in complaint
    assert "A03" in complaint


def test_too_little_to_learn_from_is_not_kept(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    kept = tmp_path / "model.json"
    assert main(["advise", "--history", str(DATA / "history.jsonl"), "--save", str(kept)]) == 1
    assert "A04" in capsys.readouterr().err
    assert not kept.exists()
    assert main(["advise", "--history", str(DATA / "history.jsonl")]) == 2


def test_a_file_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "--history", "no.jsonl", "--queries", "no.jsonl", "--k", "3"]) == 1
    assert "A02" in capsys.readouterr().err


def test_the_lines_of_the_readme_and_of_the_help_are_the_ones_it_reads(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    readme = (ROOT / "edge" / "advice" / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```json\n")[1].split("```")[0].splitlines()
    with pytest.raises(SystemExit):
        main(["advise", "--help"])
    told = capsys.readouterr().out
    assert all(line in told for line in shown)
    history, queries, catalogue = (
        put(tmp_path / name, json.loads(line)) for name, line in zip("hqc", shown, strict=True)
    )
    words = ("--history", history, "--queries", queries, "--catalogue", catalogue)
    (without_k,) = advise(capsys, *words)  # ten where there are ten
    assert without_k["items"] == ["tea", "rice"]
    assert (without_k,) == tuple(advise(capsys, *words, "--k", "10"))


@pytest.mark.parametrize("wrong", [("--k", "0"), ("--seed", "-1"), ("--country", "NLD"), ("--country", "nl")])
def test_words_that_cannot_be_are_refused_by_their_name(
    wrong: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--history", str(DATA / "history.jsonl"), "--queries", str(DATA / "queries.jsonl")]
    assert main(["advise", *words, *wrong]) == 2
    assert wrong[0] in capsys.readouterr().err


def test_a_folder_in_place_of_a_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["advise", "--history", ".", "--queries", "no.jsonl"]) == 1
    assert "no.jsonl cannot be read" in capsys.readouterr().err
    assert main(["advise", "--history", ".", "--save", "no.json"]) == 1
    assert "welkom: . cannot be read" in capsys.readouterr().err


def test_an_empty_history_and_an_unknown_country_are_said_beside_the_answers(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    history = put(tmp_path / "h.jsonl", {"customer": "a", "baskets": []})
    queries = put(tmp_path / "q.jsonl", {"customer": "b", "baskets": [basket(None, "x")]})
    words = ["advise", "--history", str(history), "--queries", str(queries)]
    assert main(words) == 0
    told = capsys.readouterr()
    assert json.loads(told.out)["items"] == ["x"]
    assert "h.jsonl has no basket" in told.err
    assert "no law of" not in told.err
    put(history, {"customer": "a", "baskets": [basket(None, "y")]})
    assert main([*words, "--country", "XX"]) == 0
    told = capsys.readouterr()
    assert sorted(json.loads(told.out)["items"]) == ["x", "y"]
    assert "no law of XX is known here" in told.err
    assert told.err.count("\n") == 1
