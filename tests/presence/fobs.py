"""A shop whose customers have fobs, with a lookout and its real worker process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from drivers.codecs.radio.eid import eid
from edge.consent.facts import ConsentWithdrawn
from edge.kit.child import Start
from edge.presence import beacons
from edge.presence.devices import Device
from edge.presence.lookout import Lookout
from edge.presence.process import Worker
from tests.kit.clocks import HandClock
from tests.patience import PATIENT_S
from tests.tables.floor import KEYS, RECIPIENT, Floor, Person, open_floor

BOTH = ("recognition", "location")


def fob(number: int, *, exponent: int = 10, zero_s: int = 1_700_000_123) -> Device:
    return Device(number.to_bytes(16).hex(), bytes([number]) * 16, exponent, zero_s)


@dataclass(slots=True)
class FobShop:
    floor: Floor
    lookout: Lookout
    worker: Worker
    events: list[str] = field(default_factory=list)

    async def customer(self, *devices: Device, consents: tuple[str, ...] = BOTH) -> Person:
        person = await self.floor.resident(consents=dict.fromkeys(consents))
        for device in devices:
            await self.give(device, person)
        return person

    async def give(self, device: Device, person: Person) -> None:
        wrapped = self.floor.one(
            f"SELECT wrapped FROM replica.customer_key WHERE customer_id=x'{person.customer_id.hex()}'"
        )
        await self.floor.db.apply(
            partial(
                beacons.give,
                device=device,
                customer_id=person.customer_id,
                wrapped=wrapped,
                kek=KEYS.kek,
                now_ms=self.floor.now_ms,
            )
        )

    def who(self, device: Device, *, ahead_s: float = 0.0) -> str | None:
        """Whose the resolver says it is, what this device says now on a clock that is so much ahead."""
        now_s = self.floor.now_ms / 1000
        said = eid(
            device.identity_key,
            exponent=device.exponent,
            time_s=int(now_s + ahead_s - device.zero_s),
        )
        return self.lookout.resolver(said, now_s)

    async def knows(self, device: Device) -> None:
        """Wait until it is resolved."""
        async with asyncio.timeout(PATIENT_S):
            while self.who(device) is None:  # noqa: ASYNC110  (the worker answers when it has read)
                await asyncio.sleep(0.02)


@asynccontextmanager
async def open_fobs(folder: Path, *, clock: HandClock | None = None) -> AsyncIterator[FobShop]:
    async with open_floor(folder, clock=clock) as floor:
        worker = Worker(Start(str(folder / "journal.db"), str(folder / "replica.db"), RECIPIENT, KEYS.kek))
        events: list[str] = []

        def log(event: str, /, **fields: Any) -> None:
            events.append(event)

        lookout = Lookout(floor.db, floor.time, worker, recipient=RECIPIENT, log=log)
        floor.db.listeners.append(
            lambda facts: lookout.changed(
                fact.customer_id for fact in facts if isinstance(fact, ConsentWithdrawn)
            )
        )
        yield FobShop(floor, lookout, worker, events)


@asynccontextmanager
async def running(shop: FobShop) -> AsyncIterator[FobShop]:
    task = asyncio.create_task(shop.lookout.run())
    try:
        async with asyncio.timeout(PATIENT_S):
            await shop.lookout.ready.wait()
        yield shop
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
