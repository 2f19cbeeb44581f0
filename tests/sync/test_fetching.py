"""A replica fetched whole: what stands in it, that nothing is lost or comes back meanwhile, and that it resumes."""

import shutil
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from edge.facts import Fact
from edge.fetching.places import Places
from edge.fetching.staging import Fetching
from edge.files import Files, prepare
from edge.kit.clock import ShopTime, SystemClock
from edge.kit.sqlite import Database, open_reader
from edge.record import record
from edge.replica import Seals
from edge.uplink import Uplink
from edge.visits.facts import VisitStarted
from sync import wire
from sync.agent import Agent
from sync.hub import consents, lost, receipts
from sync.hub.compaction import compact
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables import devices
from sync.hub.tables import feed as partitions
from sync.snapshot import Manifest
from tests.sync.centre import HERE, KEYS, SECRETS, Centre, Said, open_centre
from tests.sync.test_agent import until

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
    staging: Fetching
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
        turn=uplink.turn,
        on_begun=lambda: told.append("begun"),
        on_swapped=swapped,
    )
    agent = centre.agent_of(uplink, staging=staging if whole else None)
    try:
        yield Box(db, agent, uplink, places, staging, told)
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
            await hub.change(lost.block, KEYS, kind="number", value=f"CARD-{number + 1}", now_ms=1)
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


async def test_a_cut_line_goes_on_where_it_stopped_also_after_a_restart(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], map(someone, range(MANY)))
        async with box(centre) as new:
            # The page that says there is more, the ticket and the first piece come through; then the line is down.
            centre.line.faults.extend(["ok"] * 4 + ["mute"])
            with pytest.raises(wire.Unreachable):
                await new.agent.once()
            assert new.staging.held()[0]
            assert not new.told.count("swapped")
        async with box(centre) as again:
            held = again.staging.held()
            assert held[1] > 0
            centre.line.asked.clear()
            await again.agent.once()
            assert again.told[-1] == "swapped"
            assert len(again.table("customer")) == MANY
            assert [each for each in centre.line.asked if each.endswith("/v1/snapshot")] == []


async def test_a_ticket_of_which_a_power_cut_left_only_the_name_is_none(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, box(centre) as new:
        new.places.packed.write_bytes(b"half of it")
        for left in (b"", bytes(32), b"0" * 31 + b"\0"):
            new.places.ticket.write_bytes(left)
            assert new.staging.held() == ("", 0)
        new.places.ticket.write_bytes(b"0" * 32)
        assert new.staging.held() == ("0" * 32, 10)


async def test_what_is_taken_away_while_a_replica_is_fetched_is_gone_here_at_once_and_in_the_new_one(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], map(someone, range(MANY)))
        async with box(centre) as new:
            loaded = new.staging.finish

            async def meanwhile(manifest: Manifest) -> None:
                await loaded(manifest)
                await centre.hub.change(
                    consents.withdraw, someone(1).customer_id, purpose="recognition", recipient=HERE, now_ms=1
                )
                await centre.hub.erase(someone(2).customer_id)
                await new.agent._drain_urgent()
                (own,) = new.db.reader.execute("SELECT count(*) FROM main.consent").fetchone()
                assert own == 1
                assert new.told.count("swapped") == 0

            new.staging.finish = meanwhile  # type: ignore[method-assign]
            await new.agent.once()
            states = dict(new.table("consent", "hex(customer_id) || purpose, state"))
            assert states[someone(1).customer_id.hex().upper() + "recognition"] == "withdrawn"
            assert someone(2).customer_id not in {id_ for id_, _ in new.table("customer", "id, ver")}
            assert new.told.count("swapped") == 1


async def test_a_snapshot_that_the_hub_did_not_sign_is_thrown_away_and_the_old_replica_stays(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], map(someone, range(MANY)))
        async with box(centre) as new:
            added = new.staging.add

            async def changed(piece: bytes) -> None:
                await added(piece[:-40] + bytes(40))

            new.staging.add = changed  # type: ignore[method-assign]
            with pytest.raises(wire.Refused) as refused:
                await new.agent.once()
            assert refused.value.code in ("BAD_DIGEST", "S11")
            assert new.table("customer") == []
            assert not new.places.packed.exists()


async def test_who_is_erased_takes_the_snapshots_along(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], map(someone, range(MANY)))
        async with box(centre, "one") as one, box(centre, "two") as two:
            await one.agent.once()
            folder = centre.state / "hub" / "snapshots"
            assert list(folder.iterdir())
            await centre.hub.erase(someone(5).customer_id)
            assert list(folder.iterdir()) == []
            await two.agent.once()
            await one.agent.once()
            same(one, two)


async def test_a_box_below_what_the_hub_still_has_fetches_its_replica_whole_and_forgets_who_was_erased_meanwhile(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        missed, meanwhile, stays, first = (someone(number).customer_id for number in range(4))
        await hub.add_customers(["s1"], map(someone, range(4)))
        async with box(centre) as one:
            await one.agent.once()
            assert one.told == []
            for visit, who in ((b"1", missed), (b"2", meanwhile), (b"3", stays)):
                await one.db.write(partial(came, visit * 16, who))
            await one.agent.once()
        await hub.erase(first)
        # This box said once that it has all, and was then put back from a copy of its files.
        for part in (MAIN, URGENT):
            hub.acks.heard("box-1", part, await hub.db.read(partitions.last, part))
        await hub.erase(missed)
        await hub.add_customers(["s1"], [someone(9)])
        await compact(hub.db, hub.acks)
        async with box(centre) as one:
            loaded = one.staging.finish

            async def then(manifest: Manifest) -> None:
                await loaded(manifest)
                await hub.erase(meanwhile)

            one.staging.finish = then  # type: ignore[method-assign]
            await one.agent.once()
            assert one.told[-1] == "swapped"
            assert {id_ for id_, _ in one.table("customer", "id, ver")} == {stays, someone(9).customer_id}
            read = one.db.reader.execute
            assert read("SELECT customer_id FROM main.visit").fetchall() == [(stays,)]
            bodies = b"".join(body for (body,) in read("SELECT body FROM main.outbox"))
            assert [who.hex().encode() in bodies for who in (missed, meanwhile, stays)] == [
                False,
                False,
                True,
            ]
            await one.agent.once()
            assert one.uplink.receipt() is None
            assert await hub.db.read(receipts.still_open) == []
            assert not one.db.unscrubbed


async def test_the_old_replica_answers_until_all_is_fetched_from_a_hub_that_was_put_back(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        erased, withdrawn, stays = (someone(number).customer_id for number in range(3))
        await hub.add_customers(["s1"], map(someone, range(3)))
        async with box(centre) as one:
            await one.agent.once()
            await one.db.write(partial(came, b"1" * 16, erased))
            await hub.db.apply(devices.raise_hub_epoch, at_least=7)
            centre.line.faults.extend(
                ["ok"] * 3 + ["lost"] * 9
            )  # the page, what is retained, the ticket at most
            with pytest.raises(wire.Unreachable):
                await one.agent.once()
            centre.line.faults.clear()
            assert len(one.table("customer")) == 3
            assert one.uplink.hub_epoch() == 1
            loaded, read = one.staging.finish, one.db.reader.execute

            async def then(manifest: Manifest) -> None:
                await loaded(manifest)
                await hub.change(
                    consents.withdraw, withdrawn, purpose="recognition", recipient=HERE, now_ms=1
                )
                await hub.erase(erased)
                await until(
                    lambda: (
                        len(one.table("customer")) == 2
                        and read("SELECT 1 FROM main.consent").fetchall()
                        and not read("SELECT 1 FROM main.visit").fetchall()
                    )
                )
                assert one.told.count("swapped") == 0
                assert read("SELECT customer_id FROM main.consent").fetchall() == [(withdrawn,)]

            one.staging.finish = then  # type: ignore[method-assign]
            await one.agent.once()
            assert one.told.count("swapped") == 1
            assert {id_ for id_, _ in one.table("customer", "id, ver")} == {withdrawn, stays}
            assert one.uplink.hub_epoch() == 7
            await one.agent.once()
            assert one.told.count("swapped") == 1
            assert one.uplink.receipt() is None
            assert await hub.db.read(receipts.still_open) == []


def came(visit_id: bytes, customer_id: bytes, _: sqlite3.Connection) -> list[Fact]:
    return [VisitStarted(visit_id, customer_id, "counter-1", "tap", "strong", 1_700_000_000_000)]


def test_a_power_cut_at_any_step_of_the_exchange_leaves_the_old_or_the_new_file_whole(tmp_path: Path) -> None:
    found = []
    for done in range(6):
        folder = tmp_path / str(done)
        prepare(folder, log=Said())
        places = Places(folder / "replica.db")
        mark(places.replica, "old")
        shutil.copy(places.replica, places.staging)
        mark(places.staging, "new")
        for step in places.steps()[:done]:
            step()
        prepare(folder, log=Said())
        with closing(sqlite3.connect(places.replica)) as conn:
            assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            found += [title for (title,) in conn.execute("SELECT title FROM product")]
    assert found == ["old"] * 4 + ["new"] * 2


def mark(path: Path, title: str) -> None:
    """Leave a product in a replica, its log emptied as the exchange finds it."""
    with closing(sqlite3.connect(path)) as conn, conn:
        columns = [name for _, name, *_ in conn.execute("PRAGMA table_info(product)")]
        values = {name: title if name == "title" else 0 for name in columns} | {"item": "A"}
        conn.execute("DELETE FROM product")
        conn.execute(f"INSERT INTO product VALUES ({', '.join(':' + name for name in columns)})", values)
        conn.commit()
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


async def test_reads_go_on_while_the_file_is_exchanged_and_a_reader_of_the_old_one_does_no_harm(
    tmp_path: Path,
) -> None:
    files = prepare(tmp_path, log=Said())
    mark(files.replica, "old")
    places = Places(files.replica)
    shutil.copy(files.replica, places.staging)
    mark(places.staging, "new")
    title = "SELECT title FROM replica.product"
    db: Database[Fact] = await Database.open(files.journal, attach={"replica": files.replica}, record=record)
    other = open_reader(files.journal, attach={"replica": files.replica})
    assert db.reader.execute(title).fetchone() == other.execute(title).fetchone() == ("old",)
    await db.replace("replica", files.replica, places.put)
    assert db.reader.execute(title).fetchone() == ("new",)
    await db.apply(lambda conn: conn.execute("UPDATE replica.product SET title='newer'"))
    assert other.execute(title).fetchone() == ("old",)
    other.close()  # the last of the old file must not take the new one's log along
    assert db.reader.execute(title).fetchone() == ("newer",)
    await db.close()
    with closing(sqlite3.connect(files.replica)) as conn:
        assert conn.execute("SELECT title FROM product").fetchone() == ("newer",)


async def test_a_hub_on_postgresql_makes_the_same_snapshot(postgresql: str, tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], map(someone, range(MANY)))
        await centre.hub.erase(someone(7).customer_id)
        async with box(centre, "whole") as new, box(centre, "tail", whole=False) as old:
            await new.agent.once()
            await old.agent.once()
            assert new.told[-1] == "swapped"
            same(new, old)
