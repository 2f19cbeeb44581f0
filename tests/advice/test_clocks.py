"""Which days of a history are believed."""

from datetime import date

import pytest

from edge.advice.ranking.numbering import Visit, numbered

BEGAN = date(2020, 1, 6).toordinal()


def days(odd: dict[int, str], *, years: float) -> list[int]:
    """Of 200 customers, each with baskets all over the years; `odd`: the place of a basket in the first one's."""
    step = int(years * 365 / 24)
    known = {
        f"c{each}": [Visit(BEGAN + each % 7 + place * step, "s1", ("tea",)) for place in range(25)]
        for each in range(200)
    }
    for place, day in odd.items():
        known["c0"][place] = Visit(date.fromisoformat(day).toordinal(), "s1", ("tea",))
    return [int(each) for each in numbered(known.items()).log.day[:25]]


@pytest.mark.parametrize("years", [0.5, 2, 6, 12])
def test_a_shop_of_many_years_keeps_every_day(years: float) -> None:
    step = int(years * 365 / 24)
    assert days({}, years=years) == [BEGAN + place * step for place in range(25)]


@pytest.mark.parametrize("years", [0.5, 2, 6])
def test_a_clock_of_1970_or_2099_moves_its_basket_to_the_one_before(years: float) -> None:
    plain = days({}, years=years)
    moved = days({5: "1970-01-01", 9: "2099-12-31"}, years=years)
    assert moved == [plain[place - (place in (5, 9))] for place in range(25)]
