"""The ranking is deterministic, finds what there is to find, and its evidence is what moved it."""

from functools import cache

import numpy as np
import pytest

from edge.advice.ranking.net import Lists, train
from edge.advice.ranking.numbering import Visit, numbered
from edge.advice.ranking.ranker import Ask, Ranker, Without, trained
from edge.bench.exam import Exam, cut_day, exam
from edge.bench.worlds import drugstore, grocer, market

TOP = 10


@cache
def small_market() -> Exam:
    return exam(market(90, products=200), None)


@cache
def ranker() -> Ranker:
    return trained(small_market().known)


def asks(most: int = 60) -> list[tuple[Ask, Visit]]:
    taken = small_market()
    return [
        (Ask(tuple(taken.known[who]), truth.day, truth.store, (), who), truth)
        for who, truth in list(taken.next.items())[:most]
    ]


def recall(answer: list[str], truth: Visit) -> float:
    return len({*answer[:TOP]} & {*truth.items}) / len(truth.items)


def test_the_ranking_finds_more_of_the_next_basket_than_frequency_does() -> None:
    ours, frequent = [], []
    for asked, truth in asks(90):
        ours.append(recall([item for item, _ in ranker().rank(asked, TOP)], truth))
        bought = [item for visit in asked.visits for item in visit.items]
        frequent.append(recall(sorted(set(bought), key=lambda item: (-bought.count(item), item)), truth))
    assert np.mean(ours) > np.mean(frequent)


def test_the_same_history_and_seed_rank_the_same() -> None:
    again = trained(small_market().known)
    assert all(again.rank(asked, TOP) == ranker().rank(asked, TOP) for asked, _ in asks(20))


def test_striking_out_the_purchases_of_a_first_suggestion_lowers_it() -> None:
    lowered = []
    for asked, _ in asks():
        (item, score), *_ = ranker().rank(asked, 1)
        (without,) = ranker().scores(asked, [item], without=Without(items=frozenset({item})))
        lowered.append(without < score)
        assert ranker().scores(asked, [item]) == pytest.approx([score], abs=1e-4)
    assert np.mean(lowered) >= 0.95


def test_what_moved_an_own_favourite_is_mostly_the_own_purchases() -> None:
    asked, _ = asks()[0]
    (item, _), *_ = ranker().rank(asked, 1)
    moved = ranker().moved(asked, item)
    assert max(moved, key=lambda source: moved[source]) == "own"


def test_what_is_in_hand_is_never_suggested() -> None:
    for asked, truth in asks(20):
        in_hand = Ask(asked.visits, asked.day, asked.store, truth.items[:2], asked.customer)
        assert not {item for item, _ in ranker().rank(in_hand, TOP)} & {*truth.items[:2]}


def test_somebody_new_a_product_nobody_knows_and_a_basket_of_tomorrow_get_an_answer() -> None:
    assert len(ranker().rank(Ask(()), TOP)) == TOP
    strange = Ask((Visit(999_999_999, "nowhere", ("never seen", "p1")), Visit(None, None, ())), day=5)
    assert ranker().rank(strange, TOP)
    assert "never seen" in {item for item, _ in ranker().rank(strange, 500)}


def test_nothing_to_learn_from_is_no_ranking_at_all() -> None:
    assert trained({}).rank(Ask(()), TOP) == []
    assert [item for item, _ in trained({"a": [Visit(None, None, ("x",))]}).rank(Ask(()), TOP)] == ["x"]


def test_a_wrong_clock_moves_one_basket_and_not_the_shop() -> None:
    known = grocer(30, weeks=20, products=100)
    cut = cut_day(known)
    known["g0"][3] = Visit(1, "s1", ("p1",))
    known["g1"][3] = Visit(3_000_000, "s1", ("p1",))
    days = numbered(known.items()).log.day
    assert cut is not None
    assert days.max() < cut + 400
    assert (days < cut - 400).sum() <= 4


def test_the_worlds_differ_in_how_much_of_a_basket_is_bought_again() -> None:
    def again(taken: Exam) -> float:
        shares = []
        for who, truth in taken.next.items():
            own = {item for visit in taken.known[who] for item in visit.items}
            shares.append(len(own & {*truth.items}) / len(truth.items))
        return float(np.mean(shares))

    regulars = grocer(60, weeks=30, products=300)
    passers = drugstore(300, products=600)
    assert again(exam(regulars, cut_day(regulars))) > 0.6
    assert 0.05 < again(exam(passers, cut_day(passers))) < 0.35


def test_lists_without_a_row_are_passed_over_wherever_they_stand() -> None:
    values = np.array([[0], [1], [0], [1]], np.float16)
    found = np.array([False, True, False, True])
    starts = np.array([0, 0, 2, 2, 4, 4])
    lists = Lists(starts, np.arange(4), values, 1, found, np.ones(4, np.float32), np.ones(5, np.int64))
    low, high = train(lists, epochs=60, seed=1).score(np.array([[0], [1]], np.float32))
    assert high > low


def test_a_shop_where_nobody_buys_two_things_at_once_is_ranked_too() -> None:
    single = {
        who: [Visit(None, None, visit.items[:1]) for visit in visits]
        for who, visits in market(60, products=40).items()
    }
    assert len(trained(single).rank(Ask(tuple(single["m0"])), TOP)) == TOP
