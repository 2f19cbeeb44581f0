"""One request counts once, at whichever of several hubs it arrives.

A hub that is alone on its store remembers in memory. Hubs that share one note it in a table, many requests in one
transaction, whose end waits for no disk: what a power cut forgets there, the chain of the history makes a no-op. That
of an upload is noted in the transaction that takes it in (`sync.hub.intake`).
"""

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sync.hub.tables import nonces as tables
from sync.hub.tables.nonces import Noted
from sync.signing import Nonces

if TYPE_CHECKING:
    from sync.hub.store import Store

MOST: Final = 64  # a transaction
SWEEP_S: Final = 60


class Noting:
    """What `signing.verify` asks, for one request: answers from memory, keeps what the store is to be asked."""

    def __init__(self, memory: Nonces) -> None:
        self._memory = memory
        self.noted: Noted | None = None

    def fresh(self, device: str, nonce: str, *, now_s: int, until_s: int) -> bool:
        self.noted = Noted(device, nonce, until_s)
        return self._memory.fresh(device, nonce, now_s=now_s, until_s=until_s)


class Shared:
    """The nonces of all hubs on one store."""

    def __init__(self, db: "Store") -> None:
        self._db = db
        self._memory = Nonces()
        self._waiting: list[tuple[Noted, asyncio.Future[bool]]] = []
        self._asking: asyncio.Task[None] | None = None
        self._swept_s = 0

    def noting(self) -> Noting:
        return Noting(self._memory)

    async def fresh(self, noting: Noting, *, now_s: int) -> bool:
        """Whether no other hub accepted this request before; raises StoreError."""
        if not self._db.shared or noting.noted is None:
            return True
        answer: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((noting.noted, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(now_s))
        return await answer

    async def _ask(self, now_s: int) -> None:
        """Note what waits, as many at once as came while the last were under way."""
        while self._waiting:
            some, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            try:
                new = await self._db.note(tables.remember, [noted for noted, _ in some])
            except Exception as error:
                for _, answer in some:
                    if not answer.done():
                        answer.set_exception(error)
                continue
            for noted, answer in some:
                if not answer.done():
                    answer.set_result(noted in new)
                new.discard(noted)  # the second of two that came together is no new one
            # Within the loop: whoever comes while this is under way counts on being asked for after it.
            if now_s - self._swept_s >= SWEEP_S:
                self._swept_s = now_s
                with suppress(Exception):  # another minute will do
                    await self._db.note(tables.sweep, now_s=now_s)
