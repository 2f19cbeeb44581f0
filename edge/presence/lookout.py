"""Keeps the resolver able to answer: the worker alive, slices ahead of the clock, withdrawals at once.

The slices that are here stay good while the worker is away. A device that may no longer be known is forgotten in
this very process, without waiting for anybody.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any, Final

from edge.kit.clock import ShopTime
from edge.kit.errors import StoreError
from edge.kit.log import Log
from edge.kit.sqlite import Database
from edge.presence import beacons, tags
from edge.presence.process import WindowsGone, Worker
from edge.presence.resolver import Resolver

LOOK_S: Final = 1.0  # how often the clock is compared with the slices that are here
BACK_OFF_S: Final = (0.5, 1.0, 2.0, 5.0, 15.0)
# The gate is asked anew as often: whose yes came or ran out meanwhile is then in, or out. Whoever is heard is asked
# about at that moment too.
RELOAD_S: Final = 3_600.0
SAVE_S: Final = 60.0


class Lookout:
    """One a house, used from its event loop. `resolver` is what the radio readers ask; `run` until cancelled."""

    def __init__(
        self, db: Database[Any], time: ShopTime, worker: Worker, *, recipient: str, log: Log
    ) -> None:
        self._db = db
        self._time = time
        self._worker = worker
        self._recipient = recipient
        self._log = log
        self._drifts: dict[str, int] = {}  # seconds learnt since the devices were read
        self._saved: dict[str, int] = {}  # and how many of them are written down
        self._reload = asyncio.Event()
        self.ready = asyncio.Event()
        self.down = False
        self.resolver = Resolver(on_drift=self._drifts.__setitem__)

    async def run(self) -> None:
        """Keep a worker, with waits that grow while it fails."""
        tries = 0
        try:
            while True:
                try:
                    await self._worker.open()
                    await self._keep()
                except WindowsGone as gone:
                    if not self.down:
                        self._log("windows_down", code=gone.code, error=str(gone), hint=gone.hint)
                    self.down = True
                except OSError:  # no process to be had just now
                    self.down = True
                finally:
                    await self._worker.close()
                await asyncio.sleep(BACK_OFF_S[min(tries, len(BACK_OFF_S) - 1)])
                tries = 0 if self.ready.is_set() and not self.down else tries + 1
        finally:
            await asyncio.shield(self._save())

    def changed(self, customers: Iterable[bytes]) -> None:
        """These customers changed: what may no longer be known of is forgotten before this returns."""
        now_ms = self._time.now_ms()
        for customer_id in customers:
            for id_ in beacons.of_customer(self._db.reader, customer_id):
                may = (
                    beacons.owner(self._db.reader, id_, recipient=self._recipient, now_ms=now_ms) is not None
                )
                (self.resolver.known_again if may else self.resolver.forget)([id_.hex()])
            self._reload.set()

    def known(self, ids: Iterable[bytes]) -> None:
        """These devices are somebody's, or the shop's own, from now on: the worker reads them."""
        self.resolver.known_again(id_.hex() for id_ in ids)
        self._reload.set()

    def dropped(self, ids: Iterable[bytes]) -> None:
        """These devices are nobody's any more."""
        self.resolver.forget(id_.hex() for id_ in ids)
        self._reload.set()

    async def _keep(self) -> None:
        while True:
            self._reload.clear()
            await self._load()
            if self.down:
                self._log("windows_up")
            self.down = False
            self.ready.set()
            began_s = saved_s = asyncio.get_running_loop().time()
            while not self._reload.is_set():
                await self._fill()
                try:
                    async with asyncio.timeout(LOOK_S):
                        await self._reload.wait()
                except TimeoutError:
                    pass
                now_s = asyncio.get_running_loop().time()
                if now_s - saved_s >= SAVE_S:
                    await self._save()
                    saved_s = now_s
                if now_s - began_s >= RELOAD_S:
                    self._reload.set()

    async def _load(self) -> None:
        """Devices and slices anew; the old ones answer until all of the new are here."""
        await self._save()
        table, names = await self._worker.load(self._time.now_ms())
        before_s = self._time.now_ms() / 1000
        for number in table.missing(before_s):
            table.put(await self._worker.make(number, {}, span_s=table.span_s), now_s=before_s)
        self._drifts.clear()  # the rest is learnt again
        self._saved.clear()
        self.resolver.take(table, names)

    async def _fill(self) -> None:
        table = self.resolver.table
        for number in table.missing(now_s := self._time.now_ms() / 1000):
            table.put(await self._worker.make(number, dict(table.shifts), span_s=table.span_s), now_s=now_s)

    async def _save(self) -> None:
        """Write down what was learnt of clocks, so that a fob is found again after a long time away."""
        new = {
            bytes.fromhex(name): shift_s - self._saved.get(name, 0)
            for name, shift_s in self._drifts.items()
            if shift_s != self._saved.get(name, 0)
        }
        if new:
            learnt, day = dict(self._drifts), self._time.now_ms() // beacons.DAY_MS
            with suppress(StoreError):  # a full disk: the next minute's try has it all
                await self._db.apply(partial(_save, new, day))
                self._saved.update(learnt)


def _save(new: dict[bytes, int], day: int, conn: Any) -> None:
    beacons.heard(conn, new, day=day)
    tags.heard(conn, new, day=day)
