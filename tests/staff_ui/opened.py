"""A house as the composition root opens it, without readers and hub, on clocks that tests move."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.advice.advisor import Advisor
from edge.advice.process import Worker
from edge.app import helpers_of
from edge.config import Config
from edge.counter import Counter
from edge.files import high_water_ms
from edge.health import Health
from edge.house import House
from edge.keys import NAMES, Keys
from edge.kit.child import Start
from edge.kit.clock import ShopTime, SystemClock
from edge.kit.ids import uuid7_source
from edge.kit.sqlite import Database
from edge.live import Live
from edge.radio import open_radio
from edge.recognition.names import Names
from edge.recognition.search import SearchIndex
from edge.record import record
from edge.watch import ReaderState
from tests.fresh import shop_files


class MovedClock(SystemClock):
    """The machine's clocks, moved: `wall` alone (someone set the clock) or both (time went by)."""

    def __init__(self) -> None:
        self.wall_by_ms = 0
        self.both_by_ms = 0

    def wall_ms(self) -> int:
        return super().wall_ms() + self.wall_by_ms + self.both_by_ms

    def monotonic_ms(self) -> int:
        return super().monotonic_ms() + self.both_by_ms

    def at_hour(self, hour: int) -> None:
        """Move on to `hour`:41 of tomorrow in the shop."""
        now = datetime.fromtimestamp(self.wall_ms() / 1000, ZoneInfo("Europe/Amsterdam"))
        then = now.replace(hour=hour, minute=41, second=5)
        self.both_by_ms += int((then - now).total_seconds() * 1000) + 24 * 3_600_000


@asynccontextmanager
async def open_house(state: Path, *, config: Config, clock: MovedClock, log: Any) -> AsyncIterator[House]:
    """As the composition root opens it, without readers and hub."""
    files = shop_files(state, log=log)
    keys = Keys(**{name: bytes([number]) * 32 for number, name in enumerate(NAMES, 1)})
    db: Database[Any] = await Database.open(
        files.journal, attach={"replica": files.replica}, record=record, synchronous="OFF"
    )
    try:
        time, live, new_id = (
            ShopTime(clock, high_water_ms=high_water_ms(db.reader)),
            Live(),
            uuid7_source(clock),
        )
        counter = Counter(
            db,
            live,
            time,
            new_id,
            keys,
            recipient=config.shop.recipient,
            quiet_ms=config.visits.quiet_min * 60_000,
            unlocking=frozenset(config.wallet.unlocking.split()),
        )
        health = Health(
            online=True, online_since_ms=time.now_ms(), readers={"counter-1": ReaderState(up=True)}
        )

        def advised() -> None:
            health.advice_down = advisor.condition.down
            live.tell("visits")

        worker = Worker(Start(str(files.journal), str(files.replica), config.shop.recipient, keys.kek))
        advisor = Advisor(
            db,
            time,
            worker,
            recipient=config.shop.recipient,
            timezone=config.shop.timezone,
            tell=advised,
            log=log,
        )
        db.listeners.append(advisor.heard)
        radio = (
            open_radio(
                config,
                db,
                live,
                time,
                new_id,
                journal=files.journal,
                replica=files.replica,
                kek=keys.kek,
                log=log,
            )
            if config.presence.floor.exists()
            else None
        )
        beat = asyncio.create_task(radio._beats(_plainly)) if radio is not None else None
        yield House(
            config=config,
            keys=keys,
            db=db,
            live=live,
            time=time,
            new_id=new_id,
            counter=counter,
            names=Names(recipient=config.shop.recipient, kek=keys.kek, log=log),
            search=SearchIndex(),
            health=health,
            log=log,
            advisor=advisor,
            radio=radio,
            helpers=helpers_of(config, log),
        )
        if beat is not None:
            beat.cancel()
    finally:
        await db.close()


async def _plainly(doing: Awaitable[object]) -> None:
    await doing
