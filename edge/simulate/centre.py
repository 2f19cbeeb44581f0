"""The hub: its real ASGI application over its real files, in a process that can end at any step."""

import random
from collections.abc import Callable, Coroutine, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
from litestar import Litestar

from edge.simulate.asgi import Exchange
from edge.simulate.disk import Clock, Disk, lay, quiet
from edge.simulate.process import Process
from edge.simulate.whole import Shelf
from sync.hub import api, devices, restored
from sync.hub.app import Hub
from sync.hub.config import Config, Keys
from sync.hub.often import Often
from sync.hub.serving import application
from sync.hub.store import FILE, OnSqlite
from sync.hub.tables import devices as known
from sync.hub.tables.devices import Device
from sync.hub.tables.feed import Moved

KEYS: Final = Keys(hub_kek=b"K" * 32, chain_key=b"C" * 32)


@dataclass
class Done:
    """What headquarters and customers on their own page were told is done, whatever the hub forgets."""

    blocked: set[str] = field(default_factory=set)  # cards
    # customer and purpose -> the generation that was stopped, or given
    withdrawn: dict[tuple[bytes, str], int] = field(default_factory=dict)
    given: dict[tuple[bytes, str], int] = field(default_factory=dict)


class _Now(Hub):
    """Whichever hub runs: an application is made once a process, for that costs more than what is asked of it.

    It binds methods when it is made, a refusal's clock among them, so what it has in hand stays one object.
    """

    def __init__(self) -> None:
        """Nobody runs yet."""

    def be(self, hub: Hub) -> None:
        self.__dict__ = hub.__dict__


_now = _Now()


@cache
def _application() -> Litestar:
    """What shops ask of the hub; headquarters' pages are not among it."""
    return application(_now, api.routes(_now))


@cache
def _often() -> Often:
    return Often(_application())


class Centre:
    """One hub. `up` while its process runs; `hear` is a request that reached it."""

    def __init__(
        self, folder: Path, clock: Clock, dice: random.Random, *, on_death: Callable[[BaseException], None]
    ) -> None:
        self.disk = Disk(folder, FILE)
        lay(self.disk.files)
        self.clock = clock
        self.up = False
        self.fetched_from = False  # whether boxes fetch snapshots here
        self._seen: dict[Path, float] = {}
        self.whole = False  # whether everything that is asked goes through the framework
        self.done = Done()
        self._then = Done()  # when the backup was made
        self._dice = dice
        self._on_death = on_death

    async def start(self, *, put_back: bool = False) -> None:
        """Open what is on the disk, as `sync.hub.app.open_hub` does; `put_back`: it is a backup."""
        self.process = process = Process(
            "hub", pause=lambda: self._dice.uniform(0.0002, 0.004), on_death=self._on_death
        )
        db = self.disk.open(process, record=_no_facts)
        store = OnSqlite(db, self.disk.folder / FILE)
        self.reader = db.reader
        marks = restored.remembered(self.disk.folder / restored.FILE)
        await store.apply(restored.replay, KEYS, marks=marks, now_ms=self.clock.wall_ms())
        if put_back:
            await store.apply(restored.raise_epoch, now_ms=self.clock.wall_ms())
        self.hub = Hub(store, Config(self.disk.folder, KEYS), clock=self.clock, log=quiet, aside=_here)
        if self.fetched_from:
            self.hub.shelf = Shelf(self.hub, process, self._dice, self._seen)
            await self.hub.shelf.sweep()
            if put_back:
                self.hub.shelf.forget()
        _now.be(self.hub)
        self.up = process.alive

    def end(self) -> None:
        self.up = False
        self.process.end()

    def back_up(self) -> None:
        self.disk.back_up(self.reader)
        self._then = deepcopy(self.done)

    def put_back(self) -> None:
        """After `end`: the backup. What was done since is gone with the disk, where no shop holds it."""
        self.disk.put_back()
        self.done = deepcopy(self._then)

    async def erase(self, customer_id: bytes) -> None:
        await self.hub.erase(customer_id)

    async def renew(self, device: str) -> None:
        """A person gives a device an epoch that it never had."""
        await self.hub.db.apply(devices.renew, device)

    def epoch(self) -> int:
        return known.hub_epoch(self.reader)

    def epoch_of(self, device: str) -> int:
        found = known.device(self.reader, device)
        return found.epoch if found else 0

    async def register(self, device: Device, shop_key: bytes) -> None:
        await self.hub.db.apply(devices.register, KEYS, device=device, shop_key=shop_key)

    def hear(self, request: httpx.Request) -> Exchange:
        """A request that reached the hub: it is answered in a task of the hub's own process."""
        exchange = Exchange(request)
        self.process.start(exchange.run(_application() if self.whole else _often()))
        return exchange

    def change(
        self, act: Callable[..., Sequence[Moved] | None], *words: Any, **named: Any
    ) -> Coroutine[Any, Any, Any]:
        """An act at headquarters or on a customer's own page."""
        return self.hub.change(act, *words, **named)


def _no_facts(conn: object, moved: list[Any]) -> int:
    return 0


async def _here(act: Any, /, *words: Any, **named: Any) -> Any:
    return act(*words, **named)
