"""Reasons held against the history: every number counted again, and each item asked again without its evidence.

What the customer's own lines give (bought again, goes with) is struck from the query, asked through `welkom advise`.
What others give (popular, people alike) is struck from the history: the nets stay, all counts are made anew.
"""

import gzip
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.lines import asks, histories
from edge.advice.ranking.crowd import count
from edge.advice.ranking.log import Log
from edge.advice.ranking.numbering import Visit, numbered
from edge.advice.ranking.ranker import Ask, trained_on
from edge.bench.worlds import drugstore, market
from tests.advice.recount import History, like_minded, recounted, struck, without

ROOT: Final = Path(__file__).parents[2]
DATA: Final = ROOT.parent / "shared/data/advice/completejourney.jsonl.gz"
ANSWERS: Final = 2_000
CROWD: Final = 60  # of what others give, so many are asked again: each is a count of the whole history
K: Final = 10
CUT: Final = 0.8
LOWERED, BY_CHANCE = 0.95, 0.2
OWN: Final = ("due_again", "due_again_visits", "often", "goes_with")
Line = Mapping[str, Any]


@dataclass(slots=True)
class Found:
    """`lowered` and `by_chance`: items that fell without their evidence, and without as much of something else."""

    reasons: Counter[str] = field(default_factory=Counter)
    untrue: list[str] = field(default_factory=list)
    asked: Counter[str] = field(default_factory=Counter)
    lowered: Counter[str] = field(default_factory=Counter)
    by_chance: Counter[str] = field(default_factory=Counter)

    @property
    def holds(self) -> bool:
        tried = self.asked.total()
        return (
            not self.untrue
            and self.lowered.total() >= LOWERED * tried > 0
            and self.by_chance.total() <= BY_CHANCE * tried
        )

    def told(self) -> dict[str, Any]:
        return {
            "reasons": dict(self.reasons),
            "untrue": len(self.untrue),
            "first_untrue": self.untrue[:3],
            "asked_again": dict(self.asked),
            "lowered": {code: round(self.lowered[code] / n, 4) for code, n in self.asked.items()},
            "by_chance": {code: round(self.by_chance[code] / n, 4) for code, n in self.asked.items()},
            "lowered_of_all": round(self.lowered.total() / max(self.asked.total(), 1), 4),
            "by_chance_of_all": round(self.by_chance.total() / max(self.asked.total(), 1), 4),
        }


def cut(lines: Sequence[Line]) -> tuple[list[Line], list[Line]]:
    """What was known at 80% of all baskets (before everybody's last where not all are dated), and what to ask."""
    days = sorted(each["t"] or "" for line in lines for each in line["baskets"])
    day = days[int(len(days) * CUT)] if days[0] else ""
    known, questions = [], []
    for line in lines:
        before = [each for each in line["baskets"] if each["t"] < day] if day else line["baskets"][:-1]
        left = line["baskets"][len(before) :]
        if before:
            known.append({**line, "baskets": before})
        if left and len(before) > 1:
            next_ = left[0]
            hand = sorted(next_["items"])[: len(next_["items"]) // 2]
            question = {
                "customer": line["customer"],
                "baskets": before,
                "t": next_["t"],
                "store": next_.get("store"),
            }
            questions += [question, {**question, "basket": hand}] if hand else [question]
    return known, questions


def measured(lines: Sequence[Line], *, answers: int, crowd: int, seed: int = 1) -> Found:
    """Asks as many questions drawn from a history, and of each answer one item again without its evidence."""
    dice = random.Random(seed)
    known, questions = cut(lines)
    queries = dice.sample(questions, min(answers, len(questions)))
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as folder:
        history = _put(Path(folder) / "history.jsonl", known)
        said = _advise(history, _put(Path(folder) / "queries.jsonl", queries))
        found, told = Found(), History(known)
        chosen = []
        for query, answer in zip(queries, said, strict=True):
            for item, reason in zip(answer["items"], answer["reasons"], strict=True):
                found.reasons[reason["code"]] += 1
                if wrong := recounted(told, query, item, reason):
                    found.untrue.append(wrong)
            place = dice.randrange(len(answer["items"]))
            chosen.append((query, place, answer["items"][place], answer["reasons"][place]))
        own = [each for each in chosen if each[3]["code"] in OWN]
        again = [
            line
            for each in own
            for line in (struck(each[0], each[2], each[3]), chance(each[0], each[2], each[3], dice))
        ]
        answered = _advise(history, _put(Path(folder) / "again.jsonl", again), k=K + 1)
        for at, (query, place, item, reason) in enumerate(own):
            found.asked[reason["code"]] += 1
            for into, line in ((found.lowered, 2 * at), (found.by_chance, 2 * at + 1)):
                into[reason["code"]] += fell(item, place, answered[line]["items"], query, again[line])
        others = [each for each in chosen if each[3]["code"] not in OWN]
        if others:
            _crowd(found, told, history, dice.sample(others, min(crowd, len(others))), dice)
    return found


def fell(item: str, place: int, items: Sequence[str], query: Line, again: Line) -> bool:
    """Whether it comes later or no more; what is no longer in hand may be named now, and does not count."""
    laid_back = {*(query.get("basket") or [])} - {*(again.get("basket") or [])}
    left = [each for each in items if each not in laid_back]
    return item not in left or left.index(item) > place


def chance(query: Line, item: str, reason: Line, dice: random.Random) -> Line:
    """The query without as much of something else."""
    last = len(query["baskets"]) - 1
    if reason["code"] == "goes_with":
        other = reason["evidence"]["item"]
        hand = query.get("basket") or []
        pool = [
            each
            for each in (hand if other in hand else query["baskets"][-1]["items"])
            if each not in (other, item)
        ]
        gone = dice.choice(pool) if pool else ""
        return without(query, [(last, gone)], hand={gone})
    purchases = [(at, each) for at, basket in enumerate(query["baskets"]) for each in basket["items"]]
    others = [each for each in purchases if each[1] != item]
    return without(query, dice.sample(others, min(len(purchases) - len(others), len(others))))


def _crowd(
    found: Found,
    told: History,
    history: Path,
    chosen: Sequence[tuple[Line, int, str, Line]],
    dice: random.Random,
) -> None:
    held = numbered((each.customer, each.visits) for each in histories(history))
    ranker = trained_on(held)
    log = held.log
    owner = np.repeat(np.arange(log.baskets), log.sizes)
    people = {number: who for who, number in held.customers.items()}
    for query, _, item, reason in chosen:
        ask = _ask(query)
        before = [name for name, _ in ranker.rank(ask, K)]
        if item not in before:
            continue  # it was said of what the list was filled up with
        of_item = log.items == held.number[item]
        if reason["code"] == "popular_here":
            store = reason["evidence"]["store"]
            at = of_item if store == "all" else of_item & (log.store[owner] == held.stores[store])
        else:
            near = like_minded(told, query, item)
            alike = np.array([people[number] in near for number in range(log.customers)])
            at = of_item & alike[log.customer[owner]]
        rest = np.flatnonzero(~of_item)
        chance = np.zeros(len(at), bool)
        chance[dice.sample(rest.tolist(), min(int(at.sum()), len(rest)))] = True
        found.asked[reason["code"]] += 1
        for gone, into in ((at, found.lowered), (chance, found.by_chance)):
            other = replace(ranker, crowd=count(_less(log, gone), held.kinds, now=ranker.last_day))
            names = [name for name, _ in other.rank(ask, K)]
            into[reason["code"]] += fell(item, before.index(item), names, query, query)


def _less(log: Log, gone: NDArray[np.bool_]) -> Log:
    """The log without some of its purchases; every basket stays."""
    owner = np.repeat(np.arange(log.baskets), log.sizes)
    left = np.bincount(owner[~gone], minlength=log.baskets)
    return replace(log, items=log.items[~gone], ptr=np.r_[0, np.cumsum(left)].astype(np.int64))


def _ask(query: Line) -> Ask:
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as file:
        file.write(json.dumps(query) + "\n")
        file.flush()
        (asked,) = asks(Path(file.name))
    return asked


def _put(path: Path, lines: Sequence[Line]) -> Path:
    path.write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
    return path


def _advise(history: Path, queries: Path, *, k: int = K) -> list[Line]:
    done = subprocess.run(
        [str(Path(sys.executable).parent / "welkom"), "advise", "--history", str(history), "--queries", str(queries),
         "--k", str(k)],
        capture_output=True, text=True, check=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    return [json.loads(line) for line in done.stdout.splitlines()]


def lines_of(world: Mapping[str, Sequence[Visit]]) -> list[Line]:
    """An invented history as lines."""
    return [
        {
            "customer": who,
            "baskets": [
                {
                    "t": date.fromordinal(each.day).isoformat() if each.day is not None else None,
                    "store": each.store,
                    "items": list(each.items),
                }
                for each in visits
            ],
        }
        for who, visits in world.items()
    ]


def true() -> tuple[bool, dict[str, Any]]:
    """Invented shops, dated and order-only, and Complete Journey where it lies beside the project."""
    shops = {"drugstore": lines_of(drugstore()), "market": lines_of(market())}
    if DATA.is_file():
        with gzip.open(DATA, "rt", encoding="utf-8") as packed:
            shops["complete_journey"] = [json.loads(line) for line in packed]
    found = {name: measured(lines, answers=ANSWERS, crowd=CROWD) for name, lines in shops.items()}
    told = {name: each.told() for name, each in found.items()}
    if "complete_journey" not in found:
        return False, {"failed": "cannot: no Complete Journey beside the project", **told}
    return all(each.holds for each in found.values()), told
