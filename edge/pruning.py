"""What has been kept long enough goes, in slices with room for taps between, and out of the files' pages too."""

import asyncio
from collections.abc import Callable
from functools import partial

from edge import outbox
from edge.advice import outcomes
from edge.advice import tables as advice
from edge.consent.retention import DAY_MS
from edge.facts import Fact
from edge.guests import tables as stays
from edge.house import House
from edge.insight import tables as insight
from edge.kit import sweeping
from edge.kit.sqlite import Database
from edge.looks import tables as chain
from edge.recognition import marks, tables
from edge.shop import tables as shop
from edge.staff import deeds, drafts
from edge.staff import tables as staff
from edge.visits import tables as visits
from edge.visits import view_log


async def prune(db: Database[Fact], *, now_ms: int, alone: bool) -> None:
    """Drop what has been kept as long as `edge.consent.retention` says, in slices; `alone`: without a hub."""
    for dropped in (
        partial(outbox.prune, now_ms=now_ms),
        partial(advice.prune, now_ms=now_ms),
        partial(outcomes.prune, now_ms=now_ms),
        partial(visits.prune, now_ms=now_ms, acked=not alone),
        partial(view_log.prune_views, now_ms=now_ms),
        partial(chain.prune, now_ms=now_ms, alone=alone),
        partial(deeds.prune, now_ms=now_ms),
        partial(marks.prune, now_ms=now_ms),
    ):
        while await db.forget(dropped):
            pass
    await _each_slice(db, advice.drop_stopped, before_ms=now_ms - DAY_MS)
    await db.forget(stays.prune, now_ms=now_ms)
    await db.forget(shop.prune, now_ms=now_ms)
    await db.forget(staff.prune, now_ms=now_ms)
    await db.forget(drafts.drop_old, now_ms=now_ms)
    await db.forget(insight.prune)


async def _each_slice(db: Database[Fact], act: Callable[..., bytes | None], **words: int) -> None:
    """Run an act that deletes over everybody, a slice of customers at a time: taps have the writer in between."""
    place: bytes | None = b""
    while place is not None:
        place = await db.forget(act, place, **words)
        await asyncio.sleep(0.01)


async def sweep(house: House, now_ms: int) -> None:
    """Take what was deleted out of the files' pages too: at night, and by day where that is quick."""
    await house.db.sweep(most=sweeping.most(now_ms, house.config.shop.timezone))


async def drop_expired(house: House, now_ms: int) -> None:
    """Delete the personal values whose time is over: no page shows them, and no disk is to keep them."""
    await _each_slice(house.db, tables.drop_expired, now_ms=now_ms)
    if house.health.alone:
        await _each_slice(house.db, tables.drop_stopped, before_ms=now_ms - DAY_MS)
    await house.db.scrub()
