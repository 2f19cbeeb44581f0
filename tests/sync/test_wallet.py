"""Points and stamps between shops and hub: counted once, never lost, never doubled, never below zero."""

from pathlib import Path

import pytest

from tests.sync.wallets import play

pytestmark = pytest.mark.anyio


async def test_a_thousand_random_acts_in_two_shops_end_in_the_same_totals_everywhere(tmp_path: Path) -> None:
    story = await play(tmp_path, operations=1_000, seed=20261122)
    assert story.wrong == []
    assert story.written > 300
    assert min(story.replays, story.cuts, story.restarts, story.refused, story.short) > 0
