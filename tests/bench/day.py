"""Fifty tablets open through ten minutes of a busy shop: does the appliance grow?"""

import asyncio
import random
import tempfile
import time
from pathlib import Path
from typing import Any, Final

from edge.bench.prepare import write_config
from edge.bench.shop import fill, hashes
from edge.bench.tablets import Tablets
from edge.bench.tap import RECIPIENT, Child
from edge.keys import read_keys, write_keys

TABLETS: Final = 50
CUSTOMERS: Final = 2_000
MINUTES: Final = 10
WARM_S: Final = 60.0  # until every page, statement and template has been used once
TAPS_PER_S: Final = 3.0
MOST_GROWTH: Final = 0.05


def fifty_tablets(minutes: float = MINUTES) -> tuple[bool, dict[str, Any]]:
    """Whether memory grows by less than a twentieth between the end of the first minute and that of the last."""
    with tempfile.TemporaryDirectory(prefix="welkom-prove-") as name:
        figures = asyncio.run(_day(Path(name), minutes=minutes))
    grown = figures["rss_mb_end"] / figures["rss_mb_warm"] - 1
    figures |= {"growth": round(grown, 4), "limit": MOST_GROWTH, "tablets": TABLETS, "minutes": minutes}
    return grown <= MOST_GROWTH and figures["refreshes_missed"] == 0, figures


async def _day(state: Path, *, minutes: float) -> dict[str, Any]:
    write_keys(state / "credentials")
    keys = read_keys(state / "credentials")
    fill(state, keys, CUSTOMERS, recipient=RECIPIENT, progress=lambda done: None)
    cookies = write_config(state, keys, recipient=RECIPIENT, tablets=TABLETS)
    people = hashes(keys, CUSTOMERS, seed=1)
    ours = await Child.start("-m", "edge.bench.appliance", str(state / "welkom.toml"))
    try:
        await ours.serving("/healthz")
        tablets = Tablets(ours.port, TABLETS, cookies=tuple(cookies))
        await tablets.connect()
        dice = random.Random(1)
        end_s, warm_s = time.monotonic() + minutes * 60, time.monotonic() + WARM_S
        warm_mb, taps, missed = 0.0, 0, 0
        while time.monotonic() < end_s:
            barcode, _ = next(people)
            done = tablets.expect()
            ours.tell(f"tap {barcode}")
            taps += 1
            try:
                await asyncio.wait_for(done, 10)
            except TimeoutError:
                missed += 1
            if not warm_mb and time.monotonic() >= warm_s:
                warm_mb = await _rss_mb(ours)
            await asyncio.sleep(dice.expovariate(TAPS_PER_S))
        end_mb = await _rss_mb(ours)
        tablets.close()
    finally:
        await ours.stop()
    return {"taps": taps, "refreshes_missed": missed, "rss_mb_warm": warm_mb, "rss_mb_end": end_mb}


async def _rss_mb(ours: Child) -> float:
    ours.tell("rss")
    return float((await ours.answer()).split()[0])
