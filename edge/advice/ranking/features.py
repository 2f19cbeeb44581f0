"""One matrix for every question: what may be suggested, and all that is known of each. Pure.

Columns come in five sources of evidence (`SOURCES`), so that a reason can be held against the score it earned.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking import sparse
from edge.advice.ranking.crowd import Crowd
from edge.advice.ranking.habits import (
    COLUMNS,
    KIND_COLUMNS,
    Habits,
    Questions,
    crowd_kinds,
    habits,
    ln1,
    visits_ago,
)
from edge.advice.ranking.log import Floats, Ints
from edge.advice.ranking.neighbours import vectors

Source = Literal["own", "customer", "shop", "neighbours", "beside", "hand"]
# Of each source of candidates that the customer never bought.
MOST_NEW: Final = 40
MOST_OWN: Final = 400
HISTORY_DECAY: Final = 0.8
BASKET_BELIEF: Final = 2.0

SOURCES: Final[dict[Source, tuple[str, ...]]] = {
    "own": ("owned", *COLUMNS, *KIND_COLUMNS),
    "customer": (
        "visits",
        "basket_mean",
        "basket_last",
        "basket_here",
        "basket_weekday",
        "here_share",
        "days_away",
        "days_usual",
        "away_due",
    ),
    "shop": (
        "popular",
        "buyers",
        "again",
        "times_each",
        "item_gap",
        "item_spread",
        "week",
        "month",
        "store_lift",
    ),
    "neighbours": ("alike",),
    "beside": ("beside_last", "beside_history"),
    "hand": ("beside_hand", "hand_kind", "hand_size"),
}
NAMES: Final = tuple(name for names in SOURCES.values() for name in names)
WITHOUT_HAND: Final = len(NAMES) - len(SOURCES["hand"])


@dataclass(frozen=True, slots=True)
class Table:
    """Rows in order of question and product. `by_hand`: there only for what is in hand."""

    question: NDArray[np.int64]
    item: NDArray[np.int64]
    values: Floats
    by_hand: NDArray[np.bool_]


def table(asked: Questions, crowd: Crowd) -> Table:
    """Every candidate of every question with its columns, in the order of NAMES."""
    known = habits(asked, crowd)
    question, item, by_hand, scores = _candidates(asked, crowd, known)
    columns = (
        _owned(known, question, item, crowd)
        | _customers(asked, question)
        | _shop(asked, crowd, question, item)
    )
    columns |= scores | _hand(asked, crowd, question, item)
    values = np.empty((len(question), len(NAMES)), np.float32)
    for place, name in enumerate(NAMES):
        values[:, place] = columns[name]
    return Table(question, item, values, by_hand)


def _owned(
    known: Habits, question: NDArray[np.int64], item: NDArray[np.int64], crowd: Crowd
) -> dict[str, Floats]:
    products, kinds = crowd.products, crowd_kinds(crowd)
    own, there = _found(known.question * products + known.item, question * products + item)
    found = {"owned": there.astype(np.float32)}
    for name, column in known.columns.items():
        found[name] = _taken(column, own, there)
    kind, there = _found(known.kind_key, question * kinds + crowd.kinds[item])
    for name, column in known.kind_columns.items():
        found[name] = _taken(column, kind, there)
    return found


def _found(keys: NDArray[np.int64], asked: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where each asked key stands in sorted `keys`, and whether it does."""
    if not len(keys):
        return np.zeros(len(asked), np.int64), np.zeros(len(asked), bool)
    place = np.minimum(np.searchsorted(keys, asked), len(keys) - 1)
    return place, keys[place] == asked


def _taken(column: NDArray[np.floating], place: NDArray[np.int64], there: NDArray[np.bool_]) -> Floats:
    if not len(column):
        return np.zeros(len(place), np.float32)
    return np.where(there, column[place], 0).astype(np.float32)


def _customers(asked: Questions, question: NDArray[np.int64]) -> dict[str, Floats]:
    own, count = asked.own, len(asked)
    starts = own.starts()
    visits = np.diff(starts)
    some = visits > 0
    log_size = np.log(np.maximum(own.sizes, 1))
    mean = np.bincount(own.customer, weights=log_size, minlength=count) / np.maximum(visits, 1)
    last = np.where(some, starts[1:] - 1, 0)
    first = np.where(some, starts[:-1], 0)
    if own.baskets:
        away = np.where(some, asked.now - own.day[last], 0)
        usual = np.where(some, (own.day[last] - own.day[first] + 7) / np.maximum(visits, 1), 7)
        size = np.where(some, log_size[last], 0)
    else:
        away, usual, size = np.zeros(count), np.full(count, 7.0), np.zeros(count)
    away = np.maximum(away, 0)
    here = (own.store == asked.store[own.customer]) & (own.store >= 0)
    weekday = ((asked.now[own.customer] - own.day) % 7 == 0) & own.dated
    columns = {
        "visits": ln1(visits),
        "basket_mean": mean,
        "basket_last": size,
        "basket_here": _mean_of(log_size, here, own.customer, mean),
        "basket_weekday": _mean_of(log_size, weekday, own.customer, mean),
        "here_share": np.bincount(own.customer[here], minlength=count) / np.maximum(visits, 1),
        "days_away": ln1(away),
        "days_usual": ln1(usual),
        "away_due": np.clip(np.log((away + 1) / (usual + 1)), -4, 4),
    }
    return {name: column[question].astype(np.float32) for name, column in columns.items()}


def _mean_of(value: NDArray[Any], some: NDArray[np.bool_], who: Ints, mean: NDArray[Any]) -> NDArray[Any]:
    """By customer the mean over some of their baskets, pulled to that over all by BASKET_BELIEF baskets."""
    times = np.bincount(who[some], minlength=len(mean))
    total = np.bincount(who[some], weights=value[some], minlength=len(mean))
    return (total + BASKET_BELIEF * mean) / (times + BASKET_BELIEF)


def _shop(
    asked: Questions, crowd: Crowd, question: NDArray[np.int64], item: NDArray[np.int64]
) -> dict[str, Floats]:
    columns = {
        "popular": np.log(crowd.share[item] + 1e-5),
        "buyers": ln1(crowd.buyers[item]),
        "again": crowd.again[item],
        "times_each": np.log(np.maximum(crowd.times[item], 1)),
        "item_gap": crowd.gap[item],
        "item_spread": crowd.gap_spread[item],
        "week": crowd.lately[0][item],
        "month": crowd.lately[1][item],
        "store_lift": crowd.store_lift(asked.store[question], item),
    }
    return {name: np.asarray(column, np.float32) for name, column in columns.items()}


def _hand(
    asked: Questions, crowd: Crowd, question: NDArray[np.int64], item: NDArray[np.int64]
) -> dict[str, Floats]:
    if not asked.hand:
        return {name: np.zeros(len(question), np.float32) for name in ("hand_kind", "hand_size")}
    sizes = np.array([len(each) for each in asked.hand])
    kinds = crowd_kinds(crowd)
    of = np.repeat(np.arange(len(sizes)), sizes)
    keys, times = np.unique(
        of * kinds + crowd.kinds[np.concatenate(asked.hand).astype(np.int64)], return_counts=True
    )
    place, there = _found(keys, question * kinds + crowd.kinds[item])
    return {
        "hand_kind": _taken(ln1(times), place, there),
        "hand_size": ln1(sizes)[question].astype(np.float32),
    }


def _candidates(
    asked: Questions, crowd: Crowd, known: Habits
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], dict[str, Floats]]:
    """(question, item), whether only the hand speaks for it, and the columns that are read from dense rows."""
    begins = np.searchsorted(known.question, np.arange(len(asked) + 1))
    also = np.array(asked.also, np.int64)
    questions, items, hands = [], [], []
    columns: dict[str, list[Floats]] = {
        name: [] for name in ("alike", "beside_last", "beside_history", "beside_hand")
    }
    for start, dense in _dense(asked, crowd):
        for row in range(len(dense["alike"])):
            each = start + row
            own = known.item[begins[each] : begins[each + 1]]
            if len(own) > MOST_OWN:
                late = known.columns["visits_95"][begins[each] : begins[each + 1]]
                own = np.sort(own[np.argpartition(-late, MOST_OWN)[:MOST_OWN]])
            fresh = [
                crowd.popular,
                also,
                *(sparse.best(dense[name][row], MOST_NEW) for name in ("alike", "beside_history")),
            ]
            plain = np.union1d(own, np.concatenate(fresh))
            whole = (
                np.union1d(plain, sparse.best(dense["beside_hand"][row], MOST_NEW)) if asked.hand else plain
            )
            questions.append(np.full(len(whole), each, np.int64))
            items.append(whole)
            hands.append(
                ~np.isin(whole, plain, assume_unique=True) if asked.hand else np.zeros(len(whole), bool)
            )
            for name, parts in columns.items():
                parts.append(dense[name][row, whole] if name in dense else np.zeros(len(whole), np.float32))
    scores = {name: np.concatenate(parts) for name, parts in columns.items()}
    scores["alike"] = np.log(scores["alike"] + 1e-4)
    for name in ("beside_last", "beside_history", "beside_hand"):
        scores[name] = np.log(scores[name] + 1e-3)
    return np.concatenate(questions), np.concatenate(items).astype(np.int64), np.concatenate(hands), scores


def _dense(asked: Questions, crowd: Crowd) -> Iterator[tuple[int, dict[str, Floats]]]:
    """Blocks of questions with their scores of every product."""
    own, sizes, products = asked.own, asked.own.sizes, crowd.products
    near = crowd.anchors.near(vectors(own), asked.customer)
    ago = visits_ago(own)
    who = np.repeat(own.customer, sizes)
    weight = np.repeat(HISTORY_DECAY**ago, sizes)
    total = np.bincount(who, weights=weight, minlength=len(asked))
    late = np.repeat(ago == 0, sizes)
    size = np.bincount(who[late], minlength=len(asked))
    baskets = [
        (who, own.items, weight / np.maximum(total, 1e-9)[who]),
        (who[late], own.items[late], 1 / np.maximum(size, 1)[who[late]]),
    ]
    if asked.hand:
        counts = np.array([len(each) for each in asked.hand])
        row = np.repeat(np.arange(len(counts)), counts)
        baskets.append((row, np.concatenate(asked.hand), 1 / np.maximum(counts, 1)[row]))
    # One matrix of all, a question's rows together: a product of matrices costs more to begin than to do.
    kinds, (rows, items, weights) = len(baskets), zip(*baskets, strict=True)
    row = np.concatenate([each * kinds + place for place, each in enumerate(rows)])
    inside = sparse.some(
        row, np.concatenate(items), np.concatenate(weights), shape=(len(asked) * kinds, products)
    )
    block = max(1, sparse.CELLS // products)
    for start in range(0, len(asked), block):
        end = min(start + block, len(asked))
        alike = sparse.product(sparse.rows(near, start, end), crowd.anchors.vectors)
        beside = sparse.product(sparse.rows(inside, start * kinds, end * kinds), crowd.beside)
        named = zip(("beside_history", "beside_last", "beside_hand"), range(kinds), strict=False)
        yield start, {"alike": alike} | {name: beside[place::kinds] for name, place in named}
