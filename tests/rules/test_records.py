"""What a consent record says of its events, and that every purpose and field has a name in DPV."""

from typing import get_args

import pytest

from edge.consent import meanings
from edge.consent.records import (
    CONSENTS,
    DELIVERED_BY,
    HOWS,
    OTHER_DATA,
    By,
    Event,
    EventState,
    data_of,
    ends_soon,
    named,
    record_id,
    with_ends,
)
from edge.consent.rules import PURPOSES, TRAITS, Basis

DAY_MS = 24 * 3_600_000
YEAR_MS = 365 * DAY_MS


def event(state: EventState = "given", gen: int = 1, at_ms: int = 0, until_ms: int | None = None) -> Event:
    return Event(state, gen, at_ms, until_ms, "tablet")


def test_every_purpose_basis_state_and_way_has_a_name_in_dpv() -> None:
    assert set(meanings.PURPOSE) == set(PURPOSES)
    assert set(meanings.BASIS) == set(meanings.NO_RIGHT) == set(get_args(Basis))
    assert set(meanings.STATE) == set(get_args(EventState))
    assert set(meanings.METHOD) == set(HOWS)
    assert set(meanings.INDICATED_BY) == set(get_args(By))


def test_every_personal_field_has_a_category_and_no_category_is_of_nothing() -> None:
    used = set(TRAITS) | {each for its in OTHER_DATA.values() for each in its}
    assert set(meanings.DATA) == used


def test_every_purpose_says_which_fields_it_uses() -> None:
    assert all(data_of(purpose) for purpose in PURPOSES)
    assert set(DELIVERED_BY) <= set(PURPOSES)
    assert set(CONSENTS) == {purpose for purpose, basis in PURPOSES.items() if basis == "consent"}


def test_a_yes_while_one_holds_is_a_renewal_and_a_no_to_nothing_is_a_refusal() -> None:
    assert named(event(), granted_before=False).state == "given"
    assert named(event(), granted_before=True).state == "renewed"
    assert named(event("withdrawn"), granted_before=True).state == "withdrawn"
    assert named(event("withdrawn"), granted_before=False).state == "refused"


def test_an_end_that_came_by_itself_is_an_event_and_one_that_a_word_forestalled_is_none() -> None:
    def states(events: list[Event], now_ms: int) -> list[str]:
        return [each.state for each in with_ends(events, now_ms=now_ms)]

    assert states([event(until_ms=100)], 99) == ["given"]
    assert states([event(until_ms=100)], 100) == ["given", "expired"]
    assert states([event(until_ms=100), event("withdrawn", at_ms=50)], 200) == ["given", "withdrawn"]
    assert states([event(until_ms=100), event("renewed", 2, at_ms=90, until_ms=190)], 150) == [
        "given",
        "renewed",
    ]
    assert states([event(until_ms=100), event(gen=2, at_ms=150)], 200) == ["given", "expired", "given"]
    assert states([event()], 10**15) == ["given"]


@pytest.mark.parametrize(
    ("period_ms", "left_ms", "asked"),
    [
        (YEAR_MS, 31 * DAY_MS, False),
        (YEAR_MS, 30 * DAY_MS, True),
        (YEAR_MS, 1, True),
        (YEAR_MS, 0, False),
        (100 * DAY_MS, 11 * DAY_MS, False),
        (100 * DAY_MS, 10 * DAY_MS, True),
        (DAY_MS, 1, False),  # today alone: nobody is asked to say it again
    ],
)
def test_a_reminder_comes_in_the_last_tenth_of_a_period_and_at_most_a_month_before(
    period_ms: int, left_ms: int, asked: bool
) -> None:
    assert ends_soon(from_ms=0, until_ms=period_ms, now_ms=period_ms - left_ms) is asked


def test_what_has_no_end_needs_no_reminder() -> None:
    assert not ends_soon(from_ms=0, until_ms=None, now_ms=10**15)


def test_a_record_has_one_id_wherever_it_is_worked_out_and_another_for_another_register() -> None:
    one = record_id(b"\xa1" * 16, "recognition", "van-dam")
    assert one == record_id(b"\xa1" * 16, "recognition", "van-dam")
    assert one[14] == "8"  # RFC 9562 section 5.8
    others = {
        record_id(b"\xa2" * 16, "recognition", "van-dam"),
        record_id(b"\xa1" * 16, "profiling", "van-dam"),
        record_id(b"\xa1" * 16, "recognition", "chain"),
    }
    assert len(others | {one}) == 4
