"""`bench tap`: from sighting to the last byte of the refreshed fragment on every tablet, and its floor."""

import asyncio
import json
import random
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from edge.bench.bar import progress
from edge.bench.prepare import write_config
from edge.bench.shop import fill, hashes
from edge.bench.tablets import Tablets
from edge.keys import read_keys, write_keys

TABLETS: Final = (1, 10, 50)
VARIANTS: Final = ("ours", "floor", "ours_without_commit", "floor_without_commit")
CROWD_PER_S: Final = 1_000
# A tap that takes this long has been lost: the figure would be about the loss, not about the taps.
LOST_S: Final = 60.0
# Our fragment with a full list and a card, in bytes; measured with seven rows.
FULL_BYTES: Final = 5_000
RECIPIENT: Final = "van-dam"


@dataclass(frozen=True, slots=True)
class Run:
    """Medians and 99th percentiles of one number of tablets, microseconds."""

    tablets: int
    p50_us: int
    floor_p50_us: int
    ratio_p50: float
    ratio_p50_without_commit: float
    p99_us: int
    floor_p99_us: int
    p50_us_without_commit: int
    floor_p50_us_without_commit: int
    taps: int


class Child:
    """One server process under measurement."""

    def __init__(self, process: asyncio.subprocess.Process, *, spawned_s: float) -> None:
        self._process = process
        self._spawned_s = spawned_s
        self.ready_s = 0.0
        self.port = 0

    @classmethod
    async def start(cls, *command: str) -> "Child":
        spawned_s = time.monotonic()
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        child = cls(process, spawned_s=spawned_s)
        word, port = (await child.answer()).split()
        if word != "ready":
            raise RuntimeError(f"the server said {word!r} instead of ready")
        child.port = int(port)
        return child

    @property
    def pid(self) -> int:
        return self._process.pid

    async def serving(self, path: str) -> None:
        """Wait until `path` is answered; `ready_s` is the time since the process was spawned."""
        while True:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode())
                if (await reader.readline()).startswith(b"HTTP/1.1 "):
                    writer.close()
                    break
            except ConnectionError:
                await asyncio.sleep(0.01)
        self.ready_s = time.monotonic() - self._spawned_s

    def tell(self, line: str) -> None:
        if self._process.stdin is None:
            raise RuntimeError("no line to the server")
        self._process.stdin.write(line.encode() + b"\n")

    async def answer(self) -> str:
        if self._process.stdout is None:
            raise RuntimeError("no line from the server")
        line = await asyncio.wait_for(self._process.stdout.readline(), 60)
        if not line:
            raise RuntimeError(f"the server ended with {await self._process.wait()}")
        return line.decode().strip()

    async def stop(self) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        await asyncio.wait_for(self._process.wait(), 10)


async def measure(
    state: Path, *, customers: int, taps: int, seed: int, tablets: tuple[int, ...]
) -> dict[str, Any]:
    """All runs of one size of shop; the result object of contract.md."""
    write_keys(state / "credentials")
    keys = read_keys(state / "credentials")
    fill(state, keys, customers, recipient=RECIPIENT, progress=progress(customers, "customers"))
    cookies = write_config(state, keys, recipient=RECIPIENT, tablets=max(tablets))
    people = hashes(keys, customers, seed=seed)
    async with AsyncExitStack() as stack:
        ours = await Child.start("-m", "edge.bench.appliance", str(state / "welkom.toml"))
        stack.push_async_callback(ours.stop)
        await ours.serving("/healthz")
        await _settled(ours)
        size = await _fragment_bytes(ours, cookies[0])
        journal = _fresh(state / "floor.db")
        script = str(Path(__file__).with_name("floor.py"))
        floor = await Child.start(script, "0", str(state / "replica.db"), str(journal), str(size))
        stack.push_async_callback(floor.stop)
        await floor.serving("/visits")
        ours.tell(f"crowd {CROWD_PER_S}")
        await ours.answer()
        began_s = time.monotonic()
        runs = [
            await _run(ours, floor, people, count=count, taps=taps, seed=seed, cookies=cookies)
            for count in tablets
        ]
        ours.tell("rss")
        rss_mb, search_ready, crowd = (await ours.answer()).split()
    return {
        "bench": "tap",
        "runs": [asdict(run) for run in runs],
        "rss_mb": float(rss_mb),
        "ready_s": round(ours.ready_s, 3),
        "customers": customers,
        "search_ready": search_ready == "1",
        "sightings_per_s": round(int(crowd) / (time.monotonic() - began_s)),
    }


def _fresh(path: Path) -> Path:
    for old in path.parent.glob(path.name + "*"):
        old.unlink()
    return path


async def _settled(ours: Child) -> None:
    """Wait for the search index: memory is measured with all that a shop day has in it."""
    while True:
        ours.tell("rss")
        if (await ours.answer()).split()[1] == "1":
            return
        await asyncio.sleep(0.2)


async def _fragment_bytes(ours: Child, cookie: str) -> int:
    """What the floor sends: as much as our fragment, or FULL_BYTES where the shop is still empty."""
    tablet = Tablets(ours.port, 1, cookies=(cookie,))
    await tablet.connect()
    done = tablet.expect()
    tablet.ask()
    await done
    tablet.close()
    return max(tablet.fragment_bytes, FULL_BYTES)


async def _run(
    ours: Child,
    floor: Child,
    people: Iterator[tuple[str, str]],
    *,
    count: int,
    taps: int,
    seed: int,
    cookies: list[str],
) -> Run:
    dice = random.Random(seed + count)
    our_tablets = Tablets(ours.port, count, cookies=tuple(cookies[:count]))
    floor_tablets = Tablets(floor.port, count)
    took_ns: dict[str, list[int]] = {variant: [] for variant in VARIANTS}
    await our_tablets.connect()
    await floor_tablets.connect()
    await asyncio.sleep(0.5)
    # Some more before them, to warm up both processes alike; they do not count.
    order = [variant for variant in VARIANTS for _ in range(taps)]
    dice.shuffle(order)
    for number, variant in enumerate([*order[: taps // 2], *order]):
        barcode, credential = next(people)
        mine = variant.startswith("ours")
        server, tablets = (ours, our_tablets) if mine else (floor, floor_tablets)
        word = "tap-only" if variant.endswith("without_commit") else "tap"
        done = tablets.expect()
        server.tell(f"{word} {barcode if mine else credential}")
        last_ns = await asyncio.wait_for(done, LOST_S)
        server.tell("began")
        began_ns = int(await server.answer())
        if number >= taps // 2:
            took_ns[variant].append(last_ns - began_ns)
        await asyncio.sleep(dice.uniform(0.002, 0.006))
    our_tablets.close()
    floor_tablets.close()
    return _figures(count, taps, took_ns)


def _figures(count: int, taps: int, took_ns: dict[str, list[int]]) -> Run:
    p50 = {variant: statistics.median(took) / 1000 for variant, took in took_ns.items()}
    p99 = {variant: statistics.quantiles(took, n=100)[98] / 1000 for variant, took in took_ns.items()}
    return Run(
        tablets=count,
        taps=taps,
        p50_us=round(p50["ours"]),
        p99_us=round(p99["ours"]),
        floor_p50_us=round(p50["floor"]),
        floor_p99_us=round(p99["floor"]),
        ratio_p50=round(p50["ours"] / p50["floor"], 3),
        p50_us_without_commit=round(p50["ours_without_commit"]),
        floor_p50_us_without_commit=round(p50["floor_without_commit"]),
        ratio_p50_without_commit=round(p50["ours_without_commit"] / p50["floor_without_commit"], 3),
    )


def text(result: dict[str, Any]) -> str:
    """The result for a person."""
    lines = ["tablets   ours p50   floor p50   ratio   without commit"]
    lines += [
        f"{run['tablets']:7}   {run['p50_us']:6} us   {run['floor_p50_us']:6} us   {run['ratio_p50']:5.2f}   "
        f"{run['ratio_p50_without_commit']:5.2f}"
        for run in result["runs"]
    ]
    lines.append(
        f"memory {result['rss_mb']} MB, ready in {result['ready_s']} s, {result['customers']} customers"
    )
    return "\n".join(lines)


def dump(result: dict[str, Any]) -> str:
    return json.dumps(result)
