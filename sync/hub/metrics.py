"""`/metrics` of a hub, for whoever keeps it running: what this process counted, and how all boxes do together.

For this machine alone, as headquarters' pages are. Nothing in it names a box, a shop or anybody. What is counted
costs no statement; what the tables know is read when it is asked for, as the fleet page reads it.
"""

import shutil
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Final

from litestar import Response

from edge.kit.exposition import MEDIA_TYPE, Samples, labels, text
from edge.kit.sql import Connection
from sync.hub.hq import fleet
from sync.hub.portal.guard import Asked
from sync.hub.portal.pages import NO_STORE, Pages
from sync.hub.store import FILE
from sync.hub.tables import devices, hooks
from sync.hub.tables import feed as partitions
from sync.hub.tally import BOUNDS_S, Tally

if TYPE_CHECKING:
    from sync.hub.app import Hub

# name -> type and help, in the order of the table in README.md.
METRICS: Final[dict[str, tuple[str, str]]] = {
    "welkom_hub_uploads_total": ("counter", "Uploads that were taken in."),
    "welkom_hub_facts_total": ("counter", "Facts that were new in them."),
    "welkom_hub_dead_letters_total": ("counter", "Facts among those that could not be used, by code."),
    "welkom_hub_refusals_total": ("counter", "Requests that were refused once they were read, by code."),
    "welkom_hub_requests_total": (
        "counter",
        "Answers by route and status; no route: none was found, or unread.",
    ),
    "welkom_hub_request_seconds": ("histogram", "Until an answer began, by route."),
    "welkom_hub_waiting": ("gauge", "Long polls and streams of boxes, and pages, that are open."),
    "welkom_hub_epoch": ("gauge", "Which life of the hub this is."),
    "welkom_hub_feed_rows_total": ("counter", "Rows that were ever put into the partitions."),
    "welkom_hub_feed_age_seconds": (
        "gauge",
        "Since this process saw a partition grow; missing until it did.",
    ),
    "welkom_hub_boxes": ("gauge", "Boxes by what the fleet page says of them."),
    "welkom_hub_boxes_connected": ("gauge", "Boxes that are on the line with this process."),
    "welkom_hub_feed_lag_rows": ("gauge", "How many rows the box that is furthest behind lacks."),
    "welkom_hub_outbox_oldest_seconds": (
        "gauge",
        "Age of the oldest fact that waits in any box, as they last said.",
    ),
    "welkom_hub_outbox_waiting": ("gauge", "Facts that wait in all boxes, as they last said."),
    "welkom_hub_receipts_open": (
        "gauge",
        "Erasures, stops and blocks that boxes have not shown to have done.",
    ),
    "welkom_hub_webhooks": ("gauge", "Webhooks by how they do."),
    "welkom_hub_webhook_messages_waiting": ("gauge", "What webhooks are still to be told."),
    "welkom_hub_disk_free_bytes": ("gauge", "Room left where the state folder lies."),
    "welkom_hub_wal_bytes": ("gauge", "Size of the write-ahead log of hub.db; missing on PostgreSQL."),
}


async def metrics(pages: Pages, asked: Asked) -> Response[str]:
    """`GET /metrics`: Prometheus text format 0.0.4."""
    hub = pages.hub
    values = {**counted(hub.tally), **waiting(hub), **boxes(await fleet.boxes(hub)), **disk(hub)}
    values |= await hub.db.view(kept)
    return Response(text(METRICS, values), media_type=MEDIA_TYPE, headers=NO_STORE)


def counted(tally: Tally) -> dict[str, Samples]:
    """What this process counted since its start."""
    return {
        "welkom_hub_uploads_total": [("", tally.uploads)],
        "welkom_hub_facts_total": [("", tally.facts)],
        "welkom_hub_dead_letters_total": _by("code", tally.letters),
        "welkom_hub_refusals_total": _by("code", tally.refusals),
        "welkom_hub_requests_total": [
            (labels(route=route, status=str(status)), count)
            for (route, status), count in sorted(tally.answers.items())
        ],
        "welkom_hub_request_seconds": [
            each for route in sorted(tally.slots) for each in _seconds(tally, route)
        ],
    }


def waiting(hub: "Hub") -> dict[str, Samples]:
    """Who waits for this process, and since when there was nothing to wake them for."""
    grown_s, now = hub.bell.grown_s, hub.bell.waiting()
    return {
        "welkom_hub_waiting": _by("kind", now._asdict()),
        "welkom_hub_feed_age_seconds": [] if grown_s is None else [("", time.monotonic() - grown_s)],
    }


def boxes(found: Sequence[fleet.Box]) -> dict[str, Samples]:
    """How all boxes do together; of what none has said there is no sample."""
    said = [each.status for each in found if each.status is not None]
    lags = [each.lag_rows for each in found if each.lag_rows is not None]
    moods: dict[str, int] = dict.fromkeys(fleet.MOODS, 0)
    moods |= Counter[str](each.mood for each in found)
    return {
        "welkom_hub_boxes": _by("mood", moods),
        "welkom_hub_boxes_connected": [("", sum(each.connected for each in found))],
        "welkom_hub_feed_lag_rows": [("", max(lags))] if lags else [],
        "welkom_hub_outbox_oldest_seconds": [("", max(each.outbox_oldest_s for each in said))]
        if said
        else [],
        "welkom_hub_outbox_waiting": [("", sum(each.outbox for each in said))] if said else [],
        "welkom_hub_receipts_open": [("", sum(each.receipts for each in found))],
    }


def kept(conn: Connection) -> dict[str, Samples]:
    """What the tables know besides."""
    told = Counter(_state(each) for each in hooks.every(conn))
    return {
        "welkom_hub_epoch": [("", devices.hub_epoch(conn))],
        "welkom_hub_feed_rows_total": [("", partitions.total(conn))],
        "welkom_hub_webhooks": _by("state", dict.fromkeys(("well", "failing", "ended"), 0) | told),
        "welkom_hub_webhook_messages_waiting": [("", sum(hooks.waiting(conn).values()))],
    }


def _state(hook: hooks.Hook) -> str:
    if hook.ended_ms is not None:
        return "ended"
    return "well" if hook.failing_ms is None else "failing"


def disk(hub: "Hub") -> dict[str, Samples]:
    state = hub.config.state
    log = [] if hub.config.database else [("", float(_size(state / f"{FILE}-wal")))]
    return {
        "welkom_hub_disk_free_bytes": [("", shutil.disk_usage(state).free)],
        "welkom_hub_wal_bytes": log,
    }


def _by(label: str, counts: dict[str, int]) -> Samples:
    return [(labels(**{label: name}), count) for name, count in counts.items()]


def _seconds(tally: Tally, route: str) -> Samples:
    """A histogram: each bucket counts what took as long or less."""
    counts = list(accumulate(tally.slots[route]))
    bounds = [*map(str, BOUNDS_S), "+Inf"]
    found = [("_bucket" + labels(route=route, le=le), n) for le, n in zip(bounds, counts, strict=True)]
    whole = labels(route=route)
    return [*found, (f"_sum{whole}", tally.seconds[route]), (f"_count{whole}", counts[-1])]


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):
        return path.stat().st_size
    return 0
