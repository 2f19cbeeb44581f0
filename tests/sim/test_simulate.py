"""The simulator: some seeds hold, the same seed is the same story, and what was planted is found."""

import json
import os

import pytest
from litestar.types import HTTPScope, Receive, Send

from edge.cli import main
from edge.simulate import centre, planted
from edge.simulate.play import hunt, play, play_all
from sync import standing, wire
from sync.receipt import RECEIPT_PATH

# Found in the first seeds, so that looking for them is quick; `make prove` hunts them all.
QUICK = (
    "erase_keeps_history",
    "double_count_points",
    "to_every_shop",
    "guest_stays",
    "receipt_not_stored",
    "hubs_stop_dropped",
    "visit_goes_on",
    "known_without_basis",
    "erase_keeps_records",
)


def test_a_few_seeds_hold_and_say_so_in_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seeds", "2", "--first", "7", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"seeds": 2, "failed": []}


def test_the_same_seed_is_the_same_story() -> None:
    first, again = play(41), play(41)  # a line in it mixes pages up
    assert len(first.steps) > 40
    assert (first.steps, first.digest) == (again.steps, again.digest)


def test_the_first_story_of_a_process_is_what_it_is_after_another_one() -> None:
    centre._application.cache_clear()  # whatever was played before this test
    first, again = play(121, shops=1), play(121, shops=1)  # a shop is refused while the hub's clock is off
    assert "hub_clock" in first.counts
    assert (first.steps, first.digest) == (again.steps, again.digest)


def test_stories_over_two_processes_are_what_they_are_in_one_and_leave_its_surroundings_alone() -> None:
    before = dict(os.environ)
    there = list(play_all(range(1, 9), shops=1, workers=2))
    here = list(play_all(range(1, 9), shops=1, workers=1))
    assert [each.digest for each in there] == [each.digest for each in here]
    assert dict(os.environ) == before


@pytest.mark.parametrize("seed", [41, 761])
def test_a_story_is_the_same_with_the_framework_before_the_handlers(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = play(seed)
    went: list[str] = []

    async def framework(scope: HTTPScope, receive: Receive, send: Send) -> None:
        went.append(scope["path"])
        await centre._application()(scope, receive, send)  # type: ignore[arg-type]

    monkeypatch.setattr(centre, "_often", lambda: framework)
    assert play(seed).steps == alone.steps
    assert {wire.FEED_PATH, wire.EVENTS_PATH, standing.DEVICE_PATH, RECEIPT_PATH} <= set(went)


@pytest.mark.parametrize("bug", planted.PLANTED)
def test_a_planted_bug_fits_the_place_where_it_stands(bug: str) -> None:
    what = [each.what for each in play(4, shops=1, bug=bug).broken]
    assert not [each for each in what if "INTERNAL" in each or "ended by itself" in each]


@pytest.mark.parametrize("bug", QUICK)
def test_a_planted_bug_is_found(bug: str) -> None:
    assert hunt(bug, seeds=range(1, 31)) is not None


def test_a_box_that_was_put_back_unknown_to_headquarters_is_found_by_what_it_says() -> None:
    assert hunt("numbers_are_enough", seeds=range(8, 61)) is not None


def test_a_seed_that_fails_says_what_did_not_hold_and_how_to_see_it_again(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with planted.planted("urgent_after_bulk"):
        assert main(["simulate", "--seeds", "1", "--first", "1"]) == 1
    said = capsys.readouterr()
    assert "1 seeds, 1 failed: 1" in said.out
    assert "seed 1: I20:" in said.err
    assert " heal\n" in said.err


def test_a_planted_bug_that_is_not_found_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planted, "PLANTED", {"harmless": list})
    assert hunt("harmless", seeds=[1]) is None


def test_nothing_to_play_is_wrong_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--seeds", "0"]) == 2
    assert "[W01]" in capsys.readouterr().err
