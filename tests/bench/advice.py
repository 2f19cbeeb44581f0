"""How fast advice answers, and what its training costs: invented histories, the real worker, the real files."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from edge.advice.process import Worker
from edge.advice.rules import Item
from tests.advice.shop import open_advice
from tests.rules.advice_shop import histories

ASKED: Final = 400
PRODUCTS: Final = 600
LEARNT_S: Final = 300.0
MOST_MB: Final = 400


def products() -> dict[str, Item]:
    names = [f"item-{number:03d}" for number in range(PRODUCTS)]
    return {
        name: Item(name, name, "kamperen", number % 2 == 0, False, 5) for number, name in enumerate(names)
    }


async def measure(folder: Path, customers: int) -> dict[str, Any]:
    """Time and memory of a training, and percentiles of asking from the house's side of the pipe: at once, by the
    rules while the ranking is learnt beside it, and by the ranking afterwards."""
    items = products()
    people = histories(customers, items, visits=24)
    async with open_advice(folder, items) as shop:
        everybody = list(people)
        for start in range(0, customers, 500):
            await shop.history({who: people[who] for who in everybody[start : start + 500]})
        await shop.worker.open()
        try:
            now_ms, worker = shop.floor.now_ms, shop.worker
            trained = await worker.train(now_ms, timeout_s=600)
            asked = random.Random(3).sample(everybody, min(ASKED, customers))
            while_learning, began_s = await _asked(worker, asked, now_ms), time.monotonic()
            while not (await worker.refresh([], now_ms, timeout_s=60)).ranked:
                if time.monotonic() - began_s > LEARNT_S:
                    raise TimeoutError(f"no ranking was learnt within {LEARNT_S} s")
                await asyncio.sleep(0.5)
            ranked = await _asked(worker, asked, now_ms)
            status = await asyncio.to_thread(Path(f"/proc/{worker.pid}/status").read_text)
        finally:
            await shop.worker.close()
    memory = {line.split()[0]: int(line.split()[1]) // 1024 for line in status.splitlines() if "kB" in line}
    return {
        "customers": trained.customers,
        "baskets": trained.baskets,
        "asked": len(asked),
        "learning": while_learning,
        "ranked": ranked,
        "p95_ms": max(while_learning["p95_ms"], ranked["p95_ms"]),
        "train_s": round(trained.duration_ms / 1000, 1),
        "worker_rss_mb": memory["VmRSS:"],
        "worker_peak_mb": memory["VmHWM:"],
    }


async def _asked(worker: Worker, people: Sequence[bytes], now_ms: int) -> dict[str, Any]:
    took_ms, made, codes = [], 0, Counter[str]()
    for who in people:
        began_s = time.perf_counter()
        answer = await worker.advise(who, [], now_ms, timeout_s=60)
        took_ms.append((time.perf_counter() - began_s) * 1000)
        made += len(answer.made)
        codes.update(each.code for each in answer.made)
    took_ms.sort()
    return {
        "suggestions": made,
        "p50_ms": round(took_ms[len(took_ms) // 2], 1),
        "p95_ms": round(took_ms[int(len(took_ms) * 0.95)], 1),
        "reasons": dict(sorted(codes.items())),
    }
