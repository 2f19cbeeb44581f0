"""What somebody comes back for, by hand-made purchases: how often, how lately, and never what may not be named."""

from edge.advice.interests import FEWEST, MOST, interests
from edge.advice.limits import Wording, barred_words
from edge.advice.rules import DAY_MS, Basket, Item

NOW_MS = 400 * DAY_MS
NONE = Wording()


def item(name: str, category: str, *, sensitive: bool = False) -> Item:
    return Item(name, name, category, durable=False, sensitive=sensitive, stock=None)


ITEMS = {
    each.item: each
    for each in (
        item("sok", "Wandelen / Kleding"),
        item("schoen", "Wandelen / Schoenen"),
        item("gas", "Koken / Kamperen"),
        item("band", " / Fiets"),
        item("bier", "Bieren / Dranken"),
        item("test", "Verzorging / Drogist", sensitive=True),
        item("los", " / "),
        *(item(f"k{number}", f"Kind {number} / x") for number in range(5)),
    )
}


def bought(*lines: tuple[int | None, str]) -> list[Basket]:
    return [
        Basket(None if ago is None else NOW_MS - ago * DAY_MS, tuple(names.split())) for ago, names in lines
    ]


def tags(own: list[Basket], words: Wording = NONE) -> list[tuple[str, int]]:
    return [(each.tag, each.times) for each in interests(own, ITEMS, words, now_ms=NOW_MS)]


def test_a_kind_counts_once_a_purchase_and_says_what_it_rests_on() -> None:
    own = bought((60, "sok schoen"), (30, "sok"), (20, "gas"), (2, "schoen"))
    (only,) = interests(own, ITEMS, NONE, now_ms=NOW_MS)
    assert (only.tag, only.times, only.of, only.last_ms) == ("Wandelen", 3, 4, NOW_MS - 2 * DAY_MS)
    assert "Wandelen" not in repr(only)


def test_what_was_bought_lately_comes_before_what_was_bought_more_often_long_ago() -> None:
    old = [(300 - at, "sok") for at in range(6)]
    assert tags(bought(*old, (9, "gas"), (6, "gas"), (3, "gas"))) == [("Koken", 3)]
    assert tags(bought(*[(120 - at, "sok") for at in range(4)], (9, "gas"), (6, "gas"), (3, "gas"))) == [
        ("Koken", 3),
        ("Wandelen", 4),
    ]


def test_an_interest_of_long_ago_fades() -> None:
    assert tags(bought((10, "gas"), (8, "gas"), (6, "gas"))) == [("Koken", 3)]
    assert tags(bought((210, "gas"), (208, "gas"), (206, "gas"))) == []


def test_too_few_purchases_are_no_interest() -> None:
    assert tags(bought(*[(at, "gas") for at in range(FEWEST - 1)])) == []
    assert tags([]) == []


def test_what_may_not_be_named_is_never_a_tag() -> None:
    own = bought(*[(at, "bier test") for at in (9, 6, 3)])
    assert tags(own, barred_words("NL")) == []
    assert tags(own) == [("Bieren", 3)]


def test_a_product_without_a_kind_or_outside_the_catalogue_is_passed_over() -> None:
    assert tags(bought(*[(at, "los weg band") for at in (9, 6, 3)])) == [("Fiets", 3)]


def test_order_alone_is_enough_and_no_more_than_three_are_said() -> None:
    own = bought(*[(None, "k0 k1 k2 k3 k4")] * 4)
    found = interests(own, ITEMS, NONE, now_ms=NOW_MS)
    assert [each.tag for each in found] == ["Kind 0", "Kind 1", "Kind 2"]
    assert len(found) == MOST
    assert {each.last_ms for each in found} == {None}


def test_a_purchase_of_tomorrow_is_one_of_today() -> None:
    (only,) = interests(bought(*[(-1, "gas")] * 3), ITEMS, NONE, now_ms=NOW_MS)
    assert only.strength == 3.0
