"""Histories that are like no other: very short, of one product, of one customer, of nobody: a sensible answer."""

import numpy as np
import pytest

from edge.advice.ranking.numbering import Visit
from edge.advice.ranking.ranker import Ask, trained
from edge.bench.advise import Sheet, measure
from edge.bench.exam import exam, marked, paired_t
from edge.bench.peers import PEERS
from edge.kit.errors import WelkomError

TIFU = next(each for each in PEERS if each.name == "tifu_knn")
Histories = dict[str, list[Visit]]


def drawn(
    customers: int,
    baskets: int,
    size: int,
    products: int,
    *,
    dated: bool = False,
    own: int = 0,
    seed: int = 1,
) -> Histories:
    """Baskets by popularity alone, but for `own` products of each customer that are in every basket."""
    dice = np.random.default_rng(seed)
    popular = 1 / np.arange(2, products + 2) ** 0.8
    found: Histories = {}
    for number in range(customers):
        mine, line = dice.choice(products, own, replace=False), []
        for place in range(baskets):
            taken = dice.choice(products, size, replace=False, p=popular / popular.sum())
            items = tuple(dict.fromkeys(f"p{each}" for each in (*mine, *taken)))
            line.append(Visit(700_000 + 9 * place + number % 9 if dated else None, None, items))
        found[f"c{number}"] = line
    return found


def recall(known: Histories) -> tuple[float, float]:
    """Of ours, and of the best setting of the nearest peer."""
    taken = exam(known, None)
    ranker = trained(taken.known)
    truths = [visit.items for visit in taken.next.values()]
    owned = [{item for visit in taken.known[who] for item in visit.items} for who in taken.next]
    asks = [Ask(tuple(taken.known[who]), None, None, (), who) for who in taken.next]
    ours = marked(([item for item, _ in ranker.rank(each, 10)] for each in asks), truths, owned)
    sheet = Sheet(taken)
    theirs = (marked(sheet.answers(TIFU, each), truths, owned).recall.mean() for each in TIFU.grid[::4])
    return float(ours.recall.mean()), float(max(theirs))


def test_three_baskets_each_by_fashion_alone_are_enough_to_learn_from() -> None:
    ours, theirs = recall(drawn(250, 3, 5, 400))
    assert ours >= 1.05 * theirs


def test_where_there_is_too_little_for_nets_the_rule_is_chosen_by_what_came_next() -> None:
    habits = trained(drawn(15, 9, 2, 200, own=6)).mixed
    assert habits.plain == ()
    fashion = trained(drawn(15, 9, 4, 200)).mixed
    assert fashion.plain == ()
    assert fashion.plain_mix.rule.popular + fashion.plain_mix.rule.alike > habits.plain_mix.rule.popular


@pytest.mark.parametrize("dated", [False, True])
@pytest.mark.parametrize(
    "shape", [(0, 0, 1, 9), (9, 0, 1, 9), (9, 1, 3, 9), (1, 9, 3, 40), (40, 5, 1, 1), (9, 3, 60, 60)]
)
def test_every_shape_has_an_answer(shape: tuple[int, int, int, int], dated: bool) -> None:
    known = drawn(*shape, dated=dated)
    ranker = trained(known)
    there = {item for line in known.values() for visit in line for item in visit.items}
    for asked in (
        Ask(()),
        Ask((), None, "nowhere", ("p0", "unheard of"), "c0"),
        Ask((Visit(None, None, ("p0", "unheard of")),), None, None, ("p1",), "c1"),
        Ask(tuple(known.get("c0", ())), 1, None, (), "c0"),
    ):
        answer = [item for item, _ in ranker.rank(asked, 10)]
        assert len(set(answer)) == len(answer)
        assert not set(answer) & set(asked.hand)
        assert len(answer) >= min(10, len(there - set(asked.hand)))


def test_a_history_in_which_nothing_can_be_asked_is_said_to_be_one() -> None:
    with pytest.raises(WelkomError) as raised:
        measure(drawn(9, 2, 2, 9), None)
    assert raised.value.code == "C09"


def test_paired_t_of_ties_and_of_gaps_without_a_spread() -> None:
    same = np.array([0.5, 0.25, 1], np.float32)
    assert paired_t(same, same) == 0
    assert paired_t(same, same - 0.25) == 999
    assert paired_t(same - 0.25, same) == -999
    assert paired_t(same[:1], same[:1] - 0.25) == 0
    # Three ties and one difference: mean d/4, standard deviation d/2, so t is exactly 1.
    assert paired_t(
        np.array([1.0, 1, 1, 1], np.float32), np.array([1.0, 1, 1, 0], np.float32)
    ) == pytest.approx(1)
