"""How long a member of another shop waits at the counter: from the tap to the visit, over a line to a real hub."""

import asyncio
import time
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers.reader import Sighting, Token
from edge.app import open_edge
from edge.config import Config, Shop, Store
from edge.config import Hub as HubLine
from edge.kit.serve import listen, serve
from edge.recognition.rules import Recognised
from sync.hub import devices
from sync.hub.app import open_hub
from sync.hub.config import Config as HubConfig
from tests.sync.centre import HERE, KEYS, SECRETS, SHOP_KEY, Said, customer, device
from tests.sync.portal.test_speed import until

GUESTS = 200


async def measure(folder: Path, guests: int = GUESTS) -> dict[str, Any]:
    """Percentiles, in ms; each guest is of another shop and comes once."""
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(open_hub(HubConfig(folder / "hub", KEYS), log=Said()))
        await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        other = Ed25519PrivateKey.generate()
        await hub.db.apply(
            devices.register, KEYS, device=device("box-2", "s2", key=other), shop_key=b"T" * 32
        )
        ids = [number.to_bytes(16, "big") for number in range(1, guests + 1)]
        await hub.add_customers(
            ["s2"], [replace(customer(who, number=f"LOYALTY-{who.hex()}")) for who in ids]
        )
        sock = listen("127.0.0.1", 0)
        serving = asyncio.ensure_future(serve(hub.app, sock, goodbye=hub.bell.close))
        line = HubLine(url=f"http://127.0.0.1:{sock.getsockname()[1]}", device="box-1")
        config = Config(shop=Shop(id="s1", recipient=HERE), store=Store(state=folder / "edge"), hub=line)
        edge = await stack.enter_async_context(open_edge(config, keys=SECRETS, readers=[], log=Said()))
        assert edge.agent is not None
        talking = asyncio.ensure_future(edge.agent.run())
        await until(lambda: edge.house.health.online and hub.contacts.connected("box-1"))
        took_ms: list[float] = []
        known = 0
        for who in ids:
            token = Token("barcode", f"LOYALTY-{who.hex()}", "weak")
            began_s = time.perf_counter()
            met = await edge.house.counter.on_sighting(Sighting("balie", datetime.now(UTC), "tap", token))
            took_ms.append((time.perf_counter() - began_s) * 1000)
            known += isinstance(met, Recognised)
            await asyncio.sleep(
                0.1
            )  # a busy counter; a shop that asks more than 50 times a second is put off
        for each in (talking, serving):
            each.cancel()
        await asyncio.gather(talking, serving, return_exceptions=True)
    took_ms.sort()
    return {
        "guests": guests,
        "recognised": known,
        "p50_ms": round(took_ms[guests // 2], 1),
        "p95_ms": round(took_ms[int(guests * 0.95)], 1),
        "max_ms": round(took_ms[-1], 1),
    }
