"""From the threshold to the card, with the losses of a busy door: small counts; the full ones are in `make prove`."""

from tests.presence.walk_in import measure


def test_who_walks_in_past_three_scanners_has_a_card_within_three_seconds_and_nobody_before_the_door() -> (
    None
):
    found = measure(people=40, seed=3, calibrated=True)
    assert found.missed == 0
    assert found.percentile(0.95) <= 3.0
    assert min(found.cards_s) > -1.0
    assert found.mistaken == 0


def test_without_a_calibration_nobody_who_comes_in_is_missed_or_late() -> None:
    found = measure(people=40, seed=3, calibrated=False)
    assert found.missed == 0
    assert found.percentile(0.95) <= 3.0
