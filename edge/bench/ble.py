"""`bench ble`: a shop with as many devices as a chain has customers, and the air of a busy hour.

What is measured is the house's own path: keys read from a real journal and opened, slices made in the worker process,
adverts parsed, resolved and made sightings in this one.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from sqlite3 import Connection
from typing import Any, Final

from drivers.codecs.radio import gateways
from drivers.codecs.radio.advert import find_eid
from drivers.codecs.radio.eid import eid
from drivers.nearby import Nearby, Totals
from edge.bench.bar import progress
from edge.consent import tables as consent
from edge.files import prepare
from edge.keys import Keys, read_keys, write_keys
from edge.kit.child import Start
from edge.kit.seal import key_place, new_key, seal
from edge.kit.sqlite import open_writer
from edge.presence import beacons
from edge.presence.devices import Device
from edge.presence.process import Worker
from edge.presence.resolver import Resolver
from edge.recognition import tables as recognition

RECIPIENT: Final = "van-dam"
EXPONENT: Final = 10
SLICE: Final = 2_000  # devices a transaction
CROWD_PER_S: Final = 1_000
GATEWAYS: Final = 6
BATCH_S: Final = 0.1
TICK_S: Final = 0.001
# The air of the rate: a quarter known devices, a quarter strangers' beacons of the same kind, half anything else.
KINDS: Final = 4
PHONE: Final = bytes.fromhex("02011a14ff4c000100000000000000000002000000000000000000")
BEACON: Final = bytes.fromhex("0201061aff4c000215b9407f30f5f8466eaff925556b57fe6d00490001c5")
HEAD: Final = bytes.fromhex("0201060303aafe0d16aafe30ee")
ZEROS_S: Final = 1_000_000_000  # fobs were first switched on at any moment of thirty years


def fob(number: int) -> Device:
    """The invented device of this number: its key, and when its clock began."""
    seed = sha256(b"bench ble %d" % number).digest()
    return Device(seed[:16].hex(), seed[16:], EXPONENT, int.from_bytes(seed[:4], "big") % ZEROS_S)


def says(device: Device, at_s: float) -> bytes:
    return HEAD + eid(device.identity_key, exponent=EXPONENT, time_s=int(at_s) - device.zero_s)


def fill(state: Path, keys: Keys, devices: int, *, progress: Callable[[int], None]) -> tuple[Path, Path]:
    """A shop in which everybody has a fob and agreed; what is there already is kept."""
    files = prepare(state, log=_unsaid)
    with closing(open_writer(files.journal, synchronous="OFF")) as conn:
        conn.execute("ATTACH DATABASE ? AS replica", (str(files.replica),))
        conn.execute("PRAGMA replica.synchronous=OFF")
        for first in range(beacons.count(conn), devices, SLICE):
            conn.execute("BEGIN")
            for number in range(first, min(first + SLICE, devices)):
                _put(conn, fob(number), keys)
            conn.execute("COMMIT")
            progress(min(first + SLICE, devices))
    return files.journal, files.replica


def _put(conn: Connection, device: Device, keys: Keys) -> None:
    customer_id = bytes.fromhex(device.name)
    wrapped = seal(keys.kek, new_key(), key_place(customer_id))
    recognition.put_key(conn, customer_id, wrapped)
    for purpose in ("recognition", "location"):
        row: dict[str, object] = {
            "customer_id": customer_id,
            "purpose": purpose,
            "recipient": RECIPIENT,
            "basis": "consent",
            "gen": 1,
            "state": "given",
            "from_ms": 0,
            "until_ms": None,
            "ver": 1,
        }
        consent.put(conn, row)
    now_ms = int(time.time() * 1000)
    beacons.give(conn, device, customer_id=customer_id, wrapped=wrapped, kek=keys.kek, now_ms=now_ms)


@dataclass(slots=True)
class Air:
    """Adverts at a steady rate as gateways send them, in batches, read and resolved in this loop."""

    resolver: Resolver
    payloads: list[bytes]
    longest_stall_ms: float = 0.0
    longest_work_ms: float = 0.0
    batches: int = 0

    async def run(self) -> None:
        nearby, totals = Nearby("bench", self.resolver, Totals()), Totals()
        loop = asyncio.get_running_loop()
        due_s = loop.time()
        while True:
            payload = self.payloads[self.batches % len(self.payloads)]
            batch = gateways.read(f"edge/bench/gw/g{self.batches % GATEWAYS}/adv", payload)
            assert isinstance(batch, gateways.Batch)
            totals.adverts += batch.adverts
            for each in batch.heard:
                nearby.hear(each.said, scanner=batch.gateway, rssi_dbm=each.rssi_dbm, at_s=time.time())
            while await nearby.next(within_s=0):
                pass
            self.batches += 1
            due_s += BATCH_S / GATEWAYS
            await asyncio.sleep(max(0.0, due_s - loop.time()))

    async def tick(self) -> None:
        """The loop's own pulse: by how much the longest wait was too long, and the most that the loop did in one.

        On a machine that is busy with something else the first is mostly about that; the second never is.
        """
        while True:
            began_s, worked_s = time.perf_counter(), time.thread_time()
            await asyncio.sleep(TICK_S)
            stall_ms = (time.perf_counter() - began_s - TICK_S) * 1000
            self.longest_stall_ms = max(self.longest_stall_ms, stall_ms)
            self.longest_work_ms = max(self.longest_work_ms, (time.thread_time() - worked_s) * 1000)


@asynccontextmanager
async def _breathing(air: Air, *, ticking: bool = True) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(work) for work in ([air.run(), air.tick()] if ticking else [air.run()])]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def measure(state: Path, *, devices: int, adverts: int, windows: int, seed: int) -> dict[str, Any]:
    """The result object of contract.md."""
    write_keys(state / "credentials")
    keys = read_keys(state / "credentials")
    journal, replica = fill(state, keys, devices, progress=progress(devices, "devices"))
    worker = Worker(Start(str(journal), str(replica), RECIPIENT, keys.kek))
    await worker.open()
    try:
        began_s = time.monotonic()
        table, names = await worker.load(int(time.time() * 1000))
        loaded_s = time.monotonic() - began_s
        for number in table.missing(time.time()):
            table.put(await worker.make(number, {}, span_s=table.span_s), now_s=time.time())
        resolver = Resolver()
        resolver.take(table, names)
        rate = _rate(resolver, devices, adverts=adverts, seed=seed)
        air = Air(resolver, _payloads(devices, seed=seed))
        quiet_ms, cpu_pct = await _crowd(air)
        ratios, stalls_ms, work_ms = await _windows(worker, air, devices, windows=windows)
    finally:
        await worker.close()
    ours_ms, floor_ms = (sum(each) / len(each) for each in zip(*ratios, strict=True))
    return {
        "bench": "ble",
        "devices": devices,
        "adverts_per_s": rate,
        "window_cpu_ms": round(ours_ms),
        "floor_window_cpu_ms": round(floor_ms),
        "ratio_window": round(ours_ms / floor_ms, 3),
        "windows": windows,
        "longest_stall_ms": max(stalls_ms),
        "longest_stall_of_each_window_ms": stalls_ms,
        "longest_work_ms": round(work_ms, 2),
        "floor_longest_stall_ms": round(quiet_ms, 2),
        "core_pct_at_1000_per_s": round(cpu_pct, 2),
        "load_s": round(loaded_s, 1),
        "rss_mb": _rss_mb(),
    }


def _rate(resolver: Resolver, devices: int, *, adverts: int, seed: int) -> int:
    """Adverts a second of CPU time, from bytes to a sighting or to nobody."""
    air = list(_air(devices, adverts, seed=seed))
    totals = Totals()
    nearby = Nearby("bench", resolver, totals)
    at_s = time.time()
    began_s = time.process_time()
    for raw in air:
        said = find_eid(raw)
        if said is not None:
            nearby.hear(said, scanner="g1", rssi_dbm=-60, at_s=at_s)
    took_s = time.process_time() - began_s
    expected = len(range(0, adverts, KINDS))
    if totals.resolved != expected:
        raise RuntimeError(f"{totals.resolved} adverts were resolved of {expected}")
    return round(adverts / took_s)


async def _crowd(air: Air, *, lasts_s: float = 5.0) -> tuple[float, float]:
    """The loop's longest stall with nothing but the air in it, and its share of a core."""
    async with _breathing(air):
        await asyncio.sleep(lasts_s)
    # The pulse costs as much as the adverts do: it is left out where their share is measured.
    began, cpu_s, wall_s = air.batches, time.process_time(), time.monotonic()
    async with _breathing(air, ticking=False):
        await asyncio.sleep(lasts_s)
    wall_s, cpu_s = time.monotonic() - wall_s, time.process_time() - cpu_s
    adverts = (air.batches - began) * _per_batch()
    return air.longest_stall_ms, 100 * cpu_s / wall_s * CROWD_PER_S / (adverts / wall_s)


async def _windows(
    worker: Worker, air: Air, devices: int, *, windows: int
) -> tuple[list[tuple[int, int]], list[float], float]:
    """(ours, floor) in ms of CPU for each new window, by turns; while ours came the longest stalls, and work."""
    table = air.resolver.table
    number = max(table.slices)
    made, stalls, works = [], [], []
    for _ in range(windows):
        number += 1
        before_ms = worker.cpu_ms
        air.longest_stall_ms = air.longest_work_ms = 0.0
        async with _breathing(air):
            table.put(await worker.make(number, dict(table.shifts), span_s=table.span_s), now_s=time.time())
        stalls.append(round(air.longest_stall_ms, 2))
        works.append(air.longest_work_ms)
        async with _breathing(air):
            floor_ms = await _floor_ms(devices)
        made.append((worker.cpu_ms - before_ms, floor_ms))
    return made, stalls, max(works)


async def _floor_ms(devices: int) -> int:
    script = str(Path(__file__).with_name("aes.py"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, script, str(devices), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return int(said)


def _air(devices: int, adverts: int, *, seed: int) -> Iterator[bytes]:
    dice = random.Random(seed)
    at_s = time.time()
    for number in range(adverts):
        match number % KINDS:
            case 0:
                yield says(fob(dice.randrange(devices)), at_s)
            case 1:
                yield HEAD + dice.randbytes(8)
            case 2:
                yield PHONE
            case _:
                yield BEACON


def _per_batch() -> int:
    return max(1, round(CROWD_PER_S * BATCH_S / GATEWAYS))


def _payloads(devices: int, *, seed: int) -> list[bytes]:
    """A second of gateways' messages, of strangers but for a handful of customers."""
    dice = random.Random(seed)
    made = []
    for _ in range(round(GATEWAYS / BATCH_S)):
        air = [HEAD + dice.randbytes(8) for _ in range(_per_batch() - 1)]
        air.append(says(fob(dice.randrange(devices)), time.time()))
        rows = [["5A1122334455", 1, -63, 37, raw.hex(), 0] for raw in air]
        batch = {"v": 1, "gw": "g", "boot": "b", "seq": 1, "t": 1, "a": rows}
        made.append(json.dumps(batch).encode())
    return made


def _unsaid(event: str, /, **fields: Any) -> None:
    """A bench ends with its figures and says nothing else."""


def _rss_mb() -> float:
    """Resident memory of this process (proc(5), statm)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20), 1)


def text(result: dict[str, Any]) -> str:
    """The result for a person."""
    return "\n".join(
        (
            f"{result['devices']} devices: {result['adverts_per_s']} adverts a second parsed and resolved",
            f"a new window {result['window_cpu_ms']} ms of CPU in the worker, bare AES "
            f"{result['floor_window_cpu_ms']} ms: {result['ratio_window']}x",
            f"longest stall of the loop meanwhile {result['longest_stall_ms']} ms, without it "
            f"{result['floor_longest_stall_ms']} ms; the loop itself worked {result['longest_work_ms']} ms at most",
            f"1,000 adverts a second: {result['core_pct_at_1000_per_s']}% of a core",
            f"keys read and opened in {result['load_s']} s; this process {result['rss_mb']} MB",
        )
    )


def dump(result: dict[str, Any]) -> str:
    return json.dumps(result)
