"""Honest shops push and pull at a real hub, with and without a hostile peer at it: how much it slows them.

Both are measured in the same run, in turns of a few seconds, so that whatever else the machine does weighs on both.

The limits: what is worked out for a peer that earns nothing but refusals is ten of them a second (`sync.hub.gate`) at
3 to 4 ms each, some 4% of a core, and as much of its own as a shop's share buys. A hub that is half busy then answers
a tenth later; the rest up to 1.5x is for the peer itself, which takes its turns of the same two cores, and for the
moment before its measure is full. One refusal that stands just before an honest request is what p99 may show: 2x.
It comes from the address of the honest ones, as all here do, and names one of them.
"""

import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from edge.bench.hub_shops import Line, Shop, request, shops
from sync import wire
from sync.hub import devices
from sync.hub.app import open_hub
from sync.hub.tables.devices import Device
from tests.bench.hostile_peer import HELD, HOSTILE, history
from tests.sync.centre import KEYS, Said
from tests.sync.real_hub import RealHub, real_hub

HONEST: Final = 6  # shops
CUSTOMERS: Final = 50  # of each
LINES: Final = 32  # of the peer, each with a request on its way
TURN_S: Final = 4.0
TURNS: Final = 5  # of each kind
LIMITS: Final = {"ratio_p50": 1.5, "ratio_p99": 2.0}
PAUSE_S: Final = 0.1  # a shop between an upload with its two pages and the next
FACTS: Final = 5


async def measure(folder: Path, *, turns: int = TURNS, turn_s: float = TURN_S) -> dict[str, Any]:
    """The figures: milliseconds of the honest shops without and with the peer, what was stored and said."""
    chain = list(shops(HONEST + 1, CUSTOMERS))
    with real_hub(folder / "centre") as hub:
        await _introduce(hub, chain)
        hub.start()
        took: dict[bool, list[float]] = {False: [], True: []}
        answers: Counter[str] = Counter()
        honest = [_Honest(shop, hub.port) for shop in chain[1:]]
        await _shift(honest, turn_s)  # warm
        for _ in range(turns):
            took[False] += await _shift(honest, turn_s)
            async with _peer(hub.port, answers):
                took[True] += await _shift(honest, turn_s)
        figures = _figures(took) | {"peer_answered": dict(sorted(answers.items()))}
        figures["stored"] = await _stored(hub, honest)
        said = Counter(
            f"{each['code']} {each['state']}" for each in hub.log() if each["event"] == "request_refused"
        )
        figures["said"] = dict(sorted(said.items()))
        figures["hub_failed"] = sum(each["event"] in ("request_died", "store_failed") for each in hub.log())
        figures["hub_peak_mb"] = _peak_mb(hub.pid)
    return figures


class _Honest:
    """A shop that sends a handful of facts and reads both its partitions, again and again."""

    def __init__(self, shop: Shop, port: int) -> None:
        self.shop = shop
        self.port = port
        self.dice = random.Random(shop.number)
        self.cursors = {wire.urgent_part(shop.id): 0, wire.main_part(shop.id): 0}

    async def work(self, until_s: float) -> list[float]:
        took_s: list[float] = []
        line = await Line.open(self.port)
        base = f"http://127.0.0.1:{self.port}"
        try:
            while time.monotonic() < until_s:
                await asyncio.sleep(self.dice.uniform(0.5, 1.5) * PAUSE_S)
                batch = self.shop.batch(FACTS, seed=self.dice, at_ms=time.time_ns() // 1_000_000)
                body = wire.encode_batch(batch, self.shop.device)
                asked = [request(self.shop, "POST", base + wire.EVENTS_PATH, body)]
                for part, after in self.cursors.items():
                    url = f"{base}{wire.FEED_PATH}?part={part}&after={after}&schema={wire.SCHEMA}"
                    asked.append(request(self.shop, "GET", url))
                said = []
                for each in asked:
                    began_s = time.perf_counter()
                    said.append(await line.ask(each))
                    took_s.append(time.perf_counter() - began_s)
                if wire.decode_answer(said[0]).ack.seq != self.shop.seq:
                    raise RuntimeError("the hub did not take an honest shop's facts")
                for part, page in zip(tuple(self.cursors), map(wire.decode_page, said[1:]), strict=True):
                    self.cursors[part] = page.checkpoint.cursor
        finally:
            line.close()
        return took_s


async def _shift(honest: list[_Honest], turn_s: float) -> list[float]:
    until_s = time.monotonic() + turn_s
    return [each for some in await asyncio.gather(*(one.work(until_s) for one in honest)) for each in some]


@asynccontextmanager
async def _peer(port: int, answers: Counter[str]) -> AsyncGenerator[None, None]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.bench.hostile_peer", str(port), str(LINES), stdin=pipe, stdout=pipe
    )
    assert process.stdout is not None
    await process.stdout.readline()
    try:
        yield
    finally:
        said, _ = await process.communicate(b"")  # the end of its stdin ends it
        if said:
            answers.update(json.loads(said))


async def _introduce(hub: RealHub, chain: list[Shop]) -> None:
    async with open_hub(hub.config, log=Said()) as opened:
        for shop in chain:
            public = shop.device_key.public_key().public_bytes_raw()
            its = Device(shop.device, shop.id, 1, public)
            await opened.db.apply(devices.register, KEYS, device=its, shop_key=shop.shop_key)
            await opened.add_customers([shop.id], shop.people())
        batch = history(b'{"visit_id":"07"}')
        envelope, facts = wire.decode_batch(wire.encode_batch(batch, HOSTILE.device))
        await opened.take(envelope, facts)


async def _stored(hub: RealHub, honest: list[_Honest]) -> dict[str, int]:
    """Facts of the hostile box beyond what it had, and those of honest shops that are missing."""
    async with open_hub(hub.config, log=Said()) as opened:
        rows = opened.db.reader.execute("SELECT device_id, count(*) FROM event GROUP BY device_id").fetchall()
    held = dict(rows)
    missing = sum(each.shop.seq - held.get(each.shop.device, 0) for each in honest)
    return {"of_the_peer": held[HOSTILE.device] - HELD, "missing_of_honest": missing}


def _figures(took: dict[bool, list[float]]) -> dict[str, Any]:
    figures: dict[str, Any] = {"honest_shops": HONEST, "peer_lines": LINES}
    quiet, attacked = (
        statistics.quantiles(took[hostile], n=100, method="inclusive") for hostile in (False, True)
    )
    for name, at in (("p50", 49), ("p99", 98)):
        figures |= {
            f"{name}_ms": round(quiet[at] * 1000, 2),
            f"{name}_attacked_ms": round(attacked[at] * 1000, 2),
            f"ratio_{name}": round(attacked[at] / quiet[at], 2),
        }
    figures["requests"] = len(took[False])
    figures["requests_attacked"] = len(took[True])
    return figures


def _peak_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024, 1)


def not_slowed() -> tuple[bool, dict[str, Any]]:
    """Whether honest shops stay within the limits, all of theirs is there, and nothing of the peer's is."""
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as name:
        figures = asyncio.run(measure(Path(name)))
    figures["limits"] = LIMITS
    slowed = any(figures[name] > limit for name, limit in LIMITS.items())
    refused = sum(count for status, count in figures["peer_answered"].items() if status.startswith("4"))
    once = all(count == 1 for count in figures["said"].values())
    sound = not any(figures["stored"].values()) and not figures["hub_failed"]
    return not slowed and refused > 100 and once and sound, figures
