"""The agent with the appliance's own outbox and replica in its hands, against the real hub."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import get_args

import httpx
import pytest

from edge.centre import forget_some_of_replica
from edge.consent.facts import ConsentWithdrawn
from edge.facts import Fact
from edge.files import prepare
from edge.kit.clock import ShopTime, SystemClock
from edge.kit.sqlite import Database
from edge.line import carried_out
from edge.outbox import kind_of
from edge.recognition import tables as recognition
from edge.recognition.profile import read
from edge.recognition.rules import Found, credential
from edge.record import record
from edge.refusals import Refusals
from edge.uplink import Uplink
from edge.visits.facts import VisitStarted
from sync import wire
from sync.agent import Agent
from sync.hub import consents, lost
from sync.hub.verdicts import KINDS
from tests.sync.centre import (
    ANNA,
    HERE,
    KEYS,
    SECRETS,
    SHOP_KEY,
    Centre,
    Said,
    customer,
    now_ms,
    open_centre,
)
from tests.sync.shop import events_at

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def appliance(
    centre: Centre, client: httpx.AsyncClient | None = None, refusals: Refusals | None = None
) -> AsyncGenerator[tuple[Database[Fact], Agent], None]:
    """The appliance's files and its agent, on the line of `centre`."""
    files = prepare(centre.state / "edge", log=Said())
    db: Database[Fact] = await Database.open(files.journal, attach={"replica": files.replica}, record=record)

    async def applied(rows: Sequence[wire.Row]) -> None:
        assert rows

    try:
        box = Uplink(db, SECRETS, ShopTime(SystemClock()), on_applied=applied)

        async def first() -> None:
            await carried_out(db, agent.asking, log=centre.said, refused=refused)

        refused = refusals or Refusals()
        agent = centre.agent_of(box, client=client, before_facts=first)
        yield db, agent
    finally:
        await db.close()


def found(db: Database[Fact], number: str = "LOYALTY-0001") -> object:
    presented = credential(KEYS.chain_key, SHOP_KEY, "barcode", number)
    assert presented is not None
    return recognition.find(db.reader, presented, recipient=HERE, now_ms=now_ms())


def shown(db: Database[Fact]) -> dict[str, object]:
    profile = read(db.reader, ANNA, role="staff", recipient=HERE, now_ms=now_ms(), kek=SECRETS.kek)
    return dict(profile.values)


async def test_a_customer_made_at_the_hub_is_known_and_shown_in_the_shop(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        assert found(db) is None
        await centre.hub.add_customers(["s1"], [customer()])
        await agent.once()
        assert found(db) == Found(customer_id=ANNA, blocked=False, may_recognise=True)
        assert shown(db) == {"name": "A. de Vries", "points": 120}


async def test_what_is_withdrawn_blocked_or_erased_at_the_hub_holds_in_the_shop(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [customer()])
        await agent.once()
        await centre.hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
        await agent.once()
        assert shown(db) == {"points": 120}
        await centre.hub.change(lost.block, KEYS, kind="number", value="LOYALTY-0001", now_ms=1)
        await agent.once()
        assert found(db) == Found(customer_id=ANNA, blocked=True, may_recognise=False)
        await centre.hub.erase(ANNA)
        await agent.once()
        assert shown(db) == {}
        (keys,) = db.reader.execute("SELECT count(*) FROM replica.customer_key").fetchone()
        assert keys == 0


async def test_facts_of_the_appliance_are_taken_in_exactly_once_over_a_bad_line(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(["s1"], [customer()])
        visit = VisitStarted(
            visit_id=b"v" * 16,
            customer_id=ANNA,
            reader="counter-1",
            how="tap",
            evidence="strong",
            at_ms=now_ms(),
        )
        gone = ConsentWithdrawn(
            customer_id=ANNA, purpose="recognition", recipient=HERE, gen=1, at_ms=now_ms()
        )
        await db.write(lambda conn: [visit, gone])
        centre.line.faults.extend(["ok", "mute"])
        with pytest.raises(wire.Unreachable):
            await agent.once()
        await agent.once()
        assert [(seq, kind, code) for seq, kind, _, code in events_at(centre.hub.db.reader)] == [
            (1, "visit_started", None),
            (2, "consent_withdrawn", None),
        ]
        (state,) = centre.hub.db.reader.execute(
            "SELECT state FROM consent WHERE purpose='recognition'"
        ).fetchone()
        assert state == "withdrawn"


async def test_every_kind_of_fact_the_appliance_has_is_known_to_the_hub() -> None:
    assert {kind_of(kind.__new__(kind)) for kind in get_args(Fact)} == KINDS


async def test_a_replica_is_emptied_in_pieces_and_its_cursors_go_last(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        await centre.hub.add_customers(
            ["s1"], [customer(bytes([n]) * 16, number=str(n)) for n in range(1, 6)]
        )
        await agent.once()
        cursors = db.reader.execute("SELECT part, seq FROM replica.feed_cursor").fetchall()
        pieces = 0
        while await db.apply(forget_some_of_replica, most=7):
            pieces += 1
            (held,) = db.reader.execute("SELECT count(*) FROM replica.trait").fetchone()
            if held:
                assert db.reader.execute("SELECT part, seq FROM replica.feed_cursor").fetchall() == cursors
        assert pieces > 3
        for table in ("customer", "customer_key", "trait", "credential", "consent", "feed_cursor"):
            assert db.reader.execute(f"SELECT count(*) FROM replica.{table}").fetchone() == (0,), table
        await agent.once()
        assert db.reader.execute("SELECT count(*) FROM replica.customer").fetchone() == (5,)
