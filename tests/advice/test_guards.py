"""Whoever is asked about, whatever the history holds: a sensible answer, from the card's rules and the command."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edge.advice.guards import guard_of
from edge.advice.limits import barred_words
from edge.advice.model import Model
from edge.advice.rules import DAY_MS, Ask, Basket, Item
from edge.advice.suggesting import suggest
from edge.cli import main
from tests.kit.clocks import START_MS

BREAD = Item("bread", "Brood", "eten", durable=False, sensitive=False, stock=4)
SHOP = {
    each.item: each
    for each in (BREAD, *(replace(BREAD, item=name, title=name) for name in ("tea", "jam", "tent", "salt")))
}
ME = b"m" * 16


def model() -> Model:
    """Thirty people who buy everything, tea and jam together."""
    made = Model()
    for number in range(30):
        own = [Basket(START_MS - days * DAY_MS, tuple(SHOP)) for days in (90, 60, 30)]
        made.put(bytes([number]) * 16, own, until_ms=1 << 60)
    return made


def said(ask: Ask, items: Mapping[str, Item] = SHOP) -> list[tuple[str, str]]:
    found = suggest(
        ask,
        model(),
        lambda names: {each: items[each] for each in names if each in items},
        words=barred_words(),
        top=9,
    )
    return [(each.item, each.code) for each in found]


def test_somebody_new_and_somebody_without_consent_get_what_is_popular() -> None:
    for who in (ME, None):
        assert {code for _, code in said(Ask(who, (), START_MS))} == {"popular_here"}


def test_an_empty_catalogue_sells_nothing_and_an_unknown_product_is_no_product() -> None:
    own = (Basket(START_MS - 9 * DAY_MS, ("never heard of", "tea")),) * 3
    assert said(Ask(ME, own, START_MS), {}) == []
    names = {item for item, _ in said(Ask(ME, own, START_MS, in_hand=("nor of this", "jam")))}
    assert names == {"tea", "bread", "tent", "salt"}


@pytest.mark.parametrize(
    ("objection", "item", "more"),
    [
        ("sold_out", {"stock": 0}, {}),
        ("barred", {"sensitive": True}, {}),
        ("barred", {"category": "Dranken / Wijn"}, {}),
        ("barred", {"category": "Drug / Family Planning"}, {}),
        ("owned", {"durable": True}, {"own": (Basket(START_MS - DAY_MS, ("tent",)),)}),
        ("refused", {}, {"refused": frozenset({"tent"})}),
        ("in_hand", {}, {"in_hand": ("tent",)}),
        (None, {"stock": 1, "category": "Lezen / Boeken"}, {}),
        (None, {"durable": True}, {}),
    ],
)
def test_what_may_not_be_suggested_is_kept_back_with_its_cause(
    objection: str | None, item: dict[str, Any], more: dict[str, Any]
) -> None:
    ask = replace(Ask(ME, (), START_MS), **more)
    tent = replace(SHOP["tent"], **item)
    assert guard_of(ask, barred_words()).objection("tent", tent) == objection
    assert ("tent" in {name for name, _ in said(ask, {**SHOP, "tent": tent})}) == (objection is None)


def test_a_product_that_the_shop_does_not_sell_is_unknown() -> None:
    assert guard_of(Ask(ME, (), START_MS), barred_words()).objection("x", None) == "unknown"


def lines(path: Path, *said: object) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in said), encoding="utf-8")
    return path


def basket(day: str | None, *items: str) -> dict[str, object]:
    return {"t": day, "store": "s1", "items": list(items)}


STEADY = [basket(f"2026-0{month}-01", "tea", "jam") for month in (1, 2, 3, 4)]


@pytest.mark.parametrize(
    ("baskets", "codes"),
    [
        (STEADY, {"due_again"}),
        ([*STEADY, basket("2031-01-01", "salt")], {"due_again", "often"}),  # of a day to come
        ([*STEADY, basket("2031-01-01", "tea", "jam")], {"often", "popular_here"}),
        ([basket("0000-00-00", "salt"), *STEADY], {"due_again_visits", "due_again", "often"}),
        ([basket("1970-01-01", "tea", "jam"), *STEADY], {"due_again", "often", "popular_here"}),
        (
            [basket("0001-01-01", "tea"), basket(None, "jam"), basket("9999-12-31", "tea")],
            {"often", "popular_here"},
        ),
        ([basket("2026-04-01", "tea", "jam")] * 5, {"often", "popular_here"}),  # five times on one day
    ],
)
def test_a_wrong_clock_gets_a_true_answer(
    baskets: list[dict[str, object]], codes: set[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    crowd = [
        {"customer": f"c{n}", "baskets": [basket("2026-03-01", "tea", "jam", "salt", "bread")]}
        for n in range(12)
    ]
    query = {"customer": "me", "baskets": baskets, "t": "2026-05-02", "store": "s1"}
    history = lines(tmp_path / "h.jsonl", {"customer": "me", "baskets": baskets}, *crowd)
    words = ["advise", "--history", history, "--queries", lines(tmp_path / "q.jsonl", query), "--k", "4"]
    assert main([*map(str, words)]) == 0
    (answer,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(answer["items"]) == ["bread", "jam", "salt", "tea"]
    by_item = dict(zip(answer["items"], answer["reasons"], strict=True))
    assert {by_item["tea"]["code"], by_item["jam"]["code"]} <= codes
    assert by_item["bread"]["code"] == "popular_here"
    for each in answer["reasons"]:
        assert each["evidence"].get("last_days_ago", 0) >= 0
        assert each["evidence"].get("times", 1) <= len(baskets)


def test_an_empty_catalogue_an_unknown_product_and_nobodys_history_are_answered(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    history = lines(tmp_path / "h.jsonl", {"customer": "a", "baskets": [basket(None, "tea", "jam")]})
    queries = lines(
        tmp_path / "q.jsonl",
        {"customer": "new", "baskets": [], "basket": ["never heard of"]},
        {"customer": "other", "baskets": [basket(None, "never heard of")]},
    )
    words = ["--queries", str(queries), "--k", "2", "--catalogue", str(lines(tmp_path / "c.jsonl"))]
    assert main(["advise", "--history", str(history), *words]) == 0
    one, other = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted(one["items"]) == ["jam", "tea"]
    assert len(other["items"]) == 2
    assert main(["advise", "--history", str(lines(tmp_path / "none.jsonl")), *words]) == 0
    nothing, known = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (nothing["items"], known["items"]) == ([], ["never heard of"])
