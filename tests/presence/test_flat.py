"""On the measured flat: one of the four folds against what has to be beaten; all four are in `make prove`."""

from dataclasses import replace

from edge.presence.belief import Belief
from edge.presence.radio_map import build
from tests.presence import baselines
from tests.presence.figures import engine
from tests.presence.flat import flat, folds
from tests.presence.walks import score


def test_a_fold_is_more_often_right_than_the_usual_ways_and_flaps_less() -> None:
    floor, _ = flat()
    calibration, walk = next(iter(folds()))
    ours = engine(floor, calibration, walk)
    best = score(walk, baselines.knn(calibration, walk))
    steady = score(walk, baselines.knn_hmm(floor, calibration, walk))
    assert ours.accuracy > max(best.accuracy, steady.accuracy)
    assert ours.changes <= steady.changes
    assert ours.lag_s <= steady.lag_s


def test_a_dead_scanner_is_masked_and_costs_at_most_eight_points() -> None:
    floor, _ = flat()
    calibration, walk = next(iter(folds()))
    alive = engine(floor, calibration, walk)
    for scanner in ("g1", "g4"):
        assert alive.accuracy - engine(floor, calibration, walk, without=scanner).accuracy <= 8


def test_a_calibration_without_places_still_finds_zones_and_says_no_place() -> None:
    floor, _ = flat()
    calibration, walk = next(iter(folds()))
    blind = [replace(each, xy=None) for each in calibration]
    assert engine(floor, blind, walk).accuracy > 80
    radio_map = build(floor, blind)
    assert radio_map is not None
    heard = Belief(radio_map).hear(0.0, walk[0].rssi_dbm, alive=frozenset())
    assert heard.zone == walk[0].zone
    assert heard.xy is None


def test_a_zone_that_nobody_calibrated_is_passed_through() -> None:
    floor, _ = flat()
    calibration, walk = next(iter(folds()))
    known = [each for each in calibration if each.zone != "corridor"]
    asked = [each for each in walk if each.zone != "corridor"]
    assert engine(floor, known, asked).accuracy > 85


def test_the_same_input_gives_the_same_map_in_whatever_order_walks_stand_in_the_file() -> None:
    floor, rows = flat()
    some = rows[::7]
    one, two = build(floor, some), build(floor, [*some[300:], *some[:300]])
    assert one is not None
    assert two is not None
    assert (one.mean == two.mean).all() or abs(one.mean - two.mean).max() < 1e-9


def test_a_calibration_of_one_zone_or_of_nothing_makes_no_map() -> None:
    floor, rows = flat()
    assert build(floor, []) is None
    assert build(floor, [row for row in rows if row.zone == "bath"]) is None
