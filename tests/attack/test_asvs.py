"""The table of OWASP ASVS 5.0.0 is whole and true: every item of levels 1 and 2, each with tests that there are."""

import csv
import re
from functools import cache
from pathlib import Path

from edge.keys import NAMES
from sync.hub.config import NAMES as HUBS
from tests.house.repo import ROOT
from tests.house.test_ids import is_a_test

HERE = Path(__file__).parent
DOCUMENT = HERE / "ASVS.md"


@cache
def rows() -> dict[str, tuple[str, str, str, str]]:
    """Item -> level, our words, where, shown by."""
    found: dict[str, tuple[str, str, str, str]] = {}
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if re.match(r"\| `\d", line):
            item, level, words, where, shown = (cell.strip() for cell in line.strip("|").split(" | "))
            assert item not in found, item
            found[item.strip("`")] = (level, words, where, shown)
    return found


def test_every_item_of_levels_1_and_2_has_its_row_with_its_level() -> None:
    with (HERE / "data/asvs-5.0.0.csv").open(encoding="utf-8") as file:
        standard = {row["item"]: row["level"] for row in csv.DictReader(file)}
    assert (len(standard), sum(level == "1" for level in standard.values())) == (253, 70)
    assert {item: row[0] for item, row in rows().items()} == standard
    assert list(rows()) == list(standard)


def test_every_row_names_tests_that_there_are_or_says_why_there_is_none() -> None:
    for item, (_, words, where, shown) in rows().items():
        assert words, item
        tests = re.findall(r"`(tests/[^`]+)`", shown)
        if where == "does not apply":
            assert len(shown.split()) > 1, item
        elif where == "**not met**":
            assert re.match(r"because( \S+){5}", shown), item
        else:
            assert tests, item
        assert [each for each in tests if not is_a_test(each)] == [], item


def test_every_file_that_a_row_names_is_there() -> None:
    files = {
        name
        for _, _, where, shown in rows().values()
        for name in re.findall(r"`([a-z_]+/[\w./*-]*)`", f"{where} {shown}")
        if "::" not in name
    }
    assert len(files) > 50
    places = (ROOT, ROOT / "tests")
    assert [each for each in files if not any(list(place.glob(each.rstrip("/"))) for place in places)] == []


def test_what_it_says_of_itself_is_so() -> None:
    said = dict(
        re.findall(
            r"^\| (met, and shown|does not apply|not met) \| (\d+) \|", DOCUMENT.read_text("utf-8"), re.M
        )
    )
    outcomes = [row[2] for row in rows().values()]
    without, unmet = outcomes.count("does not apply"), outcomes.count("**not met**")
    assert {name: int(count) for name, count in said.items()} == {
        "met, and shown": len(outcomes) - without - unmet,
        "does not apply": without,
        "not met": unmet,
    }


def test_every_key_of_the_installation_stands_in_the_inventory() -> None:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Keys and algorithms")[2].partition("\n## ")[0]
    assert {*NAMES, *HUBS} <= set(re.findall(r"^\| `(\w+)`", text, re.MULTILINE))


def test_the_document_says_how_soon_a_hole_is_mended() -> None:
    text = (
        DOCUMENT.read_text(encoding="utf-8")
        .partition("## When a library has a hole")[2]
        .partition("\n## ")[0]
    )
    assert [int(days) for days in re.findall(r"(\d+) days", text)] == [3, 90]
    assert "within 14" in text
