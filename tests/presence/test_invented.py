"""On floors that were never seen while it was made: the same code, other rooms, scanners and rates."""

import pytest

from tests.presence import baselines
from tests.presence.figures import engine
from tests.presence.invented import Invented, Plan
from tests.presence.walks import score


@pytest.mark.parametrize(("plan", "rate_hz"), [(Plan(3, 2, 4.0, 6), 1.0), (Plan(2, 2, 5.0, 3), 2.0)])
def test_an_invented_floor_is_known_better_than_the_usual_ways_know_it(plan: Plan, rate_hz: float) -> None:
    air = Invented(plan, seed=11)
    calibration = air.tour(seconds_a_room=40, rate_hz=3.0)
    walk = air.walk(seconds=300, rate_hz=rate_hz, start_s=1e6)
    ours = engine(air.floor, calibration, walk)
    assert ours.accuracy > score(walk, baselines.knn(calibration, walk)).accuracy
    assert ours.accuracy > score(walk, baselines.knn_hmm(air.floor, calibration, walk)).accuracy


def test_the_same_seed_is_the_same_floor_and_the_same_walk() -> None:
    one, two = (Invented(Plan(2, 1, 4.0, 3), seed=5) for _ in range(2))
    assert one.floor == two.floor
    assert one.walk(seconds=20, rate_hz=2.0) == two.walk(seconds=20, rate_hz=2.0)
