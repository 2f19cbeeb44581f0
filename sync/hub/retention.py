"""Deletes what has been kept as long as it may be (`edge.consent.retention`), each hour, in slices."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from edge.consent.retention import DAY_MS, LOOKS_MS, UNDO_MS, VISITS_MS
from edge.kit import sweeping
from edge.kit.sql import Connection
from sync.hub import wallet
from sync.hub.hq import reports
from sync.hub.rounds import keep_on
from sync.hub.tables import feed as partitions
from sync.hub.tables import looks as chains
from sync.hub.tables import retention as tables
from sync.hub.tables.feed import Moved

if TYPE_CHECKING:
    from sync.hub.app import Hub

EVERY_S: Final = 3_600.0


def expire(conn: Connection, *, now_ms: int) -> list[Moved]:
    """Delete a slice of traits whose time is over, or whose profiling was stopped a day ago; their customers' rows go
    to the shops without them."""
    gone = tables.drop_expired(conn, now_ms=now_ms) or tables.drop_stopped(conn, before_ms=now_ms - DAY_MS)
    return partitions.publish(conn, wallet.rows(conn, gone))


def drop(conn: Connection, *, now_ms: int) -> int:
    """Delete a slice of all else; how many rows went."""
    chains.prune(conn, before_ms=now_ms - LOOKS_MS)
    gone = tables.drop_ended(conn, now_ms=now_ms)
    gone += tables.drop_undo(conn, before_ms=now_ms - UNDO_MS)
    return gone + tables.drop_happenings(conn, before_ms=now_ms - VISITS_MS)


async def tidy(hub: "Hub") -> None:
    """All that is due, and at night what erasures by day left for it (`edge.kit.sweeping`)."""
    now_ms = hub.now_ms()
    gone = 0
    # What is counted of people is counted before it goes.
    while await hub.db.apply(reports.close, hub.keys, now_ms=now_ms):
        pass
    while moved := await hub.change(expire, now_ms=now_ms):
        gone += len(moved)
    while dropped := await hub.db.apply(drop, now_ms=now_ms):
        gone += dropped
    for device_id, epoch in await hub.db.read(tables.histories):
        while blanked := await hub.db.apply(
            tables.blank_facts, device_id, epoch, before_ms=now_ms - LOOKS_MS
        ):
            gone += blanked
    if gone:
        await hub.db.sweep_small()
    await hub.db.sweep(most=sweeping.most(now_ms, hub.config.timezone))


async def keep_tidy(hub: "Hub", *, rest: Callable[[], float] = lambda: EVERY_S) -> None:
    """`tidy` until cancelled; what fails is said, and tried again."""
    await keep_on(lambda: tidy(hub), rest=rest, log=hub.log, failed="retention_failed")
