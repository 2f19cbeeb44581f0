"""What an answer costs, counted in what it looks at: milliseconds are the proof's, on a machine of its own."""

from collections.abc import Iterator
from dataclasses import replace

from edge.advice.lines import History
from edge.advice.ranking.log import Floats
from edge.advice.ranking.numbering import Visit, numbered
from edge.advice.ranking.ranker import Ask, trained_on
from edge.advice.tally import Asked, Tally
from edge.bench.worlds import drugstore


class Bought(tuple[str, ...]):
    """Items that count how often they are looked through."""

    looked = 0

    def __iter__(self) -> Iterator[str]:
        Bought.looked += 1
        return super().__iter__()

    def __contains__(self, item: object) -> bool:
        Bought.looked += 1
        return super().__contains__(item)


def shop() -> list[History]:
    return [History(who, tuple(visits)) for who, visits in drugstore(60, products=150).items()]


def test_a_question_with_a_basket_less_looks_through_that_one_alone() -> None:
    known = shop()
    tally = Tally(numbered((each.customer, each.visits) for each in known))
    who = max(known, key=lambda each: len(each.visits))
    held = tuple(replace(visit, items=Bought(visit.items)) for visit in who.visits)
    counts = Asked(tally, who.customer, held, held[:-1])
    Bought.looked = 0
    for item in tally.by_popularity:
        assert counts.bought(item) == len(tally.baskets_with(item)) - (item in who.visits[-1].items)
    assert Bought.looked == 0
    for item in tally.by_popularity:
        assert counts.buyers(item) >= 0
    assert Bought.looked <= len(held) * len(held[-1].items)


def test_baskets_that_stand_in_for_others_are_counted_as_if_they_had_been_known() -> None:
    known = shop()
    who = known[0]
    told = [*who.visits[2:], Visit(who.visits[-1].day, who.visits[-1].store, ("p1", "p2"))]
    instead = [replace(who, visits=tuple(told)), *known[1:]]
    before, after = (
        Tally(numbered((each.customer, each.visits) for each in some)) for some in (known, instead)
    )
    asked = Asked(before, who.customer, who.visits, told)
    afresh = Asked(after, who.customer, told, told)
    store = who.visits[-1].store or ""
    assert (asked.baskets, asked.customers) == (afresh.baskets, afresh.customers)
    for item in before.by_popularity:
        assert asked.bought(item) == afresh.bought(item)
        assert asked.buyers(item) == afresh.buyers(item)
        assert asked.together("p1", item) == afresh.together("p1", item)
        assert asked.here(store, item) == afresh.here(store, item)


def test_what_moved_a_list_is_asked_of_the_net_once_a_source_and_not_once_a_product() -> None:
    known = shop()
    ranker = trained_on(numbered((each.customer, each.visits) for each in known))
    who = max(known, key=lambda each: len(each.visits))
    ranked = ranker.ranked(Ask(who.visits, customer=who.customer), 40)
    asked = []

    def score(values: Floats) -> Floats:
        asked.append(len(values))
        return ranked.score(values)

    counted = replace(ranked, score=score, _scores={}, _places={})
    others = who.visits[-1].items
    for name in counted.names:
        counted.by_own(name)
        counted.by_alike(name)
        for other in counted.by_company(name, [each for each in others if each != name]):
            counted.falls_without(name, other)
    assert 0 < len(asked) <= 2 + 2 * len(others)


def test_a_product_that_is_called_as_a_source_is_is_no_source() -> None:
    known = shop()
    who = max(known, key=lambda each: len(each.visits))
    last = who.visits[-1].items[0]
    called = {last: "own", who.visits[-1].items[1]: "alike"}
    renamed = [
        replace(
            each,
            visits=tuple(replace(v, items=tuple(called.get(i, i) for i in v.items)) for v in each.visits),
        )
        for each in known
    ]
    for histories, name in ((known, last), (renamed, "own")):
        ranker = trained_on(numbered((each.customer, each.visits) for each in histories))
        visits = next(each.visits for each in histories if each.customer == who.customer)
        first = ranker.ranked(Ask(visits, customer=who.customer), 40)
        again = ranker.ranked(Ask(visits, customer=who.customer), 40)
        for other in first.names:
            first.by_company(other, [name])
        assert [first.by_own(each) for each in first.names] == [again.by_own(each) for each in again.names]
