"""Balances as pure rules: what a shop says is what the hub will say, and nothing goes below zero."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edge.wallet.rules import (
    MOST_POINTS,
    GiftCard,
    Line,
    StampCard,
    Voucher,
    add,
    balance_of,
    balances,
    counted,
    fold,
    full_card,
    here,
    spend,
    with_balance,
    with_counted,
)

DELTAS = st.lists(st.integers(-200, 200).filter(bool), max_size=30)
ANY_JSON: Any = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "balance",
                    "have",
                    "of",
                    "reward",
                    "items",
                    "label",
                    "balance_cents",
                    "until_ms",
                    "counted",
                    "d",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.integers(0, 1000), DELTAS)
def test_no_balance_goes_below_zero_and_what_fell_short_is_said_to_the_point(
    start: int, deltas: list[int]
) -> None:
    balance, short = start, 0
    for delta in deltas:
        total = add(balance, delta)
        assert total.balance >= 0 <= total.short
        balance, short = total.balance, short + total.short
    assert balance == fold(start, deltas) == start + sum(deltas) + short


@given(st.sampled_from(["points", "stamps"]), st.integers(0, 500), DELTAS, st.data())
def test_wherever_the_hub_stands_in_a_shops_lines_the_balance_there_is_the_same(
    instrument: str, start: int, deltas: list[int], data: st.DataObject
) -> None:
    lines = [Line(instrument, delta, (1 + seq // 7, seq)) for seq, delta in enumerate(deltas, 1)]
    sent = data.draw(st.integers(0, len(lines)))
    value: Any = {"balance": start} if instrument == "points" else {"have": start, "of": 8, "reward": "x"}
    for line in lines[:sent]:
        total = add(balance_of(instrument, value) or 0, line.delta)
        value = with_counted(with_balance(instrument, value, total.balance), "box", line.number)
    seen = here({instrument: value}, lines, device="box")[instrument]
    assert balance_of(instrument, seen) == fold(start, deltas)


def test_lines_are_of_one_device_and_of_one_instrument() -> None:
    values = {"points": {"balance": 10, "counted": {"box": [1, 5], "other": [9, 9]}}}
    lines = [Line("points", 1, (1, 5)), Line("points", 2, (1, 6)), Line("stamps", 4, (1, 7))]
    assert here(values, lines, device="box")["points"]["balance"] == 12
    assert here(values, lines, device="new")["points"]["balance"] == 13
    assert here(values, lines, device="other") == values
    assert set(here(values, lines, device="box")) == {"points"}


@given(st.integers(0, 40), st.integers(1, 12))
def test_a_full_card_is_exactly_one_reward(have: int, of: int) -> None:
    rewards, cards = 0, have // of
    while (delta := full_card(StampCard(have, of, "x"))) is not None:
        have += delta
        rewards += 1
        assert have >= 0
    assert rewards == cards
    assert full_card(None) is None


@given(st.integers(0, 1000) | st.none(), st.integers(-10, 2 * MOST_POINTS))
def test_points_are_redeemed_as_far_as_they_are_there(points: int | None, amount: int) -> None:
    delta = spend(points, amount)
    allowed = points is not None and 1 <= amount <= points
    assert delta == (-amount if allowed else None)


@given(ANY_JSON, ANY_JSON, ANY_JSON, ANY_JSON)
def test_whatever_stands_in_a_trait_breaks_nothing(
    points: Any, stamps: Any, vouchers: Any, cards: Any
) -> None:
    values = {"points": points, "stamps": stamps, "vouchers": vouchers, "giftcards": cards}
    seen = balances(values, {}, [Line("points", -5, (1, 1)), Line("stamps", 3, (1, 2))], now_ms=1, device="d")
    assert seen.points is None or seen.points >= 0
    assert seen.stamps is None or seen.stamps.of >= 1
    assert len(counted(points, "d")) == 2


def test_what_is_over_is_not_shown_and_what_was_added_here_is_said() -> None:
    values = {
        "points": {"balance": 100},
        "stamps": {"have": 8, "of": 8, "reward": "gratis impregneren"},
        "vouchers": {
            "items": [
                {"label": "over", "code": "A", "until_ms": 10},
                {"label": "nog", "code": "B", "until_ms": 11},
                {"label": "altijd", "code": "C"},
                {"code": "zonder naam"},
            ]
        },
        "giftcards": {"items": [{"label": "kaart", "balance_cents": 2500}, {"label": "leeg"}]},
    }
    lines = [Line("stamps", -8, (1, 1)), Line("stamps", 1, (1, 2))]
    seen = balances(values, {"points": 5}, lines, now_ms=10, device="box")
    assert seen.vouchers == (Voucher("nog", "B", 11), Voucher("altijd", "C", None))
    assert seen.giftcards == (GiftCard("kaart", 2500),)
    assert seen.stamps == StampCard(1, 8, "gratis impregneren")
    assert seen.added == {"points": 0, "stamps": -7}
    assert seen.as_of_ms == {"points": 5}
