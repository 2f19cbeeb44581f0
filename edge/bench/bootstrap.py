"""`bench bootstrap`: a new box and a hub of many customers, until a tap is recognised; beside a bare bulk load."""

import asyncio
import json
import random
import shutil
import statistics
import sys
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from edge.bench import centre
from edge.bench.bar import progress
from edge.bench.prepare import write_config
from edge.bench.shop import barcode
from edge.bench.tablets import Tablets
from edge.bench.tap import RECIPIENT, Child
from edge.config import toml
from edge.files import prepare
from edge.kit.serve import listen

_TAP_S: Final = (0.03, 0.1)  # between two taps
_LOST_S: Final = 600.0
_SAMPLE_S: Final = 0.1


@dataclass(slots=True)
class _Memory:
    """The most that the appliance took, all its processes together."""

    pid: int
    most_mb: float = 0.0
    by_process_mb: list[float] = field(default_factory=list)

    async def watch(self) -> None:
        while True:
            each = [_rss_mb(pid) for pid in _family(self.pid)]
            if sum(each) > self.most_mb:
                self.most_mb, self.by_process_mb = sum(each), each
            await asyncio.sleep(_SAMPLE_S)


async def measure(state: Path, *, customers: int, seed: int) -> dict[str, Any]:
    """The result object: what it took, the floor, and how taps were answered meanwhile."""
    with listen("127.0.0.1", 0) as sock:
        port = int(sock.getsockname()[1])
    hub = await centre.fill(
        state, customers, recipient=RECIPIENT, port=port, progress=progress(customers, "customers")
    )
    for old in (state / "hub" / "snapshots", state / "edge"):
        shutil.rmtree(old, ignore_errors=True)
    edge = state / "edge"
    prepare(edge, log=lambda *_, **__: None)
    (cookie,) = write_config(edge, hub.keys, recipient=RECIPIENT, tablets=1)
    shutil.copytree(state / "credentials", edge / "credentials")
    config = edge / "welkom.toml"
    said = config.read_text(encoding="utf-8").replace("[shop]\n", f"[shop]\nid = {toml(centre.SHOP)}\n")
    line = f'[hub]\nurl = "http://127.0.0.1:{port}"\ndevice = {toml(centre.DEVICE)}\n'
    config.write_text(said + line, encoding="utf-8")
    async with AsyncExitStack() as stack:
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "edge.cli",
            "hub",
            "--config",
            str(hub.config),
            stderr=asyncio.subprocess.DEVNULL,
        )
        stack.push_async_callback(_ended, server)
        await _answers(port)
        began_s = time.monotonic()
        ours = await Child.start("-m", "edge.bench.appliance", str(config))
        stack.push_async_callback(ours.stop)
        memory = _Memory(ours.pid)
        watching = asyncio.create_task(memory.watch())
        taps_ms, served_s = await _tapped(ours, cookie, customers, seed=seed, began_s=began_s)
        while True:  # memory is measured with all that a shop day has in it
            ours.tell("rss")
            if (await ours.answer()).split()[1] == "1":
                break
            await asyncio.sleep(0.2)
        search_s = time.monotonic() - began_s
        watching.cancel()
    floor_s, rows = await _floor(edge / "replica.db", edge / "floor.db")
    spread_ms = taps_ms if len(taps_ms) > 1 else taps_ms * 2  # a small shop is served by the first one
    return {
        "bench": "bootstrap",
        "customers": customers,
        "rows": rows,
        "served_s": round(served_s, 2),
        "floor_s": round(floor_s, 2),
        "ratio": round(served_s / floor_s, 3),
        "rows_per_s": round(rows / served_s),
        "floor_rows_per_s": round(rows / floor_s),
        "rss_mb": round(memory.most_mb, 1),
        "rss_by_process_mb": [round(each, 1) for each in memory.by_process_mb],
        "taps": len(taps_ms),
        "tap_p50_ms": round(statistics.median(taps_ms), 1),
        "tap_p99_ms": round(statistics.quantiles(spread_ms, n=100, method="inclusive")[98], 1),
        "tap_max_ms": round(max(taps_ms), 1),
        "search_ready_s": round(search_s, 1),
    }


async def _tapped(
    ours: Child, cookie: str, customers: int, *, seed: int, began_s: float
) -> tuple[list[float], float]:
    """Tap until somebody is recognised; how long each answer took meanwhile, and when that was."""
    dice, taps_ms = random.Random(seed), []
    tablet = Tablets(ours.port, 1, cookies=(cookie,))
    await tablet.connect()
    done = tablet.expect()
    tablet.ask()
    await asyncio.wait_for(done, _LOST_S)  # what a tablet fetches because it came is no tap's
    before_ns = 0
    while True:
        # Somebody else each time: the same card within two seconds is one hold of it.
        number = dice.randrange(customers)
        done = tablet.expect()
        ours.tell(f"tap {barcode(number)}")
        last_ns = await asyncio.wait_for(done, _LOST_S)
        ours.tell("began")
        began_ns = int(await ours.answer())
        # The replica pokes as well, when it comes in: a refresh from before the tap is not of the tap.
        if before_ns < began_ns <= last_ns:
            taps_ms.append((last_ns - began_ns) / 1e6)
        before_ns = began_ns
        ours.tell("whole")
        whole, seen = map(int, (await ours.answer()).split())
        if whole and seen and taps_ms:
            break
        if time.monotonic() - began_s > _LOST_S:
            raise RuntimeError("the replica did not come in")
        await asyncio.sleep(dice.uniform(*_TAP_S))
    served_s = time.monotonic() - began_s
    tablet.close()
    return taps_ms, served_s


async def _floor(source: Path, target: Path) -> tuple[float, int]:
    floor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge.bench.bulk", str(source), str(target)), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await floor.communicate()
    took_s, rows = said.split()
    return float(took_s), int(rows)


async def _answers(port: int) -> None:
    while True:
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.02)


async def _ended(process: asyncio.subprocess.Process) -> None:
    with suppress(ProcessLookupError):
        process.terminate()
    await process.wait()


def _family(pid: int) -> list[int]:
    """A process and all that it started (proc(5), `children`)."""
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += _family(int(child))
    return found


def _rss_mb(pid: int) -> float:
    with suppress(OSError, IndexError):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(status.split("VmRSS:")[1].split()[0]) / 1024
    return 0.0


def text(result: dict[str, Any]) -> str:
    """The result for a person."""
    return (
        f"{result['customers']} customers, {result['rows']} rows: served after {result['served_s']} s, "
        f"bare bulk load {result['floor_s']} s, ratio {result['ratio']}\n"
        f"memory {result['rss_mb']} MB; {result['taps']} taps meanwhile, p50 {result['tap_p50_ms']} ms, "
        f"p99 {result['tap_p99_ms']} ms; search ready after {result['search_ready_s']} s"
    )


def dump(result: dict[str, Any]) -> str:
    return json.dumps(result)
