"""When nothing is offered."""

import pytest

from edge.advice.rest import had_enough, is_quiet_hour


def test_the_week_has_room_for_so_many_visits_with_offers_and_no_more() -> None:
    assert [had_enough(visits, most_a_week=3) for visits in range(1, 6)] == [False, False, False, True, True]
    assert had_enough(1, most_a_week=0)


@pytest.mark.parametrize(
    ("from_hour", "until_hour", "quiet"),
    [(0, 0, []), (9, 9, []), (12, 14, [12, 13]), (22, 8, [*range(8), 22, 23]), (18, 24, [*range(18, 24)])],
)
def test_quiet_hours_begin_and_end_on_the_hour_and_may_pass_midnight(
    from_hour: int, until_hour: int, quiet: list[int]
) -> None:
    hours = range(24)
    assert [
        each for each in hours if is_quiet_hour(each, from_hour=from_hour, until_hour=until_hour)
    ] == quiet
