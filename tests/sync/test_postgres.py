"""Several hubs on one PostgreSQL: nothing lost, doubled or out of order, and nobody waits for ever."""

import asyncio
import random
import sqlite3
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from edge.bench import hub as bench
from edge.bench import hub_shops
from edge.bench.cluster import make_database
from edge.kit.errors import Refused, StoreError
from edge.kit.migrate import load
from edge.kit.postgres import Postgres
from edge.kit.sql import Connection
from sync import wire
from sync.hub import consents, ears, lost
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.store import MIGRATIONS
from sync.hub.tables import feed, hooks
from sync.hub.tables import people as customers
from sync.signing import DeviceAuth
from tests.sync.centre import (
    ANNA,
    DEVICE_KEY,
    HERE,
    KEYS,
    Said,
    customer,
    now_ms,
    open_centre,
)
from tests.sync.shop import events_at
from tests.sync.two_hubs import PATIENT_S, client, two_hubs

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("postgresql")]


async def test_hubs_that_start_together_on_an_empty_database_make_its_tables_once(server: str) -> None:
    url, migrations = make_database(server, "empty"), load(MIGRATIONS)
    opened = await asyncio.gather(*(Postgres.open(url, migrations) for _ in range(3)))
    for store, (before, after) in opened:
        assert 0 <= before <= after == len(migrations)
        assert await store.read(lambda conn: conn.execute("SELECT epoch FROM hub").fetchall()) == [(1,)]
        await store.close()


async def test_what_another_hub_made_a_moment_ago_is_there_at_the_second_look(postgresql: str) -> None:
    store, _ = await Postgres.open(postgresql, load(MIGRATIONS))
    looks: list[int] = []

    def make(conn: Connection) -> int:
        looks.append(1)
        # As CREATE TABLE IF NOT EXISTS ends (42710) where another's became visible behind its look.
        conn.execute("CREATE TYPE made AS ENUM ()" if len(looks) < 3 else "SELECT 1")
        return len(looks)

    assert await store.apply(make) == 1
    assert await store.apply(make) == 3
    await store.close()


async def test_what_one_hub_commits_wakes_who_waits_at_the_other(tmp_path: Path, postgresql: str) -> None:
    async with two_hubs(tmp_path, postgresql) as (one, other, _):
        waiting = asyncio.create_task(other.bell.wait(other.db, "shop:s1:urgent", after=0, wait_s=PATIENT_S))
        await asyncio.sleep(0.1)
        assert not waiting.done()
        await one.add_customers(["s1"], [customer()])
        began_s = time.monotonic()
        await waiting
        assert time.monotonic() - began_s < PATIENT_S - 5


async def test_a_page_that_is_open_at_one_hub_hears_what_another_takes_in(
    tmp_path: Path, postgresql: str
) -> None:
    async with (
        open_centre(tmp_path) as centre,
        open_hub(Config(tmp_path / "hub", KEYS, postgresql), log=Said()) as other,
    ):
        await centre.hub.add_customers(["s1"], [customer()])
        with other.bell.listening(ANNA) as poked:
            async with asyncio.timeout(PATIENT_S):
                await poked.wait()  # they became somebody
                await asyncio.sleep(2 * ears.LISTEN_S)
                poked.clear()
                await centre.hub.change(
                    consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1
                )
                await poked.wait()
                await asyncio.sleep(2 * ears.LISTEN_S)
                poked.clear()
                centre.box.happened(1, kind="card_shown", body=b'{"customer_id":"%s"}' % ANNA.hex().encode())
                await centre.agent.once()
                await poked.wait()


async def test_one_upload_sent_to_both_hubs_at_once_is_stored_once(tmp_path: Path, postgresql: str) -> None:
    async with (
        open_centre(tmp_path) as centre,
        open_hub(Config(tmp_path / "hub", KEYS, postgresql), log=centre.said) as other,
        client(other, auth=DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)) as there,
    ):
        centre.box.happened(60)
        body = wire.encode_batch(centre.box.batch(1, 60), "box-1")
        auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)
        answers = await asyncio.gather(
            centre.client.post(wire.EVENTS_PATH, content=body, auth=auth),
            there.post(wire.EVENTS_PATH, content=body),
        )
        assert [wire.decode_answer(each.content).ack.seq for each in answers] == [60, 60]
        assert len(events_at(other.db.reader)) == 60
        centre.box.forge_history()
        forged = wire.encode_batch(centre.box.batch(1, 60), "box-1")
        refused = [
            await each.post(wire.EVENTS_PATH, content=forged, auth=auth) for each in (centre.client, there)
        ]
        assert {each.json()["code"] for each in refused} == {"FORKED"}
        assert centre.said.count("forked") == 1


async def test_acts_on_one_customer_from_two_hubs_take_turns(tmp_path: Path, postgresql: str) -> None:
    async with two_hubs(tmp_path, postgresql) as (one, other, _):
        await one.add_customers(["s1"], [customer()])

        async def change(hub: Hub, number: int) -> None:
            purpose = ("recognition", "profiling")[number % 2]
            await hub.change(consents.withdraw, ANNA, purpose=purpose, recipient=HERE, now_ms=number)
            held = await hub.db.read(customers.consent, ANNA, purpose=purpose, recipient=HERE)
            assert held is not None
            await hub.change(
                consents.grant, ANNA, purpose=purpose, recipient=HERE, base=held.register, now_ms=number
            )

        await asyncio.gather(*(change(hub, number) for number in range(10) for hub in (one, other)))
        rows = await one.db.read(lambda conn: list(feed.after(conn, "shop:s1", seq=0, limit=2000)))
        assert [row[0] for row in rows] == list(range(1, len(rows) + 1))
        for purpose in ("recognition", "profiling"):
            vers = [row[4] for row in rows if row[3].endswith(f"{purpose}/{HERE}")]
            assert vers == list(range(1, len(vers) + 1))


async def test_a_card_that_two_hubs_block_at_once_is_blocked_and_told_once(
    tmp_path: Path, postgresql: str
) -> None:
    async with two_hubs(tmp_path, postgresql) as (one, other, _):
        await one.add_customers(["s1"], [customer()])
        hook = hooks.Hook("crm", "https://crm.example", frozenset(), b"", None, None, None, None)
        await one.db.apply(hooks.add_hook, hook)
        words: dict[str, Any] = {"kind": "number", "value": "LOYALTY-0001", "now_ms": 1}
        await asyncio.gather(
            *(hub.change(lost.block, KEYS, **words) for _ in range(3) for hub in (one, other))
        )
        waits = await one.db.read(hooks.due, "crm", now_ms=0, longest_ms=(0,), most=9)
        assert [msgspec.json.decode(each.body)["type"] for each in waits] == ["card.blocked"]
        rows = await one.db.read(lambda conn: list(feed.after(conn, "shop:s1:urgent", seq=0, limit=99)))
        assert [(row[2], row[4]) for row in rows] == [("key", 1), ("credential", 2)]


async def test_what_speaks_of_somebody_while_they_are_erased_keeps_nothing(
    tmp_path: Path, postgresql: str
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        about = b'{"visit_id":"07","customer_id":"%s"}' % ANNA.hex().encode()
        centre.box.happened(40, kind="visit_started", body=about)
        auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)
        uploads = [
            centre.client.post(
                wire.EVENTS_PATH, content=wire.encode_batch(centre.box.batch(1, last), "box-1"), auth=auth
            )
            for last in (10, 20, 30, 40)
        ]
        await asyncio.gather(*uploads, centre.hub.erase(ANNA))
        assert {body for _, _, body, _ in events_at(centre.hub.db.reader)} == {b"{}"}
        (rows,) = centre.hub.db.reader.execute(
            "SELECT count(*) FROM event WHERE customer_id IS NOT NULL"
        ).fetchone()
        assert rows == 0


async def test_a_deadlock_is_run_again_and_both_acts_are_done(postgresql: str) -> None:
    store, _ = await Postgres.open(postgresql, load(MIGRATIONS), writers=2)
    await store.apply(
        lambda conn: conn.execute("INSERT INTO head (part, last) VALUES ('a', 0), ('b', 0)").rowcount
    )

    def crosswise(conn: Connection, first: str, then: str) -> None:
        for part in (first, then):
            conn.execute("UPDATE head SET last=last+1 WHERE part=:part", {"part": part})
            time.sleep(0.05)

    await asyncio.gather(store.apply(crosswise, "a", "b"), store.apply(crosswise, "b", "a"))
    assert await store.read(feed.heads) == {"a": 2, "b": 2}
    await store.close()


async def test_a_row_that_is_there_stays_an_error_and_one_that_was_passed_over_is_never_committed(
    postgresql: str,
) -> None:
    store, _ = await Postgres.open(postgresql, load(MIGRATIONS))
    insert = "INSERT INTO head (part, last) VALUES ('a', 0)"
    await store.apply(lambda conn: conn.execute(insert).rowcount)
    with pytest.raises(sqlite3.IntegrityError) as caught:
        await store.apply(lambda conn: conn.execute(insert).rowcount)
    assert "head" in str(caught.value)

    def passes_over(conn: Connection) -> None:
        conn.execute("INSERT INTO head (part, last) VALUES ('b', 0)")
        try:
            conn.execute(insert)
        except sqlite3.IntegrityError:
            return

    with pytest.raises(StoreError):
        await store.apply(passes_over)
    assert await store.read(feed.heads) == {"a": 0}
    await store.close()


async def test_values_come_back_as_they_were_given_however_often_and_with_whatever_else_they_are_asked(
    postgresql: str,
) -> None:
    store, _ = await Postgres.open(postgresql, load(MIGRATIONS))
    keep = "INSERT INTO webhook_message (webhook_id, id, body, tries, next_ms, customer_id, n) VALUES"
    keep += " (:webhook_id, :id, :body, :tries, :next_ms, :customer_id, :n)"
    said = [
        {"webhook_id": "100 %s é €", "id": str(n), "body": bytes(range(256)), "tries": 1 << n, "n": -n}
        | {"next_ms": n, "customer_id": None if n % 3 else b"\0" * n}
        for n in range(60)
    ]

    def kept(conn: Connection, rows: list[dict[str, Any]]) -> int:
        return conn.executemany(keep, rows).rowcount

    for n, rows in enumerate((said[:1], said[1:4], said[4:7], said[7:30], said[30:])):
        assert await store.apply(kept, rows) == len(rows)
        assert await store.read(hooks.waiting) == {"100 %s é €": (1, 4, 7, 30, 60)[n]}
    back = "SELECT body, tries, n, customer_id FROM webhook_message WHERE webhook_id=:whose AND id=:id"

    def looked(conn: Connection, row: dict[str, Any]) -> Any:
        return conn.execute(back, {"whose": row["webhook_id"], "id": row["id"]}).fetchone()

    for row in said:
        assert await store.read(looked, row) == (row["body"], row["tries"], row["n"], row["customer_id"])
    either = "SELECT count(*), sum(n), sum(tries) FROM webhook_message WHERE coalesce(:from_n, n)>=n"

    def summed(conn: Connection, from_n: int | None) -> Any:
        return conn.execute(either, {"from_n": from_n}).fetchone()

    for from_n in (None, -30, None, 1 << 40) * 3:
        least = 30 if from_n == -30 else 0
        total = (60 - least, -sum(range(least, 60)), (1 << 60) - (1 << least))
        assert await store.read(summed, from_n) == total
    with pytest.raises(OverflowError):
        await store.read(summed, 1 << 63)
    for odd in ("\0", object()):
        with pytest.raises(StoreError):
            await store.read(looked, {"webhook_id": odd, "id": "1"})
    await store.close()


async def test_a_card_that_is_somebodys_is_refused_and_nothing_of_the_newcomer_stays(
    tmp_path: Path, postgresql: str
) -> None:
    async with two_hubs(tmp_path, postgresql) as (one, _, _):
        await one.add_customers(["s1"], [customer()])
        with pytest.raises(Refused) as caught:
            await one.add_customers(["s1"], [customer(b"\xb2" * 16)])
        assert caught.value.code == "CREDENTIAL_TAKEN"
        assert await one.db.read(customers.exists, b"\xb2" * 16) is False


async def test_connections_that_were_cut_are_made_anew_and_a_server_that_is_gone_is_a_503(
    tmp_path: Path, postgresql: str
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        await asyncio.to_thread(cut, postgresql)
        assert (await centre.client.get("/healthz")).json()["ok"] is True
        await centre.hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
        name = await asyncio.to_thread(cut, postgresql, allow=False)
        try:
            answer = await centre.client.get("/healthz")
            assert (answer.status_code, answer.json()["code"]) == (503, "STORE")
            centre.box.happened(3)
            with pytest.raises(wire.Unreachable):
                await centre.agent.once()
        finally:
            await asyncio.to_thread(admit, postgresql, name)
        await centre.agent.once()
        assert len(events_at(centre.hub.db.reader)) == 3


def _admin(url: str) -> "psycopg.Connection[tuple[Any, ...]]":
    before, _, after = url.partition(":///")
    return psycopg.connect(f"{before}:///postgres?{after.partition('?')[2]}", autocommit=True)


def cut(url: str, *, allow: bool = True) -> str:
    """End every session of a database, and let nobody in again unless `allow`; its name."""
    name = url.partition(":///")[2].partition("?")[0]
    with _admin(url) as conn:
        if not allow:
            conn.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS false'.encode())
        conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname=%s", (name,))
    return name


def admit(url: str, name: str) -> None:
    with _admin(url) as conn:
        conn.execute(f'ALTER DATABASE "{name}" ALLOW_CONNECTIONS true'.encode())


async def test_two_hub_processes_take_in_what_shops_send_at_once_and_feed_it_in_order(
    tmp_path: Path, postgresql: str
) -> None:
    chain = list(hub_shops.shops(6, 3))
    await bench.fill(tmp_path, postgresql, chain)
    seed, at_ms = random.Random(7), now_ms()
    async with AsyncExitStack() as stack:
        ports = [
            await each
            for each in [stack.enter_async_context(bench.hub(tmp_path, postgresql, n)) for n in range(2)]
        ]
        uploads = [
            (
                ports[turn % 2],
                [
                    hub_shops.request(
                        shop,
                        "POST",
                        f"http://127.0.0.1:{ports[turn % 2]}{wire.EVENTS_PATH}",
                        wire.encode_batch(shop.batch(20, seed=seed, at_ms=at_ms), shop.device),
                    )
                    for _ in range(3)
                ],
            )
            for turn, shop in enumerate(chain)
        ]
        await hub_shops.send(uploads, at_once=len(chain))
        feeds = await bench.feeds(chain, ports)
    assert feeds["digests_equal"]
    assert feeds["balances_wrong"] == 0
    held = bench.histories(postgresql)
    assert held == {shop.device: shop.hash for shop in chain}
