"""Of whoever is not ours nothing is kept: in no file, no log, no temporary file, no core dump."""

import signal
import tempfile
from pathlib import Path

import pytest

from tests.stories.shop import open_shop
from tests.stories.strangers import cards, find, left_behind, tap_strangers, traces

COUNT = 1_500


def test_unknown_cards_leave_no_byte_in_any_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)
    unknown = cards(COUNT, seed=3)
    with open_shop(tmp_path / "shop") as shop:
        shop.start_hub()
        shop.start_edge()
        shop.moved_in()
        tap_strangers(shop, unknown)
        # Once while everything runs, with its write-ahead logs, and once after a crash.
        needles = [trace for kind, value in unknown for trace in traces(kind, value, shop.keys)]
        assert find(left_behind(tmp_path), needles) == []
        shop.stop_edge(signal.SIGSEGV)
        assert find(left_behind(tmp_path), needles) == []
        assert [path for path in left_behind(tmp_path) if "core" in path.name] == []


def test_the_search_finds_a_trace_where_there_is_one(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop", count=1) as shop:
        one_of_each = dict(cards(40, seed=4)).items()
        assert len(one_of_each) == 4
        needles = [trace for kind, value in one_of_each for trace in traces(kind, value, shop.keys)]
        for number, needle in enumerate(needles):
            planted = tmp_path / f"planted-{number}"
            planted.write_bytes(b"before" + needle + b"after")
            assert find([planted], needles)


def test_the_appliance_switches_core_dumps_off(tmp_path: Path) -> None:
    with open_shop(tmp_path / "shop", count=1) as shop:
        shop.start_edge()
        assert shop.edge is not None
        limits = Path(f"/proc/{shop.edge.pid}/limits").read_text()
        line = next(line for line in limits.splitlines() if line.startswith("Max core file size"))
        assert line.split()[4:6] == ["0", "0"]
