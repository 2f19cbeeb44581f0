"""On floors that were never seen while it was made: the same code, other rooms, scanners and rates."""

from tests.presence import baselines
from tests.presence.figures import NOTHING, engine
from tests.presence.invented import Invented, Plan
from tests.presence.walks import score


def test_invented_floors_are_known_better_than_the_usual_ways_know_them() -> None:
    ours = nearest = steady = NOTHING
    for plan, rate_hz, seed in (
        (Plan(3, 2, 4.0, 6), 1.0, 12),
        (Plan(2, 2, 5.0, 3), 2.0, 11),
        (Plan(4, 2, 6.0, 8), 0.5, 13),
    ):
        air = Invented(plan, seed=seed)
        calibration = air.tour(seconds_a_room=40, rate_hz=3.0)
        walk = air.walk(seconds=300, rate_hz=rate_hz, start_s=1e6)
        ours += engine(air.floor, calibration, walk)
        nearest += score(walk, baselines.knn(calibration, walk))
        steady += score(walk, baselines.knn_hmm(air.floor, calibration, walk))
    assert ours.accuracy > nearest.accuracy
    assert ours.accuracy > steady.accuracy
    assert ours.changes < nearest.changes


def test_the_same_seed_is_the_same_floor_and_the_same_walk() -> None:
    one, two = (Invented(Plan(2, 1, 4.0, 3), seed=5) for _ in range(2))
    assert one.floor == two.floor
    assert one.walk(seconds=20, rate_hz=2.0) == two.walk(seconds=20, rate_hz=2.0)
