"""What is bought together, for the range: counted again here, of enough people alone, and of nobody by name."""

import csv
import io
import os
from collections import defaultdict
from contextlib import closing
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from sqlite3 import Connection

import pytest

from edge.advice.model import Model
from edge.advice.pairs import COLUMNS, pairs
from edge.advice.rules import DAY_MS, Basket, Item
from edge.cli import main
from edge.config import credentials_folder, load
from edge.files import prepare
from edge.keys import read_keys
from edge.kit.clock import SystemClock
from edge.kit.log import said_to_nobody
from edge.kit.sqlite_open import open_both
from tests.advice.shop import put_history, put_items
from tests.rules.advice_shop import catalogue, histories

ITEMS = (
    Item("tent", "Tent", "tenten", True, False, 3),
    Item("sheet", "Grondzeil", "tenten", True, False, 3),
    Item("beer", "Bier krat 24", "dranken", False, False, 3),
    Item("test", "Zelftest", "gezondheid", False, True, 3),
)


def test_every_pair_of_enough_people_is_there_and_its_counts_are_those_of_the_baskets() -> None:
    people = histories(150, catalogue(24, seed=5), seed=6)
    model = Model()
    times: dict[tuple[str, str], int] = defaultdict(int)
    who_has: dict[tuple[str, str], set[bytes]] = defaultdict(set)
    single: dict[str, int] = defaultdict(int)
    for who, own in people.items():
        model.put(who, own, until_ms=1 << 60)
        for basket in own:
            for item in basket.items:
                single[item] += 1
            for pair in combinations(sorted(basket.items), 2):
                times[pair] += 1
                who_has[pair].add(who)
    told = {pair for pair in times if times[pair] >= 20 and len(who_has[pair]) >= 10}
    found = pairs(model)
    assert {(each.item, each.other) for each in found} == told
    assert len(told) > 5
    assert len(told) < len(times)
    whole = sum(len(own) for own in people.values()) // 5 * 5
    for each in found:
        pair = each.item, each.other
        assert (each.together, each.customers) == (times[pair] // 5 * 5, len(who_has[pair]) // 5 * 5)
        assert (each.item_baskets, each.other_baskets) == tuple(single[item] // 5 * 5 for item in pair)
        assert each.all_baskets == whole
        assert each.lift_percent == round(
            100 * each.together * whole / (each.item_baskets * each.other_baskets)
        )
    assert [each.together for each in found] == sorted((each.together for each in found), reverse=True)


def put(conn: Connection, *, kek: bytes, recipient: str, now_ms: int) -> list[bytes]:
    """Twelve who bought two tents with ground sheets weeks ago, and all else that must not count."""
    put_items(conn, ITEMS)
    people = [os.urandom(16) for _ in range(40)]
    lines = {"tent", "sheet", "beer", "test", "gone"}
    for number, who in enumerate(people):
        weeks_ago = now_ms - (20 + number % 5) * DAY_MS
        if number < 12:
            own, purposes = [weeks_ago - DAY_MS, weeks_ago], ("recognition", "profiling")
        elif number < 26:  # this week, and two years ago: not yet, and no more
            own, purposes = [now_ms - 700 * DAY_MS, now_ms], ("recognition", "profiling")
        else:  # who did not agree to it
            own, purposes = [weeks_ago], ("recognition", "saving")
        baskets = [Basket(at_ms, tuple(sorted(lines))) for at_ms in own]
        put_history(conn, who, baskets, kek=kek, recipient=recipient, purposes=purposes)
    return people


def test_the_file_of_a_shop_has_whole_weeks_of_who_agreed_and_nothing_that_may_not_be_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toml, out = tmp_path / "welkom.toml", tmp_path / "pairs.csv"
    assert main(["init", "--config", str(toml), "--shop", "assen", "--hub", ""]) == 0
    config = load(toml)
    files = prepare(config.store.state, log=said_to_nobody)
    with closing(open_both(files.journal, attach={"replica": files.replica})) as conn:
        kek, now_ms = read_keys(credentials_folder(config)).kek, SystemClock().wall_ms()
        people = put(conn, kek=kek, recipient=config.shop.recipient, now_ms=now_ms)
    capsys.readouterr()
    assert main(["advise", "--pairs", "--config", str(toml), "--out", str(out)]) == 0
    said, text = capsys.readouterr(), out.read_text()
    assert said.out == ""
    assert said.err.startswith("1 pair of ")
    (line,) = csv.DictReader(io.StringIO(text))
    assert list(line) == list(COLUMNS)
    counts = {"together": "20", "customers": "10", "item_baskets": "20", "other_baskets": "20"}
    assert line.items() >= {"item": "sheet", "other": "tent", "lift_percent": "100", **counts}.items()
    first, last = date.fromisoformat(line["first_day"]), date.fromisoformat(line["last_day"])
    assert (first.weekday(), last.weekday(), (last - first).days) == (0, 6, 52 * 7 - 1)
    assert last < date.today() - timedelta(days=1)
    assert not any(who.hex() in text for who in people)
    assert main(["advise", "--pairs", "--config", str(toml)]) == 0
    assert capsys.readouterr().out.splitlines() == text.splitlines()


@pytest.mark.parametrize(
    "words", [("--pairs",), ("--out", "x.csv"), ("--pairs", "--report", "--config", "x")]
)
def test_pairs_want_a_shop_and_nothing_else(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["advise", *words]) == 2
    assert "W01" in capsys.readouterr().err
