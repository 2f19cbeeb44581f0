"""When nothing is offered: nobody wants an offer at every turn. Pure.

Three ways to peace: somebody is left alone for this visit (one touch), a person is offered something in so many
visits a week and no more, and the shop has hours without offers.
"""

from typing import Final

WEEK_MS: Final = 7 * 24 * 3_600_000


def had_enough(visits: int, *, most_a_week: int) -> bool:
    """Whether somebody with so many visits in a week, this one included, is offered nothing at this one."""
    return visits > most_a_week


def is_quiet_hour(hour: int, *, from_hour: int, until_hour: int) -> bool:
    """Whether `hour` lies in the quiet hours, which may pass midnight; the same hour twice means there are none."""
    if from_hour <= until_hour:
        return from_hour <= hour < until_hour
    return hour >= from_hour or hour < until_hour
