"""Deletes what has been kept as long as it may be (`edge.consent.retention`), each hour, in slices."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from edge.consent.retention import DAY_MS, keep_ms
from edge.kit import sweeping
from edge.kit.sql import Connection
from sync.hub import nobodys, wallet
from sync.hub.hq import reports
from sync.hub.rounds import keep_on
from sync.hub.tables import feed as partitions
from sync.hub.tables import looks as chains
from sync.hub.tables import retention as tables
from sync.hub.tables.feed import Moved
from sync.hub.tables.happenings import SELF

if TYPE_CHECKING:
    from sync.hub.app import Hub

EVERY_S: Final = 3_600.0
GRACE_MS: Final = DAY_MS  # after a stop or the end of a yes


def expire(conn: Connection, *, now_ms: int) -> tuple[int, list[Moved]]:
    """Delete a slice of traits whose time is over, or whose purpose was stopped or lost its yes a day ago.

    Of how many customers, and what that moved in the feed: there are shops only where they are resident.
    """
    gone = tables.drop_expired(conn, now_ms=now_ms) or tables.drop_stopped(conn, before_ms=now_ms - GRACE_MS)
    return len(gone), partitions.publish(conn, wallet.rows(conn, gone))


def drop(conn: Connection, *, now_ms: int) -> int:
    """Delete a slice of all else; how many rows went."""

    def before(table: str) -> int:
        return now_ms - keep_ms("hub", table)

    chains.prune(conn, before_ms=before("look"))
    gone = tables.drop_ended(conn, now_ms=now_ms)
    gone += tables.blank_nobodys(conn, before_ms=now_ms - nobodys.KEEP_MS)
    gone += tables.drop_undo(conn, before_ms=before("import_row"))
    gone += tables.drop_of_programs(
        conn, answered_ms=before("api_answer"), ended_ms=before("webhook_message")
    )
    gone += tables.drop_stopped_happenings(conn, before_ms=now_ms - GRACE_MS, but=SELF)
    return gone + tables.drop_happenings(conn, before_ms=before("happening"))


async def tidy(hub: "Hub") -> None:
    """All that is due, by a sure clock, and at night what erasures by day left for it (`edge.kit.sweeping`)."""
    now_ms = hub.sure_ms()
    if now_ms is None:
        hub.log("retention_waits", hint="the clock jumped by more than a day: nothing is deleted for a day")
    elif await _drop_due(hub, now_ms):
        await hub.db.sweep_small()
    await hub.db.sweep(most=sweeping.most(hub.now_ms(), hub.config.timezone))


async def _drop_due(hub: "Hub", now_ms: int) -> int:
    """Delete all that is due; how many rows, and customers who lost values."""
    gone = 0
    # What is counted of people is counted before it goes.
    while await hub.db.apply(reports.close, hub.keys, now_ms=now_ms):
        pass
    while True:
        expired, moved = await hub.db.forget(expire, now_ms=now_ms)
        hub.announce(moved)
        gone += expired
        if not expired:
            break
    while dropped := await hub.db.forget(drop, now_ms=now_ms):
        gone += dropped
    for device_id, epoch in await hub.db.read(tables.histories):
        while blanked := await hub.db.forget(
            tables.blank_facts, device_id, epoch, before_ms=now_ms - keep_ms("hub", "event")
        ):
            gone += blanked
    return gone


async def keep_tidy(hub: "Hub", *, rest: Callable[[], float] = lambda: EVERY_S) -> None:
    """`tidy` until cancelled; what fails is said, and tried again."""
    await keep_on(lambda: tidy(hub), rest=rest, log=hub.log, failed="retention_failed")
