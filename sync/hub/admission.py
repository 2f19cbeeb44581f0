"""Who is served now: each shop has its own share, so that none can slow another.

A device has one upload on its way. A shop may ask so many requests a second, and many more at once after it was away;
what takes longer counts for more than one. What is over that is told when to come back. Nothing is queued here:
whoever waits, waits at their own end.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from sync.hub.problem import Refusal

A_SECOND: Final = 50.0  # requests of one shop; one that is up to date asks for less than one
AT_ONCE: Final = 400.0  # a shop that was away for weeks drains its partitions
FACTS: Final = 50  # of an upload, that take as long as one request more
PAGE_BYTES: Final = 64 << 10  # of rows, likewise
AGAIN: Final = 10.0  # requests that an upload counts for in which nothing is new
BUSY_S: Final = 1
BUSY_UPLOADS: Final = 8  # of so many devices at once; from there on each is asked to pause
THROTTLE_MS: Final = 25  # for each upload beyond that
THROTTLE_MOST_MS: Final = 5_000
MOST_SHOPS: Final = 10_000


class Admission:
    """Counts in memory; a restart forgives."""

    def __init__(self, *, now_s: Callable[[], float] | None = None) -> None:
        self._now_s = now_s or (lambda: asyncio.get_running_loop().time())
        self._uploading: set[str] = set()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def ask(self, shop_id: str) -> None:
        """One request of a shop; raises Refusal TOO_OFTEN when it asked too much of late."""
        now_s = self._now_s()
        left = self._of(shop_id, now_s)
        if left < 1:
            raise later("this shop asks too much at once", code="TOO_OFTEN")
        self._put(shop_id, left - 1, now_s)

    def spent(self, shop_id: str, requests: float) -> None:
        """What was asked took as long as so many requests more: its shop is not asked back for a while."""
        now_s = self._now_s()
        self._put(shop_id, self._of(shop_id, now_s) - requests, now_s)

    def _of(self, shop_id: str, now_s: float) -> float:
        left, at_s = self._left.get(shop_id, (AT_ONCE, now_s))
        return min(AT_ONCE, left + (now_s - at_s) * A_SECOND)

    def _put(self, shop_id: str, left: float, now_s: float) -> None:
        self._left[shop_id] = (left, now_s)
        self._left.move_to_end(shop_id)
        if len(self._left) > MOST_SHOPS:
            self._left.popitem(last=False)

    @contextmanager
    def upload(self, device_id: str) -> Generator[None, None, None]:
        """While an upload of a device is taken in; raises Refusal ONE_AT_A_TIME when one is already."""
        if device_id in self._uploading:
            raise later("an upload of this device is being taken in", code="ONE_AT_A_TIME")
        self._uploading.add(device_id)
        try:
            yield
        finally:
            self._uploading.discard(device_id)

    def throttle_ms(self) -> int:
        """How long a device is asked to wait before its next upload."""
        return min(THROTTLE_MOST_MS, max(0, len(self._uploading) - BUSY_UPLOADS) * THROTTLE_MS)


def later(message: str, *, code: str) -> Refusal:
    """What whoever asks too much is told."""
    return Refusal(message, code=code, hint="the agent asks again by itself", status=429, retry_s=BUSY_S)
