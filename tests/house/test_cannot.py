"""What Welkom cannot do, shown; and that each promise of that paper names tests that there are."""

import ast
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from importlib.resources import files
from pathlib import Path

import pytest

from edge.consent.rules import TRAITS
from edge.kit.migrate import load, migrate
from edge.papers.cannot import PROMISES, Promise
from edge.papers.council import OF_STAFF
from tests.house.repo import PACKAGES, ROOT, name, texts
from tests.house.repo import files as repo_files
from tests.house.test_ids import is_a_test
from tests.tables.floor import open_floor

# What a shop would call the worth of somebody, as a word or a part of one.
WORTH = re.compile(r"score|worth|rank|tier|revenue|turnover|lifetime|spend|income|ltv|rfm|\bvalue_class")


def modules(holding: str) -> Iterator[tuple[str, ast.Module]]:
    """Each module of the program with this text in it, parsed."""
    for path in repo_files():
        if path.suffix == ".py" and name(path).split("/")[0] in PACKAGES:
            text = path.read_text(encoding="utf-8")
            if holding in text:
                yield name(path), ast.parse(text)


@cache
def statements() -> tuple[tuple[str, str], ...]:
    """Every text of the program that is SQL, and where it stands; parts of f-strings one by one."""
    return tuple(_statements())


def _statements() -> Iterator[tuple[str, str]]:
    for where, tree in modules("SELECT"):
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and "SELECT" in node.value:
                yield where, " ".join(node.value.split())


@pytest.mark.parametrize("promise", PROMISES, ids=lambda each: each.what)
def test_every_promise_names_tests_that_there_are(promise: Promise) -> None:
    assert promise.tests
    assert [each for each in promise.tests if not is_a_test(each)] == []


def test_no_camera_and_no_microphone_is_opened_but_for_codes() -> None:
    ours = {
        name(path): text
        for path, text in texts()
        if path.suffix in {".js", ".html"}
        and "/vendor/" not in name(path)
        and not name(path).startswith("tests/")
    }
    opened = [each for each, text in ours.items() if "getUserMedia" in text or "getDisplayMedia" in text]
    assert opened == ["staff_ui/static/camera.js"]
    (asked,) = re.findall(r"getUserMedia\(\{(.*?)\}\)", ours[opened[0]], re.DOTALL)
    assert "audio: false" in asked
    kept = re.compile(
        r"MediaRecorder|SpeechRecognition|AudioContext|FaceDetector|toDataURL|toBlob|captureStream"
    )
    assert {each: found for each, text in ours.items() if (found := kept.findall(text))} == {}
    for policy in ("staff_ui/security.py", "sync/hub/portal/security.py"):
        assert "microphone=()" in (ROOT / policy).read_text(encoding="utf-8")


@pytest.mark.anyio
async def test_what_is_counted_by_day_is_what_staff_and_customers_did_and_no_passer_by(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(consents={"saving": None})
        for number in range(20):
            await floor.tap(f"29000000{number:05d}", how="near")
        assert sum(floor.counter.counts.values()) == 0
        await floor.tap("2900000099999")  # held to the reader: once more today, and of no card
        assert floor.counter.counts == {"stranger": 1}
        assert floor.one("SELECT count(*) FROM day_count") == 0


def test_no_field_of_a_person_says_what_they_are_worth() -> None:
    assert [each for each in TRAITS if WORTH.search(each)] == []
    for package, folder in (("edge", "schema/journal"), ("edge", "schema/replica"), ("sync.hub", "schema")):
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as conn:
            migrate(conn, load(files(package) / folder), file=folder)
            tables = [row[0] for row in conn.execute("SELECT name FROM sqlite_master WHERE type='table'")]
            columns = {
                table: {row[1] for row in conn.execute(f"PRAGMA table_info({table})")} for table in tables
            }
        of_people = {table: its for table, its in columns.items() if any("customer" in each for each in its)}
        assert len(of_people) > 3
        assert [each for its in of_people.values() for each in its if WORTH.search(each)] == []


def test_a_price_is_the_products_and_knows_no_customer() -> None:
    """Wherever a price is read to be shown, neither the function nor any statement beside it knows of somebody."""
    readers = {}
    for where, tree in modules("price_cents"):
        if where.startswith(("edge/demo", "edge/bench", "edge/simulate", "staff_ui/samples", "sync/hub/hq")):
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                isinstance(part, ast.Attribute) and part.attr == "price_cents" for part in ast.walk(node)
            ):
                readers[f"{where}:{node.name}"] = {
                    part.id for part in ast.walk(node) if isinstance(part, ast.Name)
                } | {each.arg for each in ast.walk(node) if isinstance(each, ast.arg)}
    assert len(readers) >= 2
    about = re.compile(r"customer|visit|person|profile|traits|wallet|ledger")
    assert {each: found for each, its in readers.items() if (found := list(filter(about.search, its)))} == {}
    assert [each for each in statements() if "price" in each[1] and "customer" in each[1]] == []


def test_no_statement_adds_up_what_one_colleague_did() -> None:
    of_staff = re.compile(rf"\b({'|'.join(OF_STAFF)})\b")
    sums = re.compile(r"\b(count|sum|avg|total)\(")
    adding = [
        (where, text)
        for where, text in statements()
        if of_staff.search(text)
        and sums.search(text)
        and text
        != "SELECT count(DISTINCT staff_id) FROM deed WHERE at_ms>=?"  # how many colleagues, and no more
    ]
    assert adding == []
    assert [
        each for each in statements() if re.search(rf"GROUP BY [^)]*\b({'|'.join(OF_STAFF)})\b", each[1])
    ] == []
