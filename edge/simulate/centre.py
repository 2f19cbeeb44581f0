"""The hub: its real ASGI application over its real files, in a process that can end at any step."""

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.simulate.disk import Clock, Disk, lay, quiet
from edge.simulate.line import Heard
from edge.simulate.process import Process
from sync.hub import devices
from sync.hub.app import FILE, Hub
from sync.hub.config import Config, Keys
from sync.hub.tables.devices import Device
from sync.hub.tables.feed import Moved

KEYS: Final = Keys(hub_kek=b"K" * 32, chain_key=b"C" * 32)


class Centre:
    """One hub. `up` while its process runs; `hear` is a request that reached it."""

    def __init__(
        self, folder: Path, clock: Clock, dice: random.Random, *, on_death: Callable[[BaseException], None]
    ) -> None:
        lay(folder)
        self.disk = Disk(folder, FILE)
        self.clock = clock
        self.up = False
        self._dice = dice
        self._on_death = on_death

    def start(self) -> None:
        """Open what is on the disk, as `sync.hub.app.open_hub` does."""
        self.process = Process(
            "hub", pause=lambda: self._dice.uniform(0.0002, 0.004), on_death=self._on_death
        )
        db = self.disk.open(self.process, record=_no_facts)
        config = Config(self.disk.folder, KEYS)
        self.hub = Hub(db, config, clock=self.clock, log=quiet, file=self.disk.folder / FILE)
        self._app = httpx.ASGITransport(app=self.hub.app)  # type: ignore[arg-type]
        self.up = True

    def end(self) -> None:
        self.up = False
        self.hub.bell.close()
        self.process.end()

    async def register(self, device: Device, shop_key: bytes) -> None:
        await self.hub.db.apply(devices.register, KEYS, device=device, shop_key=shop_key)

    def hear(self, request: httpx.Request) -> "asyncio.Task[Heard]":
        """Answer a request in a task of the hub's own process."""
        return self.process.start(self._answer(request))

    async def _answer(self, request: httpx.Request) -> Heard:
        response = await self._app.handle_async_request(request)
        body = await response.aread()
        return Heard(response.status_code, dict(response.headers), body)

    def change(
        self, act: Callable[..., Sequence[Moved] | None], *words: Any, **named: Any
    ) -> Coroutine[Any, Any, Any]:
        """An act at headquarters or on a customer's own page."""
        return self.hub.change(act, *words, **named)


def _no_facts(conn: object, moved: list[Any]) -> int:
    return 0


def signing_key(seed: bytes) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed)
