"""The benches of the sync as anybody runs them, in small: the last line is one object with every figure."""

import json
from typing import Any

import pytest

from edge.cli import main


def ended(said: str) -> dict[str, Any]:
    """The object that the last line is."""
    found: dict[str, Any] = json.loads(said.splitlines()[-1])
    return found


def measured(result: dict[str, Any], *names: str) -> None:
    """Each of these figures is a number; what is measured in so small a shop may be nothing to its last digit."""
    assert {
        name: result[name] for name in names if not (type(result[name]) in (int, float) and result[name] >= 0)
    } == {}


def test_bench_bootstrap_ends_with_what_a_new_box_took_beside_a_bare_load(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["bench", "bootstrap", "--customers", "50", "--json"]) == 0
    result = ended(capsys.readouterr().out)
    figures = ("served_s", "floor_s", "ratio", "rows_per_s", "floor_rows_per_s", "rss_mb", "search_ready_s")
    taps = ("taps", "tap_p50_ms", "tap_p99_ms", "tap_max_ms")
    assert set(result) == {"bench", "customers", "rows", "rss_by_process_mb", *figures, *taps}
    assert (result["bench"], result["customers"]) == ("bootstrap", 50)
    assert result["rows"] > 4 * 50  # each with a key, a card, traits and consents
    measured(result, *figures, *taps)


def test_bench_sync_ends_with_how_soon_a_no_is_obeyed_and_how_fast_facts_go_up(
    capsys: pytest.CaptureFixture[str],
) -> None:
    small = ["--appliances", "1", "--rounds", "1", "--facts", "100", "--backlog", "10"]
    assert main(["bench", "sync", *small, "--json"]) == 0
    result = ended(capsys.readouterr().out)
    (run,) = result.pop("runs")
    figures = {f"{what}_{each}_ms" for what in ("withdrawal", "erasure") for each in ("p50", "p99", "worst")}
    assert set(result) == {"bench", "events_per_s", "bare_inserts_per_s", "ratio_events"}
    assert result.pop("bench") == "sync"
    measured(result, *result)
    offline = ("offline_asked_first", "offline_rows_behind", "offline_hidden_ms")
    assert set(run) == {"appliances", "samples", *figures, *offline}
    assert (run["appliances"], run["samples"]) == (1, 2)
    assert (run["offline_asked_first"], run["offline_rows_behind"]) == ("urgent", 10)
    measured(run, *figures, "offline_hidden_ms")


@pytest.mark.xdist_group("postgresql")
def test_bench_hub_ends_with_what_many_shops_sent_beside_bare_inserts_and_misses_nothing(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    small = ["--shops", "2", "--customers", "1", "--facts", "50", "--hubs", "1"]
    assert main(["bench", "hub", *small, "--database", server, "--json"]) == 0
    result = ended(capsys.readouterr().out)
    runs, feeds, limits = result.pop("runs"), result.pop("feeds"), result.pop("limits")
    assert result == {"bench": "hub", "shops": 2, "customers": 2, "hubs": 1, "cores": result["cores"]}
    assert [(run["batch_events"], run["events"]) for run in runs] == [(500, 1_000), (10, 20)]
    figures = {"took_s", "events_per_s", "uploads_per_s", "times_the_peak", "answer_p50_ms", "answer_p95_ms"}
    beside = {"floor_events_per_s", "ratio_events_per_s"}
    for run in runs:
        assert set(run) == {"batch_events", "events", *figures, *beside, "shops_cpu_s", "holds"}
        measured(run, *figures, *beside)
        assert set(limits) <= set(run)
    assert feeds.pop("rows") > 0
    assert feeds == {"partitions": 4, "digests_equal": True, "balances_wrong": 0, "histories_as_sent": 2}
