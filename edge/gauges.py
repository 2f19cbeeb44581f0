"""The gauges of what this box keeps and of its line to the hub, for `/metrics`; nothing about anybody."""

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

from edge import centre, outbox
from edge.consent.tables import FOREVER_MS
from edge.house import House
from edge.kit.exposition import Samples, labels

STUCK_S: Final = 120  # the fleet page of headquarters calls a queue stuck after as long
WRITTEN: Final = ("journal", "replica")  # both are written ahead

GAUGES: Final[dict[str, tuple[str, str]]] = {
    "welkom_outbox_oldest_seconds": (
        "gauge",
        "Age of the oldest fact that waits for the hub, 0 when none does.",
    ),
    "welkom_upload_stalled": (
        "gauge",
        "1 when a fact has waited for two minutes on a line that has worked as long.",
    ),
    "welkom_hub_contact_age_seconds": ("gauge", "Since the hub last answered; missing before it did."),
    "welkom_hub_epoch": ("gauge", "Which life of the hub this box knows, 0 before it met its hub."),
    "welkom_outbox_epoch": ("gauge", "Under which epoch this box numbers its facts."),
    "welkom_receipts_open": (
        "gauge",
        "1 when something was deleted or hidden and the hub has no receipt of it yet.",
    ),
    "welkom_lease_remaining_seconds": (
        "gauge",
        "Until consents stop counting here without the hub, 0 when they have; missing without a hub.",
    ),
    "welkom_clock_offset_seconds": (
        "gauge",
        "How far this box's own clock is ahead of the hub's, behind is negative; missing before the hub answered.",
    ),
    "welkom_disk_free_bytes": ("gauge", "Room left where the journal lies."),
    "welkom_wal_bytes": ("gauge", "Size of the write-ahead log of each database."),
}


def values(house: House) -> dict[str, Samples]:
    """A sample is left out where nobody knows it: a number in its place would be an alarm or an all-clear."""
    now_ms, conn, health, state = house.time.now_ms(), house.db.reader, house.health, house.config.store.state
    oldest_ms = outbox.oldest_ms(conn)
    oldest_s = 0.0 if oldest_ms is None else _seconds(now_ms - oldest_ms)
    until_ms, off_ms, epoch = centre.lease_until_ms(conn), house.time.off_ms, outbox.number(conn, 0)[0]
    return {
        "welkom_outbox_oldest_seconds": [("", oldest_s)],
        "welkom_upload_stalled": [
            ("", int(is_stalled(oldest_s, _seconds(now_ms - health.online_since_ms), online=health.online)))
        ],
        "welkom_hub_contact_age_seconds": [("", _seconds(now_ms - health.contact_ms))]
        * bool(health.contact_ms),
        "welkom_hub_epoch": [("", centre.epoch(conn))],
        "welkom_outbox_epoch": [("", epoch)],
        "welkom_receipts_open": [("", int(centre.receipt(conn) is not None))],
        "welkom_lease_remaining_seconds": [("", _seconds(until_ms - now_ms))] * (until_ms != FOREVER_MS),
        "welkom_clock_offset_seconds": [] if off_ms is None else [("", off_ms / 1000)],
        "welkom_disk_free_bytes": [("", shutil.disk_usage(state).free)],
        "welkom_wal_bytes": [(labels(database=name), _size(state / f"{name}.db-wal")) for name in WRITTEN],
    }


def is_stalled(oldest_s: float, online_s: float, *, online: bool) -> bool:
    """Whether facts wait though the line works: the alarm of a stuck queue, not of a shop without a line."""
    return online and oldest_s > STUCK_S and online_s > STUCK_S


def _seconds(passed_ms: int) -> float:
    return max(0, passed_ms) / 1000


def _size(path: Path) -> int:
    with suppress(FileNotFoundError):  # a log that was written back whole may be gone
        return path.stat().st_size
    return 0
