"""A small day: one greeting a visit whatever signals do, presence that ends by itself, and nothing of strangers."""

from pathlib import Path

import pytest

from tests.presence.day import play

pytestmark = pytest.mark.anyio


async def test_a_day_greets_each_visit_once_ends_by_itself_and_keeps_nothing_of_strangers(
    tmp_path: Path,
) -> None:
    day = await play(tmp_path, customers=3, visits=6, strangers_a_visit=40, seed=7)
    assert day.greetings == day.visits_written == day.stays == day.visits == 6
    assert day.told > day.visits  # some were lost for minutes and came back into the same visit
    assert day.still_here == 0
    assert day.resolved > 1000
    assert day.traces == []
