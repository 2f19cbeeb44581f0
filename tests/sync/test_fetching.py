"""A replica fetched whole: what stands in it, that nothing is lost or comes back meanwhile, and that it resumes."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from edge.facts import Fact
from edge.fetching.places import Places
from edge.fetching.staging import Fetching
from edge.files import Files, prepare
from edge.kit.clock import ShopTime, SystemClock
from edge.kit.sqlite import Database
from edge.record import record
from edge.replica import Seals
from edge.uplink import Uplink
from sync import wire
from sync.agent import Agent
from sync.hub import consents, people
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from tests.sync.centre import DEVICE_KEY, HERE, KEYS, Centre, Said, open_centre
from tests.sync.test_appliance import SECRETS

pytestmark = pytest.mark.anyio
MAIN, URGENT = wire.main_part("s1"), wire.urgent_part("s1")
MANY = 420  # five rows each: more than a page


def someone(number: int) -> NewCustomer:
    return NewCustomer(
        number.to_bytes(16),
        {"name": f"Klant {number}", "points": number},
        [("number", f"CARD-{number}")],
        [NewConsent("saving", HERE), NewConsent("recognition", HERE)],
    )


@dataclass
class Box:
    """An appliance that can fetch its replica whole."""

    db: Database[Fact]
    agent: Agent
    uplink: Uplink
    places: Places
    told: list[str] = field(default_factory=list)

    def table(self, name: str, columns: str = "*") -> list[tuple[Any, ...]]:
        return sorted(self.db.reader.execute(f"SELECT {columns} FROM replica.{name}").fetchall(), key=repr)


@asynccontextmanager
async def box(centre: Centre, name: str = "edge", *, whole: bool = True) -> AsyncGenerator[Box, None]:
    files: Files = prepare(centre.state / name, log=Said())
    db: Database[Fact] = await Database.open(files.journal, attach={"replica": files.replica}, record=record)

    async def ignore(*_: object) -> None:
        return

    uplink = Uplink(db, SECRETS, ShopTime(SystemClock()), on_applied=ignore)
    places, told = Places(files.replica), []

    async def swapped() -> None:
        told.append("swapped")

    staging = Fetching(
        db,
        places,
        Seals.of(SECRETS),
        shop="s1",
        turn=uplink.turn,
        on_begun=lambda: told.append("begun"),
        on_swapped=swapped,
    )
    agent = Agent(
        uplink,
        centre.client,
        device="box-1",
        shop="s1",
        key=DEVICE_KEY,
        wall_ms=lambda: time.time_ns() // 1_000_000,
        log=centre.said,
        staging=staging if whole else None,
    )
    try:
        yield Box(db, agent, uplink, places, told)
    finally:
        await staging.rest()
        await db.close()


def same(one: Box, other: Box) -> None:
    """Both replicas hold the same; sealed keys differ in their nonce alone, so their number is compared."""
    for name in ("customer", "trait", "credential", "consent", "product", "stock", "feed_cursor"):
        assert one.table(name) == other.table(name), name
    assert one.table("customer_key", "customer_id, length(wrapped)") == other.table(
        "customer_key", "customer_id, length(wrapped)"
    )


async def test_a_snapshot_and_the_tail_leave_what_the_tail_from_zero_leaves(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], map(someone, range(MANY)))
        for number in range(0, 40, 4):
            await hub.change(
                consents.withdraw, number.to_bytes(16), purpose="recognition", recipient=HERE, now_ms=1
            )
            await hub.change(people.block, KEYS, kind="number", value=f"CARD-{number + 1}")
            await hub.erase((number + 2).to_bytes(16))
        async with box(centre, "whole") as new, box(centre, "tail", whole=False) as old:
            await new.agent.once()
            assert new.told[-1] == "swapped"
            await hub.add_customers(["s1"], map(someone, range(MANY, MANY + 3)))
            await hub.erase((3).to_bytes(16))
            await new.agent.once()
            await old.agent.once()
            assert old.told == []
            same(new, old)
            assert len(new.table("customer", "id")) == MANY + 3 - 11
            indexes = "SELECT name, sql FROM replica.sqlite_schema WHERE type='index' ORDER BY name"
            assert new.db.reader.execute(indexes).fetchall() == old.db.reader.execute(indexes).fetchall()
            assert new.db.reader.execute("PRAGMA replica.journal_mode").fetchone() == ("wal",)
            assert not any(
                path.exists() for path in (new.places.packed, new.places.staging, new.places.ticket)
            )
