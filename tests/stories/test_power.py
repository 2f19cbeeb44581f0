"""The appliance dies at the worst moment, and nothing that was acknowledged is lost or doubled."""

from pathlib import Path

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
