"""A hub for the tests with one shop, one device and a few customers; only the line and the clock are made up."""

import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.keys import Keys as ShopKeys
from sync.agent import Agent
from sync.box import Box
from sync.hub import devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config, Keys
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables.devices import Device
from tests.fresh import lay_hub
from tests.sync import engines
from tests.sync.shop import Line, TestBox

KEYS = Keys(hub_kek=b"K" * 32, chain_key=b"C" * 32)
SHOP_KEY = b"S" * 32
DEVICE_KEY = Ed25519PrivateKey.from_private_bytes(b"D" * 32)
# What the appliance of that shop holds.
SECRETS = ShopKeys(
    shop_key=SHOP_KEY,
    chain_key=KEYS.chain_key,
    kek=b"B" * 32,
    pin_pepper=b"P" * 32,
    device_key=DEVICE_KEY.private_bytes_raw(),
)
HERE = "van-dam"
ANNA = b"\xa1" * 16
BRAM = b"\xb2" * 16


def customer(
    customer_id: bytes = ANNA, *, name: str = "A. de Vries", number: str = "LOYALTY-0001"
) -> NewCustomer:
    return NewCustomer(
        customer_id,
        {"name": name, "points": 120},
        [("number", number)],
        [NewConsent("saving", HERE), NewConsent("recognition", HERE), NewConsent("profiling", HERE)],
    )


def device(
    name: str = "box-1", shop: str = "s1", *, epoch: int = 1, key: Ed25519PrivateKey = DEVICE_KEY
) -> Device:
    return Device(name, shop, epoch, key.public_key().public_bytes_raw())


@dataclass
class Said:
    """What was logged."""

    lines: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, event: str, /, **fields: Any) -> None:
        self.lines.append((event, fields))

    def count(self, event: str) -> int:
        return sum(said == event for said, _ in self.lines)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass
class Centre:
    """One hub, one shop's box, the agent between them."""

    hub: Hub
    said: Said
    state: Path
    box: TestBox
    line: Line
    agent: Agent
    client: httpx.AsyncClient
    pauses_s: list[float]

    @property
    def hub_file(self) -> Path:
        return self.state / "hub" / "hub.db"

    def agent_of(self, box: Box, *, client: httpx.AsyncClient | None = None, **more: Any) -> Agent:
        """The shop's own device speaking for another `box`, on this line or on that of `client`."""
        words: dict[str, Any] = {"wall_ms": now_ms, "log": self.said} | more
        return Agent(box, client or self.client, device="box-1", shop="s1", key=DEVICE_KEY, **words)


@asynccontextmanager
async def open_centre(
    state: Path, *, wall_ms: Any = now_ms, fast: bool = True
) -> AsyncGenerator[Centre, None]:
    """A hub and a shop; `fast` makes the agent's pauses short and notes them."""
    said, pauses_s = Said(), []

    async def pause(seconds: float) -> None:
        import asyncio

        pauses_s.append(seconds)
        await asyncio.sleep(min(seconds, 0.01) if fast else seconds)

    async with open_hub(Config(lay_hub(state / "hub"), KEYS, engines.database()), log=said) as hub:
        await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        line = Line(hub.app)
        box = TestBox(state / "box.db")
        async with httpx.AsyncClient(transport=line, base_url="http://hub.test") as client:
            agent = Agent(
                box,
                client,
                device="box-1",
                shop="s1",
                key=DEVICE_KEY,
                wall_ms=wall_ms,
                log=said,
                sleep=pause,
            )
            yield Centre(hub, said, state, box, line, agent, client, pauses_s)
        box.close()
