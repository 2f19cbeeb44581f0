"""On PostgreSQL headquarters' acts and others take turns: each sees what the one before it left."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync import enrolment
from sync.hub import enrolling, people
from sync.hub.app import Hub
from sync.hub.hq import channels, put, rows, shapes, webhooks
from sync.hub.problem import Refusal
from sync.hub.tables import hooks
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, BRAM, KEYS, customer
from tests.sync.hq.desk import WHO, Desk, open_desk

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("postgresql")]
MOVE = {"instrument": "points", "delta": 5}


@pytest.fixture
async def desk(tmp_path: Path, postgresql: str) -> AsyncGenerator[Desk, None]:
    async with open_desk(tmp_path) as found:
        yield found


@asynccontextmanager
async def under_way(hub: Hub, act: Callable[[Connection], Any]) -> AsyncGenerator[None, None]:
    """An act that did its work; its COMMIT waits until whatever is done in here waits for it."""
    done, commit = threading.Event(), threading.Event()

    def slow(conn: Connection) -> Any:
        made = act(conn)
        done.set()
        commit.wait(PATIENT_S)
        return made

    acting = asyncio.create_task(hub.db.apply(slow))
    try:
        assert await asyncio.to_thread(done.wait, PATIENT_S)
        yield
        await hub.db.read(_until_somebody_waits)
    finally:
        commit.set()
        await acting


def _until_somebody_waits(conn: Connection) -> None:
    until_s = time.monotonic() + PATIENT_S
    while conn.execute("SELECT count(*) FROM pg_locks WHERE NOT granted").fetchone() == (0,):
        assert time.monotonic() < until_s, "nothing waits for the act that is under way"
        time.sleep(0.002)


async def after(hub: Hub, act: Callable[[Connection], Any], asked: Coroutine[Any, Any, Any]) -> Any:
    """What came of a request that met an act on the same customer before its COMMIT."""
    async with under_way(hub, act):
        asking = asyncio.create_task(asked)
    return await asking


async def test_a_line_of_the_api_is_added_to_what_was_moved_while_it_waited(desk: Desk) -> None:
    def counted(conn: Connection) -> Any:
        found = [rows.Balance(2, "", ANNA.hex(), points=200)]
        return put.put_balances(conn, KEYS, 1, found=found, now_ms=desk.hub.now_ms())

    line = desk.ask("POST", f"{WHO}/ledger", json=MOVE, headers={"idempotency-key": "a"})
    assert (await after(desk.hub, counted, line))["balance"] == 205


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "", {"traits": {"birthday": {"month": 5, "day": 12}}}),
        ("PUT", "/wishlist", {"items": ["jas-1"]}),
        ("PUT", "/orders", {"channel": "web", "number": "W", "state": "ready", "at_ms": 5, "shop": "s1"}),
    ],
)
async def test_what_comes_while_a_customer_is_erased_brings_nothing_of_them_back(
    desk: Desk, method: str, path: str, body: dict[str, Any]
) -> None:
    def erase(conn: Connection) -> Any:
        return people.erase(conn, KEYS, customer_id=ANNA, now_ms=desk.hub.now_ms())

    answer = await after(desk.hub, erase, desk.client.request(method, WHO + path, json=body))
    assert answer.json()["code"] == "UNKNOWN_CUSTOMER"
    for table in ("trait", "happening", "credential", "residency"):
        assert desk.hub.db.reader.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,)


async def test_of_two_customers_with_one_order_number_at_once_only_the_first_has_it(desk: Desk) -> None:
    hub, now_ms = desk.hub, desk.hub.now_ms()
    await hub.change(
        people.add_customer, KEYS, shop_ids=["s1"], customer=customer(BRAM, number="2"), now_ms=now_ms
    )
    order = shapes.Order(channel="web", number="W-1", state="placed", at_ms=5)

    def take(conn: Connection, whose: bytes) -> Any:
        return channels.take_order(conn, KEYS, whose, data=order, now_ms=now_ms)

    with pytest.raises(Refused, match="another customer's"):
        await after(hub, lambda conn: take(conn, ANNA), hub.db.apply(take, BRAM))
    told = (await desk.ask("GET", f"{WHO}/timeline"))["items"]
    assert [each["about"]["number"] for each in told if each["channel"] == "web"] == ["W-1"]


@pytest.mark.parametrize("way", ["import", "add"])
async def test_a_customer_who_is_erased_meanwhile_comes_back_by_nothing(desk: Desk, way: str) -> None:
    now_ms = desk.hub.now_ms()

    def erase(conn: Connection) -> Any:
        return people.erase(conn, KEYS, customer_id=ANNA, now_ms=now_ms)

    def come(conn: Connection) -> Any:
        if way == "import":
            its = rows.Customer(2, "", ANNA.hex(), traits={}, shops=["s1"], cards=[("number", "NEW")])
            return put.put_customers(conn, KEYS, 1, found=[its], now_ms=now_ms)
        new = people.NewCustomer(ANNA, {}, [("number", "NEW")])
        return people.add_customer(conn, KEYS, shop_ids=["s1"], customer=new, now_ms=now_ms)

    with pytest.raises(Refused, match="erased"):
        await after(desk.hub, erase, desk.hub.db.apply(come))
    assert desk.hub.db.reader.execute("SELECT count(*) FROM credential").fetchone() == (0,)


async def test_of_two_boxes_that_say_one_code_at_once_only_the_first_comes_in(desk: Desk) -> None:
    hub, now_ms = desk.hub, desk.hub.now_ms()
    text = await hub.db.apply(enrolling.make_code, KEYS, shop_id="s1", device_id="box-2", now_ms=now_ms)
    code = enrolment.code_of(text)
    assert code is not None

    def enrol(conn: Connection, key: bytes) -> Any:
        asked = enrolment.exchange(code).ask(device="box-2", shop="s1", public_key=key, epoch=1)
        return enrolling.enrol(conn, KEYS, asked, signer=hub.signer, now_ms=now_ms)

    with pytest.raises(Refusal, match="another box used this code"):
        await after(hub, lambda conn: enrol(conn, b"1" * 32), hub.db.apply(enrol, b"2" * 32))


async def test_a_try_that_fails_beside_a_new_secret_or_an_end_of_the_webhook_undoes_neither(
    desk: Desk,
) -> None:
    hub, now_ms = desk.hub, desk.hub.now_ms()
    url = "https://crm.example/in"
    made = await desk.ask("POST", "/api/v1/webhooks", json={"url": url})
    message = hooks.Message(made["id"], "msg_1", b"{}", 0, 0)
    await hub.db.apply(hooks.add, [message])

    def failed(conn: Connection) -> Any:
        return webhooks.failed(
            conn, message, status=503, now_ms=now_ms, next_ms=now_ms + 5_000, rest_ms=now_ms, tries=1
        )

    before = webhooks.known(hub.db.reader, made["id"])
    await after(hub, lambda c: webhooks.rotate(c, KEYS, made["id"], now_ms=now_ms), hub.db.apply(failed))
    rotated = webhooks.known(hub.db.reader, made["id"])
    assert (rotated.former, rotated.failing_ms) == (before.wrapped, now_ms)
    assert rotated.wrapped != before.wrapped
    await after(hub, lambda conn: hooks.drop(conn, made["id"]), hub.db.apply(failed))
    assert (await desk.ask("GET", "/api/v1/webhooks"))["items"] == []
