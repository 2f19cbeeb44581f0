"""Every reason is counted again by code that shares nothing with the project, and names what moved its item."""

import json
import random
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

from edge.advice.answering import Answering
from edge.advice.lines import asks, histories
from edge.bench.worlds import drugstore
from tests.advice.recount import History, Line, recounted, struck
from tests.bench.reasons import chance, cut, fell, lines_of

K = 10


@cache
def shop() -> tuple[list[Line], list[Line]]:
    """What 260 customers of a drugstore bought, and questions about what comes after."""
    known, questions = cut(lines_of(drugstore(260, products=150)))
    return known, random.Random(4).sample(questions, 30)


class Shop:
    """Learns once from lines on disk, then answers lines."""

    def __init__(self, folder: Path, known: list[Line]) -> None:
        self._folder = folder
        self._answering = Answering(histories(self._put(known)), None, seed=0)

    def _put(self, lines: list[Line]) -> Path:
        path = self._folder / "lines.jsonl"
        path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
        return path

    def answers(self, queries: list[Line], k: int = K) -> list[list[tuple[str, dict[str, Any]]]]:
        return [
            [(each.item, {"code": each.code, "evidence": each.evidence}) for each in found]
            for found in (self._answering.answer(asked, k) for asked in asks(self._put(queries)))
        ]


def test_every_reason_is_true_and_without_its_evidence_the_item_falls(tmp_path: Path) -> None:
    known, queries = shop()
    asked_in, told, dice = Shop(tmp_path, known), History(known), random.Random(1)
    found = asked_in.answers(queries)
    codes = Counter(reason["code"] for answer in found for _, reason in answer)
    assert {"often", "goes_with", "others_like_you", "popular_here"} <= codes.keys()
    assert all(len({item for item, _ in answer}) == K for answer in found)
    again, asked = [], []
    for query, answer in zip(queries, found, strict=True):
        for place, (item, reason) in enumerate(answer):
            assert recounted(told, query, item, reason) == ""
            if reason["code"] not in ("others_like_you", "popular_here") and len(asked) < 50:
                again += [struck(query, item, reason), chance(query, item, reason, dice)]
                asked.append((place, item, query))
    answered = [[item for item, _ in answer] for answer in asked_in.answers(again, K + 1)]
    lowered, by_chance = (
        sum(
            fell(item, place, answered[2 * at + line], query, again[2 * at + line])
            for at, (place, item, query) in enumerate(asked)
        )
        for line in (0, 1)
    )
    assert lowered >= 0.95 * len(asked) > 30
    assert by_chance <= 0.2 * len(asked)


def test_the_recount_finds_a_number_that_is_not_true(tmp_path: Path) -> None:
    known = [{"customer": f"c{n}", "baskets": [{"t": None, "items": ["tea", "cake"]}]} for n in range(30)]
    query = {"customer": "c0", "baskets": known[0]["baskets"], "t": None, "basket": ["tea"]}
    told = History(known)
    pair = {"item": "tea", "together": 30, "baskets": 30, "customers": 30}
    assert recounted(told, query, "cake", {"code": "goes_with", "evidence": pair}) == ""
    popular = {"store": "all", "baskets": 30, "bought": 30}
    assert recounted(told, query, "cake", {"code": "popular_here", "evidence": popular}) == ""
    for name in ("together", "baskets", "customers"):
        wrong = {**pair, name: 29}
        assert recounted(told, query, "cake", {"code": "goes_with", "evidence": wrong})
    for code, evidence in (
        ("often", {"bought": 2, "of": 1}), ("others_like_you", {"customers": 29}), ("trust_me", {}),
        ("popular_here", {**popular, "store": "s1"}), ("due_again_visits", {}),
    ):  # fmt: skip
        assert recounted(told, query, "cake", {"code": code, "evidence": evidence})
