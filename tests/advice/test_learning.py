"""The worker's ranking: learnt beside the answers, without what is barred, and without whoever said no since."""

import time
from functools import cache

import numpy as np

from edge.advice.learning import Learning, Shop, visits
from edge.advice.model import Model
from edge.advice.rules import DAY_MS, Basket
from edge.bench.worlds import market
from tests.patience import PATIENT_S

BARRED = "p3"


@cache
def people() -> dict[bytes, tuple[Basket, ...]]:
    return {
        name.encode(): tuple(
            Basket((20_000 + 7 * (place - len(line))) * DAY_MS, visit.items)
            for place, visit in enumerate(line)
        )
        for name, line in market(70, products=150).items()
    }


def learnt() -> Learning:
    model = Model()
    for who, own in people().items():
        model.put(who, own, until_ms=1 << 60)
    learning = Learning()
    learning.begin(model.known(), lambda: Shop({}, frozenset({BARRED})))
    ended_s = time.monotonic() + PATIENT_S
    while learning.busy and time.monotonic() < ended_s:
        time.sleep(0.01)
    assert not learning.failed
    assert learning.learnt
    return learning


def names(learning: Learning, who: bytes | None, own: tuple[Basket, ...]) -> tuple[str, ...]:
    ranked = learning.ranked(who, own, [], now_ms=20_000 * DAY_MS)
    assert ranked
    return ranked.names


def test_a_ranking_is_learnt_beside_the_answers_and_forgets_whoever_says_no() -> None:
    learning = learnt()
    who, own = max(people().items(), key=lambda each: len(each[1]))
    assert len({*names(learning, who, own)} & {item for basket in own for item in basket.items}) > 5
    assert all(BARRED not in names(learning, each, baskets) for each, baskets in people().items())
    ranker = learning.ranker
    assert ranker is not None
    number = ranker.customers[who.hex()]
    (row,) = np.flatnonzero(ranker.crowd.anchors.customer == number)
    learning.forget(who)
    assert not ranker.crowd.anchors.vectors[[row]].toarray().any()
    assert not ranker.crowd.anchors.unit[:, [row]].toarray().any()
    assert names(learning, None, own)


def test_before_anything_is_learnt_nothing_is_ranked() -> None:
    assert Learning().ranked(None, (), [], now_ms=0) is None


def test_what_is_barred_is_not_read() -> None:
    assert [each.items for each in visits([Basket(None, ("x", "y"))], but=frozenset({"x"}))] == [("y",)]
