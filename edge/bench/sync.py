"""`bench sync`: from a "no" at the hub to the last of fifty tablets, and facts a second up from one shop."""

import asyncio
import json
import socket
import sqlite3
import statistics
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge import outbox
from edge.bench import shops
from edge.bench.prepare import signed_in
from edge.catalogue.rules import Product
from edge.facts import Fact
from edge.files import prepare
from edge.joining.rules import name_trait
from edge.keys import read_keys, write_keys
from edge.kit.clock import ShopTime, SystemClock
from edge.kit.ids import uuid7_source
from edge.kit.serve import listen, serve
from edge.kit.sqlite import Database, open_writer
from edge.record import record
from edge.staff import acts
from edge.staff.pins import hash_pin
from edge.uplink import Uplink
from edge.visits.facts import VisitStarted
from sync import wire
from sync.agent import Agent
from sync.hub import consents, devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config, Keys
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables.devices import Device

RECIPIENT: Final = "van-dam"
# Each shop is a process of its own, as it is a machine of its own: in one process they would wait for one another's
# interpreter. They are forked from one that has loaded everything.
_SHOPS: Final = get_context("forkserver")
FACTS: Final = 20_000
_SLICE: Final = 1_000  # facts in one transaction of the shop
BACKLOG: Final = 3_000  # rows that wait for the shop that was offline, beside the urgent one


def quiet(event: str, /, **fields: Any) -> None: ...


async def measure(
    state: Path, *, appliances: int, rounds: int, facts: int = FACTS, backlog: int = BACKLOG
) -> dict[str, Any]:
    """The result object of contract.md; `state` is an empty folder.

    `facts` go up from one shop; `backlog` other rows wait for the shop that was offline, beside its urgent one.
    """
    _SHOPS.set_forkserver_preload([shops.__name__])
    keys = Keys(hub_kek=b"k" * 32, chain_key=b"c" * 32)
    async with open_hub(Config(state / "hub", keys), log=quiet) as hub:
        with listen("127.0.0.1", 0) as sock:
            serving = asyncio.create_task(serve(hub.app, sock, goodbye=hub.bell.close))
            url = f"http://127.0.0.1:{sock.getsockname()[1]}"
            try:
                events = await _facts_up(hub, state / "one", url, count=facts)
                run = await _stops(hub, state, url, appliances=appliances, rounds=rounds, backlog=backlog)
            finally:
                serving.cancel()
                await asyncio.wait([serving])
    return {"bench": "sync", "runs": [run], **events}


async def _stops(
    hub: Hub, state: Path, url: str, *, appliances: int, rounds: int, backlog: int
) -> dict[str, Any]:
    names = [f"s{number}" for number in range(1, appliances + 1)]
    folders = [await _shop(hub, state / name, name, url) for name in names]
    people = [f"Klant{number:04}x" for number in range(2 * rounds + 1)]
    await hub.add_customers(names, [_customer(number, name) for number, name in enumerate(people)])
    took: dict[str, list[float]] = {"withdrawal": [], "erasure": []}
    async with AsyncExitStack() as stack:
        children = [await stack.enter_async_context(_child(folder)) for folder in folders]
        for child in children:
            await child.hear()
        await _all(children, f"know {len(people)}")
        for number, name in enumerate(people[:-1]):
            what = "withdrawal" if number % 2 == 0 else "erasure"
            await _all(children, f"tap {name} {name}")
            # Who says no does so later than in the moment in which fifty shops tap.
            await _all(children, "rest")
            for child in children:
                child.tell(f"gone {name}")
            began_ns = time.monotonic_ns()
            await _no(hub, number, what)
            took[what] += [(int(await child.hear()) - began_ns) / 1e6 for child in children]
        offline = await _offline(hub, children, number=len(people) - 1, name=people[-1], backlog=backlog)
    return {
        "appliances": appliances,
        "samples": sum(map(len, took.values())),
        **{f"{what}_p50_ms": round(statistics.median(each), 1) for what, each in took.items()},
        **{f"{what}_p99_ms": round(_p99(each), 1) for what, each in took.items()},
        **{f"{what}_worst_ms": round(max(each), 1) for what, each in took.items()},
        **offline,
    }


async def _offline(
    hub: Hub, children: "list[Child]", *, number: int, name: str, backlog: int
) -> dict[str, Any]:
    """One shop is cut off; a "no" comes behind much else; what it asks first, and when its tablet obeys."""
    await _all(children, f"tap {name} {name}")
    await _all(children[:1], "cut")
    goods = [Product(item=f"P{each}", title=f"Product {each}", price_cents=100) for each in range(backlog)]
    await hub.add_products(goods)
    await _no(hub, number, "withdrawal")
    first, began_ns = json.loads((await _all(children[:1], "mend"))[0])
    for child in children:
        child.tell(f"gone {name}")
    hidden_ns = [int(await child.hear()) for child in children]
    return {
        "offline_asked_first": "urgent" if ":urgent" in first else "other",
        "offline_rows_behind": backlog,
        "offline_hidden_ms": round((hidden_ns[0] - began_ns) / 1e6, 1),
    }


async def _no(hub: Hub, number: int, what: str) -> None:
    customer_id = number.to_bytes(16)
    if what == "erasure":
        await hub.erase(customer_id)
    else:
        await hub.change(
            consents.withdraw, customer_id, purpose="recognition", recipient=RECIPIENT, now_ms=hub.now_ms()
        )


def _customer(number: int, name: str) -> NewCustomer:
    given = [NewConsent(purpose, RECIPIENT) for purpose in ("saving", "recognition")]
    return NewCustomer(number.to_bytes(16), {"name": name_trait(name)}, [("number", name)], given)


async def _shop(hub: Hub, folder: Path, name: str, url: str) -> Path:
    """A whole appliance of its own, with one tablet signed in."""
    write_keys(folder / "credentials", {"chain_key": hub.keys.chain_key})
    keys = read_keys(folder / "credentials")
    key = Ed25519PrivateKey.from_private_bytes(keys.device_key).public_key().public_bytes_raw()
    device = Device(f"{name}-1", name, 1, key)
    await hub.db.apply(devices.register, hub.keys, device=device, shop_key=keys.shop_key)
    (folder / "welkom.toml").write_text(
        f'[shop]\nid = "{name}"\nrecipient = "{RECIPIENT}"\n[hub]\nurl = "{url}"\ndevice = "{name}-1"\n'
    )
    clock = SystemClock()
    files = prepare(folder / "state", log=quiet)
    with closing(open_writer(files.journal)) as conn:
        staff_id = uuid7_source(clock)()
        pin_hash = hash_pin(keys.pin_pepper, "1234")
        acts.add_staff(conn, "Bench", staff_id=staff_id, role="staff", language="nl", pin_hash=pin_hash)
        (folder / "cookie").write_text(signed_in(conn, staff_id, clock.wall_ms()))
    return folder


class Child:
    """One of the shops (`edge.bench.shops`)."""

    def __init__(self, lines: asyncio.StreamReader, orders: asyncio.StreamWriter) -> None:
        self._lines = lines
        self._orders = orders

    def tell(self, line: str) -> None:
        self._orders.write(line.encode() + b"\n")

    async def hear(self) -> str:
        line = await asyncio.wait_for(self._lines.readline(), 120)
        if not line:
            raise RuntimeError("a shop ended before it was told to; what it said last stands above")
        return line.decode().strip()


@asynccontextmanager
async def _child(folder: Path) -> AsyncGenerator[Child, None]:
    ours, theirs = socket.socketpair()
    with theirs:
        process = _SHOPS.Process(target=shops.work, args=(folder, theirs), daemon=True)
        process.start()
    lines, orders = await asyncio.open_connection(sock=ours)
    try:
        yield Child(lines, orders)
    finally:
        orders.close()
        process.kill()
        await asyncio.to_thread(process.join)


async def _all(children: list[Child], line: str) -> list[str]:
    for child in children:
        child.tell(line)
    return [await child.hear() for child in children]


async def _facts_up(hub: Hub, folder: Path, url: str, *, count: int) -> dict[str, Any]:
    """Facts a second from one shop's outbox into the hub's file, beside bare batched inserts of the same rows."""
    write_keys(folder / "credentials", {"chain_key": hub.keys.chain_key})
    keys = read_keys(folder / "credentials")
    key = Ed25519PrivateKey.from_private_bytes(keys.device_key)
    device = Device("one-1", "one", 1, key.public_key().public_bytes_raw())
    await hub.db.apply(devices.register, hub.keys, device=device, shop_key=keys.shop_key)
    files, time_ = prepare(folder / "state", log=quiet), ShopTime(SystemClock())
    db: Database[Fact] = await Database.open(files.journal, attach={"replica": files.replica}, record=record)
    new_id = uuid7_source(SystemClock())
    for begun in range(0, count, _SLICE):
        facts: list[Fact] = [
            VisitStarted(new_id(), new_id(), "counter-1", "tap", "strong", time_.now_ms())
            for _ in range(min(_SLICE, count - begun))
        ]
        await db.write(_happened, facts)
    rows = db.reader.execute("SELECT seq, at_ms, kind, body, hash FROM outbox").fetchall()

    async def nothing(_: object) -> None: ...

    async with httpx.AsyncClient(base_url=url) as client:
        box = Uplink(db, keys, time_, on_applied=nothing)
        agent = Agent(box, client, device="one-1", shop="one", key=key, wall_ms=time_.now_ms, log=quiet)
        began_s = time.monotonic()
        await agent.once()
        took_s = time.monotonic() - began_s
    left = outbox.depth(db.reader)
    await db.close()
    if left:
        raise RuntimeError(f"{left} facts did not go up")
    bare_s = await asyncio.to_thread(_bare, folder / "bare.db", rows)
    return {
        "events_per_s": round(len(rows) / took_s),
        "bare_inserts_per_s": round(len(rows) / bare_s),
        "ratio_events": round(bare_s / took_s, 3),
    }


def _happened(conn: sqlite3.Connection, facts: list[Fact]) -> list[Fact]:
    return facts


def _bare(path: Path, rows: list[tuple[Any, ...]]) -> float:
    """Seconds for the same rows in the same slices, forced to disk as the hub does, and nothing else."""
    with closing(sqlite3.connect(path, isolation_level=None)) as conn:
        conn.execute("PRAGMA journal_mode=WAL")
        conn.execute("PRAGMA synchronous=FULL")
        conn.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, at_ms, kind, body, hash)")
        began_s = time.monotonic()
        for start in range(0, len(rows), wire.BATCH_EVENTS):
            conn.execute("BEGIN")
            conn.executemany(
                "INSERT INTO event VALUES (?, ?, ?, ?, ?)", rows[start : start + wire.BATCH_EVENTS]
            )
            conn.execute("COMMIT")
        return time.monotonic() - began_s


def _p99(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * 0.99))]


def dump(result: dict[str, Any]) -> str:
    return json.dumps(result)


def text(result: dict[str, Any]) -> str:
    (run,) = result["runs"]
    return (
        f"{run['appliances']} appliances, {run['samples']} tablets told: withdrawal p50 {run['withdrawal_p50_ms']} "
        f"p99 {run['withdrawal_p99_ms']} ms, erasure p50 {run['erasure_p50_ms']} p99 {run['erasure_p99_ms']} ms\n"
        f"offline shop: asks first for {run['offline_asked_first']}, hidden {run['offline_hidden_ms']} ms after the "
        f"line is back, {run['offline_rows_behind']} other rows behind it\n"
        f"one shop: {result['events_per_s']} facts a second up, {result['bare_inserts_per_s']} bare inserts "
        f"({result['ratio_events']}x)"
    )
