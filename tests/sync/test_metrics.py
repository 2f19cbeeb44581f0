"""`/metrics` of a hub that serves: what it counted and how the boxes do, for its own machine, naming nobody."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from sync import wire
from sync.hub import consents
from sync.hub.metrics import METRICS
from sync.hub.tables import hooks
from sync.pokes import URGENT_PATH
from tests.house.repo import ROOT
from tests.patience import PATIENT_S
from tests.sync.hq.test_fleet import on_the_line, say
from tests.sync.portal.place import ANNA, HERE, Place, open_place

_SAMPLE = re.compile(r'(\w+)(\{(?:\w+="[^"]*",?)+\})? ([0-9.e+-]+)')


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub") as opened:
        yield opened


def read(place: Place) -> dict[str, float]:
    """Each sample under its name and labels; every line is one, or tells of one."""
    answer = httpx.get(f"{place.url}/metrics", timeout=PATIENT_S)
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    found = {}
    for line in answer.text.splitlines():
        if not line.startswith("#"):
            sample = _SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] in METRICS or re.sub("_(bucket|sum|count)$", "", sample[1]) in METRICS
            found[sample[1] + (sample[2] or "")] = float(sample[3])
    return found


def test_what_came_what_was_refused_and_how_long_it_took_are_counted(place: Place) -> None:
    place.sends("visit_ended", {"visit_id": "07" * 16})
    body = {"customer_id": ANNA.hex(), "purpose": "recognition", "recipient": HERE, "gen": 1}
    place.sends("consent_withdrawn", body)
    first = wire.Envelope("box-1", 1, 1, wire.SCHEMA, bytes(32).hex())
    place.run(place.hub.take(first, []))  # nothing in it is new
    client = place.phone()
    for path in ("/nowhere", f"{wire.FEED_PATH}?part=shop:s1&after=0", "/hq/fleet"):
        client.get(path)
    with on_the_line(place) as box:
        box.get(wire.FEED_PATH, params={"part": "shop:s1", "after": 0, "wait": 0})
        box.get(wire.FEED_PATH, params={"part": "shop:s2", "after": 0, "wait": 5})
    found = read(place)
    assert (found["welkom_hub_uploads_total"], found["welkom_hub_facts_total"]) == (3, 2)
    assert found['welkom_hub_dead_letters_total{code="UNKNOWN_CUSTOMER"}'] == 1
    for code in ("UNSIGNED", "NOT_FOUND", "NOT_YOURS"):
        assert found[f'welkom_hub_refusals_total{{code="{code}"}}'] == 1
    asked = {"": 404, wire.FEED_PATH: 200, f"{wire.FEED_PATH}?wait": 403, "/hq/fleet": 200}
    for route, status in asked.items():
        assert found[f'welkom_hub_requests_total{{route="{route}",status="{status}"}}'] == 1
    both = f'route="{wire.FEED_PATH}"'  # the unsigned one too
    assert found[f"welkom_hub_request_seconds_count{{{both}}}"] == 2
    bucket = f"welkom_hub_request_seconds_bucket{{{both}"
    buckets = [count for name, count in found.items() if name.startswith(bucket)]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 2
    assert found[f"welkom_hub_request_seconds_sum{{{both}}}"] > 0


def test_of_boxes_that_said_nothing_there_is_no_sample_and_then_the_worst_of_all(place: Place) -> None:
    before = read(place)
    unknown = {"welkom_hub_outbox_oldest_seconds", "welkom_hub_outbox_waiting", "welkom_hub_feed_lag_rows"}
    assert not unknown & set(before)
    assert (before['welkom_hub_boxes{mood="out"}'], before["welkom_hub_receipts_open"]) == (1, 0)
    hook = hooks.Hook("crm", "https://crm.example", frozenset(), b"", None, None, None, None)
    place.run(place.hub.db.apply(hooks.add_hook, hook))
    place.add()
    words = {"purpose": "recognition", "recipient": HERE}
    place.run(place.hub.change(consents.withdraw, ANNA, **words, now_ms=place.hub.now_ms()))
    say(place, outbox=3, outbox_oldest_s=600, main=2)
    found = read(place)
    assert (found["welkom_hub_outbox_oldest_seconds"], found["welkom_hub_outbox_waiting"]) == (600, 3)
    assert found["welkom_hub_feed_lag_rows"] == found["welkom_hub_feed_rows_total"] - 2 - 2  # two are urgent
    assert found["welkom_hub_feed_age_seconds"] >= 0
    assert (found['welkom_hub_boxes{mood="look"}'], found["welkom_hub_receipts_open"]) == (1, 1)
    assert (found['welkom_hub_webhooks{state="well"}'], found["welkom_hub_webhook_messages_waiting"]) == (
        1,
        1,
    )
    assert found["welkom_hub_disk_free_bytes"] > 0
    told = place.phone().get("/metrics").text
    for name in ("box-1", "s1", "Amersfoort", "crm", "Vries", ANNA.hex()):
        assert name not in told


def test_who_waits_is_counted_while_they_do(place: Place) -> None:
    def waiting(*expected: int) -> None:
        names = [f'welkom_hub_waiting{{kind="{kind}"}}' for kind in ("polls", "streams", "pages")]
        until = time.monotonic() + PATIENT_S
        while (found := tuple(read(place)[name] for name in names)) != expected:
            assert time.monotonic() < until, found
            time.sleep(0.01)

    def poll() -> None:
        with on_the_line(place) as box:
            box.get(wire.FEED_PATH, params={"part": "shop:s1", "after": 0, "wait": 25}, timeout=PATIENT_S)

    polling = threading.Thread(target=poll)
    polling.start()
    with on_the_line(place) as box, box.stream("GET", URGENT_PATH), place.phone().stream("GET", "/hq/live"):
        waiting(1, 1, 1)
        assert read(place)["welkom_hub_boxes_connected"] == 1
        place.add()
        polling.join(PATIENT_S)
        waiting(0, 1, 1)
    waiting(0, 0, 0)


def test_they_are_for_the_hubs_own_machine(place: Place) -> None:
    for heads in ({"x-forwarded-for": "10.0.0.1"}, {"host": "hub.example"}):
        assert place.phone().get("/metrics", headers=heads).status_code == 403


def test_each_number_has_its_row_in_the_engineers_page() -> None:
    page = (ROOT / "sync" / "hub" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(welkom_hub_\w+)` \| (\w+) \| (.+) \|$", page, flags=re.MULTILINE)
    assert {name: (kind, what) for name, kind, what in rows} == METRICS
