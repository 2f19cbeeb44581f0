"""How fast advice answers, and what its training costs: invented histories, the real worker, the real files."""

import asyncio
import random
import time
from pathlib import Path
from typing import Any

from edge.advice.rules import Item
from tests.advice.shop import open_advice
from tests.rules.advice_shop import histories

ASKED = 400
PRODUCTS = 600


def products() -> dict[str, Item]:
    names = [f"item-{number:03d}" for number in range(PRODUCTS)]
    return {
        name: Item(name, name, "kamperen", number % 2 == 0, False, 5) for number, name in enumerate(names)
    }


async def measure(folder: Path, customers: int) -> dict[str, Any]:
    """Percentiles of asking, from the house's side of the pipe, and time and memory of a training."""
    items = products()
    people = histories(customers, items, visits=24)
    async with open_advice(folder, items) as shop:
        everybody = list(people)
        for start in range(0, customers, 500):
            await shop.history({who: people[who] for who in everybody[start : start + 500]})
        await shop.worker.open()
        try:
            trained = await shop.worker.train(shop.floor.now_ms, timeout_s=600)
            dice, took_ms, made = random.Random(3), [], 0
            for who in dice.sample(everybody, min(ASKED, customers)):
                began_s = time.perf_counter()
                answer = await shop.worker.advise(who, [], shop.floor.now_ms, timeout_s=60)
                took_ms.append((time.perf_counter() - began_s) * 1000)
                made += len(answer.made)
            status = await asyncio.to_thread(Path(f"/proc/{shop.worker.pid}/status").read_text)
        finally:
            await shop.worker.close()
    took_ms.sort()
    (rss,) = [line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")]
    return {
        "customers": trained.customers,
        "baskets": trained.baskets,
        "asked": len(took_ms),
        "suggestions": made,
        "p50_ms": round(took_ms[len(took_ms) // 2], 1),
        "p95_ms": round(took_ms[int(len(took_ms) * 0.95)], 1),
        "train_s": round(trained.duration_ms / 1000, 1),
        "worker_rss_mb": int(rss) // 1024,
    }
