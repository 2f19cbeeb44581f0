"""The worker's ranking: learnt beside the answers, without what is barred, and without whoever said no since."""

import pickle
import threading
import time
from collections.abc import Iterator
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
        name.encode().ljust(16, b"\xa5"): tuple(
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
    finished(learning)
    assert learning.learnt
    return learning


def finished(learning: Learning) -> None:
    ended_s = time.monotonic() + PATIENT_S
    while learning.busy and time.monotonic() < ended_s:
        time.sleep(0.01)
    assert not learning.busy
    assert not learning.failed


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
    assert who.hex() not in ranker.customers
    assert not ranker.crowd.anchors.vectors[[row]].toarray().any()
    assert not ranker.crowd.anchors.unit[:, [row]].toarray().any()
    assert names(learning, None, own)


def test_the_learning_waits_while_somebody_is_answered() -> None:
    read = threading.Event()

    def own() -> tuple[Basket, ...]:
        read.set()
        return (Basket(20_000 * DAY_MS, ("p1", "p2")),)

    learning = Learning()
    with learning.answering:
        learning.begin([(b"a" * 16, own)], lambda: Shop({}, frozenset()))
        assert not read.wait(0.1)
        assert learning.busy
    assert read.wait(PATIENT_S)
    finished(learning)


class Overtaken(set[bytes]):
    """Whom a ranking is not to know, to which another comes while it is being read for the last time."""

    def __init__(self, learning: Learning, late: bytes) -> None:
        super().__init__()
        self._late = threading.Thread(target=learning.forget, args=(late,))

    def __iter__(self) -> Iterator[bytes]:
        yield from tuple(super().__iter__())
        self._late.start()
        self._late.join(0.2)  # it gets so far where nothing holds it up

    def end(self) -> None:
        self._late.join(PATIENT_S)


def test_whoever_is_forgotten_while_a_ranking_is_learnt_is_in_no_ranking_after_it() -> None:
    during, late = list(people())[:2]
    learning = Learning()
    reading, released = threading.Event(), threading.Event()

    def look() -> Shop:
        reading.set()
        assert released.wait(PATIENT_S)
        return Shop({}, frozenset())

    model = Model()
    for who, own in people().items():
        model.put(who, own, until_ms=1 << 60)
    learning.begin(model.known(), look)
    assert reading.wait(PATIENT_S)
    overtaken = learning._gone = Overtaken(learning, late)
    learning.forget(during)
    released.set()
    finished(learning)
    overtaken.end()
    assert learning.ranker is not None
    assert learning.ranker.customers.keys() == {each.hex() for each in people()} - {during.hex(), late.hex()}
    held = pickle.dumps(learning.ranker)
    for who in (during, late):
        assert who.hex().encode() not in held
        number = list(people()).index(who)
        assert number not in learning.ranker.crowd.anchors.customer


def test_before_anything_is_learnt_nothing_is_ranked() -> None:
    assert Learning().ranked(None, (), [], now_ms=0) is None


def test_what_is_barred_is_not_read() -> None:
    assert [each.items for each in visits([Basket(None, ("x", "y"))], but=frozenset({"x"}))] == [("y",)]
