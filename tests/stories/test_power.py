"""The appliance dies at the worst moment, and nothing that was acknowledged is lost or doubled."""

import os
import shutil
from pathlib import Path

import pytest

from tests.stories.cuts import cut, recorded
from tests.stories.kills import kill_under_taps
from tests.stories.shop import open_shop


def test_kill_9_under_taps_loses_and_doubles_no_acknowledged_fact(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop") as shop:
        shop.start_hub()
        shop.start_edge()
        shop.moved_in()
        shop.stop_edge()
        verdict = kill_under_taps(shop, kills=6, seed=1)
    assert verdict.acknowledged > 0
    assert verdict.at_hub == verdict.written >= verdict.acknowledged


def test_every_disk_that_a_power_cut_may_leave_opens_with_all_that_was_acknowledged(tmp_path: Path) -> None:
    if shutil.which("strace") is None and os.environ.get("STRICT") != "1":
        pytest.skip("strace is not installed")
    with open_shop(tmp_path / "shop") as shop:
        shop.start_hub()
        recording = recorded(shop, rounds=25, seed=1)
    cuts = cut(recording, count=50, seed=1)
    assert cuts.wrong == []
    assert cuts.images == 50
    assert min(cuts.taken_back, cuts.retried) > 0
