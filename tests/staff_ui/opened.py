"""A house as the composition root opens it, without readers and hub, on clocks that tests move."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from edge.building import build
from edge.config import Config
from edge.files import high_water_ms
from edge.health import Health
from edge.house import House
from edge.keys import NAMES, Keys
from edge.kit.clock import ShopTime, SystemClock
from edge.kit.ids import uuid7_source
from edge.kit.sqlite import Database
from edge.record import record
from edge.watch import ReaderState
from tests.fresh import shop_files


class MovedClock(SystemClock):
    """The machine's clocks, moved: `wall` alone (someone set the clock) or both (time went by)."""

    def __init__(self) -> None:
        self.wall_by_ms = 0
        self.both_by_ms = 0
        self._stood: tuple[int, int] | None = None  # the machine's own two, when they were stopped

    def wall_ms(self) -> int:
        wall_ms = self._stood[0] if self._stood else super().wall_ms()
        return wall_ms + self.wall_by_ms + self.both_by_ms

    def monotonic_ms(self) -> int:
        monotonic_ms = self._stood[1] if self._stood else super().monotonic_ms()
        return monotonic_ms + self.both_by_ms

    def stand_still(self) -> None:
        """From here on time goes by where a test says so, and nowhere else: not while a busy machine stalls."""
        self._stood = super().wall_ms(), super().monotonic_ms()

    def at_hour(self, hour: int) -> None:
        """Move on to `hour`:41 of tomorrow in the shop."""
        now = datetime.fromtimestamp(self.wall_ms() / 1000, ZoneInfo("Europe/Amsterdam"))
        then = now.replace(hour=hour, minute=41, second=5)
        self.both_by_ms += int((then - now).total_seconds() * 1000) + 24 * 3_600_000


@asynccontextmanager
async def open_house(state: Path, *, config: Config, clock: MovedClock, log: Any) -> AsyncIterator[House]:
    """The whole house, on files that do not wait for the disk; of its parts only the radio's beat runs."""
    files = shop_files(state, log=log)
    keys = Keys(**{name: bytes([number]) * 32 for number, name in enumerate(NAMES, 1)})
    db: Database[Any] = await Database.open(
        files.journal, attach={"replica": files.replica}, record=record, synchronous="OFF"
    )
    try:
        time = ShopTime(clock, high_water_ms=high_water_ms(db.reader))
        up = {"counter-1": ReaderState(up=True)}
        house = build(
            config,
            keys,
            files=files,
            db=db,
            time=time,
            new_id=uuid7_source(clock),
            health=Health(online=True, online_since_ms=time.now_ms(), readers=up),
            log=log,
        )
        beat = asyncio.create_task(house.radio._beats(_plainly)) if house.radio is not None else None
        yield house
        if beat is not None:
            beat.cancel()
    finally:
        await db.close()


async def _plainly(doing: Awaitable[object]) -> None:
    await doing
