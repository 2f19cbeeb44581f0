"""The appliance dies at the worst moment, and nothing that was acknowledged is lost or doubled."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.stories.cuts import cut, receipted
from tests.stories.hub_cuts import ERASED_SAID, cut_hub
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


# One recording serves them all.
pytestmark = pytest.mark.xdist_group("tests/stories/test_power.py")


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Day:
    if shutil.which("strace") is None and os.environ.get("STRICT") != "1":
        pytest.skip("strace is not installed")
    with open_shop(tmp_path_factory.mktemp("cuts") / "shop") as shop:
        return recorded(shop, rounds=14, seed=1)


def test_every_disk_that_a_power_cut_may_leave_opens_with_all_that_was_acknowledged(day: Day) -> None:
    begun, *_ = places(day.edge.ops, lambda op: op.path == "replica.fetched")
    told, *_ = places(day.edge.ops, lambda op: receipted(op.data) >= day.gone_at["shop:story:urgent"])
    anywhere = cut(day, count=60, seed=1)
    fetching = cut(day, count=20, seed=1, among=range(begun, begun + 100))
    gone = cut(day, count=20, seed=1, among=range(told, len(day.edge.ops)))
    assert anywhere.wrong + fetching.wrong + gone.wrong == []
    assert min(anywhere.taken_back, anywhere.retried, fetching.fetching) > 0
    assert gone.receipts == 20


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


def test_every_disk_that_a_power_cut_may_leave_of_the_hub_opens_with_all_that_it_had_answered(
    day: Day,
) -> None:
    named, *_ = places(day.hub.ops, lambda op: op.kind == "rename" and op.path.endswith(".tmp"))
    told, *_ = places(day.hub.ops, lambda op: op.kind == "said" and ERASED_SAID in op.data)
    anywhere = cut_hub(day, count=30, seed=1)
    vouched = cut_hub(day, count=20, seed=1, among=range(named, named + 100))
    gone = cut_hub(day, count=10, seed=1, among=range(told, len(day.hub.ops)))
    assert anywhere.wrong + vouched.wrong + gone.wrong == []
    assert vouched.snapshots > 0
    assert gone.erased == 10


def test_an_erasure_that_is_answered_before_its_mark_is_on_the_disk_is_found(day: Day) -> None:
    planted = without(day.hub.ops, "erased")
    (first, *_) = places(planted, lambda op: op.kind == "said" and ERASED_SAID in op.data)
    wrong = cut_hub(
        day, count=4, seed=2, ops=planted, among=range(first, first + 20), modes=["nothing"]
    ).wrong
    assert "the file beside it knows nothing" in str(wrong)


def test_a_manifest_that_is_named_before_it_is_on_the_disk_is_found(day: Day) -> None:
    draft, *_ = {op.path for op in day.hub.ops if op.path.endswith(".tmp")}
    planted = without(day.hub.ops, draft)
    named, *_ = places(planted, lambda op: op.kind == "rename" and op.path == draft)
    wrong = cut_hub(
        day, count=12, seed=2, ops=planted, among=range(named, named + 20), modes=["nothing"]
    ).wrong
    assert "Malformed" in str(wrong)
