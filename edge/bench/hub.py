"""`bench hub`: a chain of shops sends what a busy hour left in their outboxes, to hubs on one PostgreSQL.

What is measured is the real program: `welkom hub` as processes of their own, signed requests over real sockets, each
upload on disk before it is acknowledged. PostgreSQL, the hubs and the shops share the machine's cores. Afterwards
every partition is read from every hub: dense, true to its digests, the same at each, and everybody's points as the
shops' own lines say.
"""

import asyncio
import json
import os
import random
import statistics
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import psycopg

from edge.bench import hub_shops
from edge.bench.cluster import lent_database
from edge.bench.hub_shops import Shop
from edge.kit.errors import WelkomError
from edge.kit.migrate import load
from edge.kit.postgres import Postgres
from edge.kit.seal import derive, key_place, trait_place, unseal
from sync import rows, wire
from sync.hub import devices
from sync.hub.app import open_hub
from sync.hub.config import Config, Keys
from sync.hub.store import MIGRATIONS
from sync.hub.tables.devices import Device

KEYS: Final = Keys(hub_kek=sha256(b"bench hub kek").digest(), chain_key=sha256(b"bench hub chain").digest())
PEAK_EVENTS_S: Final = 640  # of the whole chain on Black Friday, sync/hub/README.md
BATCHES: Final = (500, 10)  # facts an upload: after a busy hour without a line, and on a line that works
LIMITS: Final = {"events_per_s": 5_000, "ratio_events_per_s": 0.2}  # at least, of each run
READY_S: Final = 120
# As a machine of its own would be set up; the defaults are for a laptop of 2005. Each COMMIT is on disk all the same.
SETTINGS: Final = {"shared_buffers": "512MB", "max_wal_size": "4GB", "checkpoint_timeout": "15min"}


async def measure(state: Path, server: str, **sizes: int) -> dict[str, Any]:
    """Everything above on a fresh database of `server`, which goes afterwards; the figures."""
    with lent_database(server, f"bench_hub_{os.getpid()}") as database:
        return await _measure(state, server, database, **sizes)


async def _measure(
    state: Path,
    server: str,
    database: str,
    *,
    shops: int,
    customers: int,
    facts: int,
    hubs: int,
    seed: int,
) -> dict[str, Any]:
    chain = list(hub_shops.shops(shops, customers))
    progress(f"{shops} shops with {customers} customers each")
    await fill(state, database, chain)
    runs: list[dict[str, Any]] = []
    async with AsyncExitStack() as stack:
        starting = [stack.enter_async_context(hub(state, database, number)) for number in range(hubs)]
        ports = [await each for each in starting]
        for batch in BATCHES:
            rounds = max(1, (facts if batch == BATCHES[0] else facts // 5) // batch)
            runs.append(
                await _run(database, server, chain, ports, batch=batch, rounds=rounds, seed=seed + batch)
            )
        progress("reading every partition from every hub")
        read = await feeds(chain, ports)
    held = histories(database)
    read["histories_as_sent"] = sum(held.get(shop.device) == shop.hash for shop in chain)
    cores = len(os.sched_getaffinity(0))
    return {
        "bench": "hub", "shops": shops, "customers": shops * customers, "hubs": hubs, "cores": cores,
        "runs": runs, "feeds": read, "limits": LIMITS,
    }  # fmt: skip


def is_fast(run: dict[str, Any]) -> bool:
    """Whether uploads of this size were taken at the rate that is asked for."""
    return all(run[name] >= least for name, least in LIMITS.items())


def holds(result: dict[str, Any]) -> bool:
    """Whether nothing is missing, doubled or out of order, whatever the figures are."""
    feeds = result["feeds"]
    return bool(
        feeds["digests_equal"]
        and feeds["balances_wrong"] == 0
        and feeds["histories_as_sent"] == result["shops"]
    )


async def fill(state: Path, database: str, chain: Sequence[Shop]) -> None:
    """Shops and customers, as a hub adds them."""
    async with open_hub(Config(state, KEYS, database), log=_unsaid) as opened:
        for shop in chain:
            device = Device(shop.device, shop.id, 1, shop.device_key.public_key().public_bytes_raw())
            await opened.db.apply(devices.register, KEYS, device=device, shop_key=shop.shop_key)
            await opened.add_customers([shop.id], shop.people())


@asynccontextmanager
async def hub(state: Path, database: str, number: int) -> AsyncGenerator[int, None]:
    """`welkom hub` in a process of its own; its port."""
    folder = state / f"hub-{number}"
    (folder / "credentials").mkdir(parents=True)
    for name in ("hub_kek", "chain_key"):
        (folder / "credentials" / name).write_bytes(getattr(KEYS, name))
    (folder / "hub.toml").write_text(f'[hub]\nport = 0\ndatabase = "{database}"\n', encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("welkom")),
        "hub",
        "--config",
        str(folder / "hub.toml"),
        stderr=asyncio.subprocess.PIPE,
        limit=1 << 20,
    )
    listening: asyncio.Task[None] | None = None
    try:
        async with asyncio.timeout(READY_S):
            port = await _port(process)
        listening = asyncio.create_task(_listen(process))
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        if listening is not None:
            await listening


async def _port(process: asyncio.subprocess.Process) -> int:
    assert process.stderr is not None
    said = b""
    while line := await process.stderr.readline():
        said = line
        if b'"ready"' in line:
            return int(json.loads(line)["port"])
    raise WelkomError(f"a hub did not start: {said.decode()[:300]}", code="K09", hint="run it by hand")


async def _listen(process: asyncio.subprocess.Process) -> None:
    """Hand on what a hub has to say, until it ends."""
    assert process.stderr is not None
    while line := await process.stderr.readline():
        sys.stderr.write(line.decode("utf-8", "replace"))


async def _run(
    database: str,
    server: str,
    chain: Sequence[Shop],
    ports: Sequence[int],
    *,
    batch: int,
    rounds: int,
    seed: int,
) -> dict[str, Any]:
    chance, at_ms = random.Random(seed), time.time_ns() // 1_000_000
    progress(f"packing and signing {rounds} uploads of {batch} facts a shop")
    before = _last(database)
    uploads = []
    for shop in chain:
        port = ports[shop.number % len(ports)]
        url = f"http://127.0.0.1:{port}{wire.EVENTS_PATH}"
        its = [
            hub_shops.request(
                shop, "POST", url, wire.encode_batch(shop.batch(batch, seed=chance, at_ms=at_ms), shop.device)
            )
            for _ in range(rounds)
        ]
        uploads.append((port, its))
    progress("sending them")
    began_s = time.process_time()
    took_s, answers_s = await hub_shops.send(uploads, at_once=16)
    shops_cpu_s = time.process_time() - began_s
    events = len(chain) * rounds * batch
    progress("inserting the same rows bare")
    with lent_database(server, f"floor_{os.getpid()}_{batch}") as target:
        floor_s = await _floor(database, target, before, batch=batch, parts=len(ports))
    quantiles = statistics.quantiles(answers_s, n=20)
    run = {
        "batch_events": batch,
        "events": events,
        "took_s": round(took_s, 2),
        "events_per_s": round(events / took_s),
        "uploads_per_s": round(len(chain) * rounds / took_s),
        "times_the_peak": round(events / took_s / PEAK_EVENTS_S, 1),
        "floor_events_per_s": round(events / floor_s),
        "ratio_events_per_s": round(floor_s / took_s, 3),
        "answer_p50_ms": round(quantiles[9] * 1000, 1),
        "answer_p95_ms": round(quantiles[18] * 1000, 1),
        "shops_cpu_s": round(shops_cpu_s, 2),
    }
    return run | {"holds": is_fast(run)}


def _last(database: str) -> dict[str, dict[str, int]]:
    """By table: where the history of each device, and each partition, ends."""
    found: dict[str, dict[str, int]] = {}
    with psycopg.connect(database) as conn:
        for table, by in (("event", "device_id"), ("ledger", "device_id"), ("feed", "part")):
            sql = f"SELECT {by}, max(seq) FROM {table} GROUP BY {by}"
            found[table] = dict(conn.execute(sql.encode()).fetchall())
    return found


async def _floor(
    database: str, target: str, before: dict[str, dict[str, int]], *, batch: int, parts: int
) -> float:
    """Seconds that the bare inserts of the same rows into `target` take, on as many connections as there are hubs."""
    store, _ = await Postgres.open(target, load(MIGRATIONS))
    await store.close()
    script = str(Path(__file__).with_name("hub_floor.py"))
    pipe = asyncio.subprocess.PIPE
    children = [
        await asyncio.create_subprocess_exec(
            sys.executable, script, database, target, str(which), str(parts), stdin=pipe, stdout=pipe
        )
        for which in range(parts)
    ]
    for child in children:
        assert child.stdin is not None
        child.stdin.write(json.dumps({"first": before, "batch": batch}).encode() + b"\n")
    for child in children:
        assert child.stdout is not None
        await child.stdout.readline()
    began_s = time.perf_counter()
    for child in children:
        assert child.stdin is not None
        child.stdin.write(b"go\n")
    await asyncio.gather(*(child.communicate() for child in children))
    return time.perf_counter() - began_s


async def feeds(chain: Sequence[Shop], ports: Sequence[int]) -> dict[str, Any]:
    """Every partition from every hub: the number of rows, whether all say the same, and wrong balances."""
    count, wrong, equal = 0, 0, True
    for shop in chain:
        for part in (wire.urgent_part(shop.id), wire.main_part(shop.id)):
            found = [await hub_shops.pages(shop, port, part) for port in ports]
            its = [row for page in found[0] for row in page.rows]
            said = {sha256(b"".join(map(wire.encode_row, its))).digest()}
            said |= {
                sha256(b"".join(wire.encode_row(row) for page in pages for row in page.rows)).digest()
                for pages in found[1:]
            }
            equal = equal and len(said) == 1
            count += len(its)
        wrong += _wrong(shop, its)
    return {
        "partitions": 2 * len(chain),
        "rows": count,
        "digests_equal": equal,
        "balances_wrong": wrong,
    }


def _wrong(shop: Shop, its: Sequence[wire.Row]) -> int:
    """How many customers' points, as the shop opens its rows, are not what its own lines add up to."""
    transport = derive(shop.shop_key, "key-transport")
    keys: dict[str, bytes] = {}
    points: dict[str, int] = {}
    for row in its:
        customer_id = bytes.fromhex(row.id) if row.t in ("key", "customer") else b""
        body = wire.row_body(row)
        if isinstance(body, rows.Key):
            keys[row.id] = unseal(transport, body.wrapped, key_place(customer_id))
        elif isinstance(body, rows.Customer):
            held = next(each for each in body.traits if each.name == "points")
            plain = unseal(keys[row.id], held.sealed, trait_place(customer_id, "points", held.ver))
            points[row.id] = msgspec.json.decode(plain)["balance"]
    return sum(
        points.get(shop.customer(number).hex()) != hub_shops.START + shop.points[shop.customer(number)]
        for number in range(shop.customers)
    )


def histories(database: str) -> dict[str, bytes]:
    """By device: the end of the hash chain that the hub holds."""
    with psycopg.connect(database) as conn:
        return dict(
            conn.execute(
                """
                SELECT e.device_id, e.hash FROM event AS e JOIN
                (SELECT device_id, max(seq) AS seq FROM event GROUP BY device_id) AS last
                ON last.device_id=e.device_id AND last.seq=e.seq
                """
            ).fetchall()
        )


def text(result: dict[str, Any]) -> str:
    lines = [
        f"{result['shops']} shops, {result['customers']} customers, {result['hubs']} hubs and PostgreSQL on"
        f" {result['cores']} cores"
    ]
    lines += [
        f"uploads of {run['batch_events']} facts: {run['events_per_s']} facts/s on disk"
        f" ({run['times_the_peak']} times the peak of Black Friday), bare inserts"
        f" {run['floor_events_per_s']}/s, ratio {run['ratio_events_per_s']};"
        f" answered in {run['answer_p50_ms']} ms (p50), {run['answer_p95_ms']} ms (p95);"
        f" {'holds' if run['holds'] else 'DOES NOT HOLD'}"
        for run in result["runs"]
    ]
    feeds = result["feeds"]
    verdict = "complete and in order" if holds(result) else "NOT RIGHT"
    return "\n".join([*lines, f"{feeds['partitions']} partitions, {feeds['rows']} rows: {verdict}"])


def progress(words: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"… {words}\n")


def _unsaid(event: str, /, **fields: Any) -> None:
    """A hub that is only filled has nothing to say."""
