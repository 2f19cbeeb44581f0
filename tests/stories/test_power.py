"""The appliance dies at the worst moment, and nothing that was acknowledged is lost or doubled."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.stories.cuts import cut, receipted
from tests.stories.kills import kill_under_taps
from tests.stories.recording import Day, recorded
from tests.stories.shop import open_shop
from tests.stories.trace import Op, without


def test_kill_9_under_taps_loses_and_doubles_no_acknowledged_fact(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop") as shop:
        shop.start_hub()
        shop.start_edge()
        shop.moved_in()
        shop.stop_edge()
        verdict = kill_under_taps(shop, kills=6, seed=1)
    assert verdict.acknowledged > 0
    assert verdict.at_hub == verdict.written >= verdict.acknowledged


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    if shutil.which("strace") is None and os.environ.get("STRICT") != "1":
        pytest.skip("strace is not installed")
    with open_shop(tmp_path_factory.mktemp("cuts") / "shop") as shop:
        return recorded(shop, rounds=14, seed=1)


def test_every_disk_that_a_power_cut_may_leave_opens_with_all_that_was_acknowledged(day: Day) -> None:
    cuts = cut(day, count=80, seed=1)
    assert cuts.wrong == []
    assert min(cuts.taken_back, cuts.retried, cuts.receipts, cuts.fetching) > 0


def places(ops: Sequence[Op], when: Callable[[Op], bool]) -> list[int]:
    return [place for place, op in enumerate(ops, 1) if when(op)]


def test_a_commit_that_does_not_wait_for_the_disk_is_found(day: Day) -> None:
    planted = without(day.edge.ops, "journal.db-wal")
    assert "facts were acknowledged" in str(cut(day, count=20, seed=2, ops=planted).wrong)


def test_a_rename_before_the_fetched_file_is_on_the_disk_is_found(day: Day) -> None:
    planted = without(day.edge.ops, "replica.new")
    (renamed,) = places(planted, lambda op: op.path == "replica.new" and op.kind == "rename")
    wrong = cut(day, count=20, seed=2, ops=planted, among=range(renamed, renamed + 8)).wrong
    assert "the replica is damaged" in str(wrong)


def test_a_receipt_before_the_erasure_is_on_the_disk_is_found(day: Day) -> None:
    planted = without(day.edge.ops, "replica.db-wal", "replica.db")
    gone = day.gone_at["shop:story:urgent"]
    first, *_ = places(planted, lambda op: op.kind == "said" and receipted(op.data) >= gone)
    wrong = cut(day, count=4, seed=2, ops=planted, among=range(first, first + 30), modes=["nothing"]).wrong
    assert "the receipt was sent, and replica." in str(wrong)
