"""Small uploads of several boxes become one transaction: what costs is not the facts, it is the ways to the database.

On a line that works an upload is a visit or two, and each is some twenty statements and a COMMIT that waits for the
disk. What comes while one transaction is under way goes into the next. Nobody who is alone waits for others to come;
after a transaction that several shared the next begins a moment later, or half of the boxes would always be in the
one and half in the other. What an upload is answered is the same as if it had come alone, and no sooner than what it
said is on the disk.

Nobody waits for another's row for more than a moment: a transaction that meets one that is held is given up, its
uploads are asked for each alone, and those that are in the way themselves come again by and by, beside the others
and without a connection while they wait.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final
from weakref import WeakValueDictionary

from edge.kit.errors import DiskFull, StoreError
from edge.kit.sql import Connection
from sync.hub import intake
from sync.hub.config import Keys
from sync.hub.gathering import Gathering
from sync.hub.intake import Taken, Upload
from sync.hub.tables.feed import Moved

if TYPE_CHECKING:
    from sync.hub.store import Store

MOST: Final = 32  # uploads in a transaction
REST_S: Final = 0.004  # after one that several shared: half of what they take
FACTS: Final = 50  # of an upload; a larger one fills a transaction of its own
BUSY: Final = "S09"  # another transaction is in the way
# Before an upload that met one comes again; after ten seconds the box is told to ask later.
_RESTS_S: Final = (0.1, 0.2, 0.4, 0.8, 1.6, 2.4)
_COME_AGAIN: Final = 2  # at once, of the store's few connections
# What these do reaches further than the box's own history and the balances it names: each in its own transaction.
_ALONE: Final = frozenset(
    (
        "consent_withdrawn",
        "consent_given",
        "customer_joined",
        "credential_bound",
        "credential_blocked",
        "product_gap_met",
        "guest_left",
        "guest_saved",
    )
)


class Together:
    """Takes uploads in, on a store that several hubs share; `announce` is told of each transaction what grew."""

    def __init__(
        self,
        db: "Store",
        keys: Keys,
        *,
        now_ms: Callable[[], int],
        announce: Callable[[Sequence[Moved]], None],
    ) -> None:
        self._db = db
        self._keys = keys
        self._now_ms = now_ms
        self._announce = announce
        self._gathered = Gathering(
            self._ask, most=MOST, key=lambda upload: upload.envelope.device, rest_s=REST_S
        )
        self._apart: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()  # by device
        self._coming = asyncio.Semaphore(_COME_AGAIN)

    async def take(self, upload: Upload) -> Taken:
        """What `intake.take` answers, after COMMIT; raises what it raises, and StoreError."""
        if not self._db.shared:
            taken = await self._db.apply(self._one, upload, now_ms=self._now_ms())
            self._announce(taken.moved)
            return taken
        if not is_small(upload):
            return self._said(*await self._db.apply(self._all, [upload], now_ms=self._now_ms()))
        if upload.envelope.device not in self._apart:
            try:
                return await self._gathered(upload)
            except StoreError as error:
                if not is_busy(error):
                    raise
        return await self._by_and_by(upload)

    async def _by_and_by(self, upload: Upload) -> Taken:
        """Again and again, and a box that sends it once more meanwhile waits its turn."""
        turn = self._apart.setdefault(upload.envelope.device, asyncio.Lock())
        async with turn:
            for rest_s in _RESTS_S:
                await asyncio.sleep(rest_s)
                try:
                    return await self._at_once(upload)
                except StoreError as error:
                    if not is_busy(error):
                        raise
            return await self._at_once(upload)

    async def _at_once(self, upload: Upload) -> Taken:
        async with self._coming:
            return await self._alone(upload)

    async def _alone(self, upload: Upload) -> Taken:
        return self._said(*await self._db.attempt(self._all, [upload], now_ms=self._now_ms()))

    def _one(self, conn: Connection, upload: Upload, *, now_ms: int) -> Taken:
        envelope, facts, _ = upload
        return intake.take(conn, self._keys, envelope=envelope, facts=facts, now_ms=now_ms)

    def _all(
        self, conn: Connection, uploads: Sequence[Upload], *, now_ms: int
    ) -> tuple[list[intake.Said], list[Moved]]:
        """What is refused is an answer too: raised, it would undo that the request came."""
        return intake.take_all(conn, self._keys, uploads=uploads, now_ms=now_ms)

    def _said(self, answers: Sequence[Taken | Exception], moved: Sequence[Moved]) -> Taken:
        """Of an upload that was alone, after COMMIT."""
        self._announce(moved)
        (answer,) = answers
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def _ask(self, uploads: Sequence[Upload]) -> Sequence[Taken | Exception]:
        try:
            answers, moved = await self._db.attempt(self._all, uploads, now_ms=self._now_ms())
        except Exception as error:
            if is_of_the_store(error):
                raise
            # One of them is in the way of the others.
            return await asyncio.gather(*map(self._tried, uploads))
        self._announce(moved)
        return answers

    async def _tried(self, upload: Upload) -> Taken | Exception:
        try:
            return await self._alone(upload)
        except Exception as error:
            return error


def is_small(upload: Upload) -> bool:
    """Whether an upload may share a transaction with others."""
    return len(upload.facts) <= FACTS and not any(fact.kind in _ALONE for fact in upload.facts)


def is_of_the_store(error: Exception) -> bool:
    """Whether the database was away or full, so that to ask again at once is of no use, or may come twice."""
    return isinstance(error, DiskFull) or (isinstance(error, StoreError) and error.code == "S08")


def is_busy(error: Exception) -> bool:
    """Whether only another transaction was in the way."""
    return isinstance(error, StoreError) and error.code == BUSY
