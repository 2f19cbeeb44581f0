"""What radio readers share: adverts come in by the thousand, and only those of known devices become anything.

A radio reader asks `Resolve` whose an identifier is. Nobody's is the common answer, and then nothing of that advert
is left: no object, no line, no hash; only a total. The composition root gives the resolver: drivers hold no keys.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from drivers.reader import Sighting, Token

# (the 8 bytes a device says, unix time at which it was heard) -> the device's own id, None for a stranger.
Resolve = Callable[[bytes, float], str | None]

# Sightings that nobody has taken yet. At a crowded second's end the oldest say least about where somebody is.
WAITING: Final = 4_096
NO_RSSI: Final = -127  # dBm: what BlueZ and gateways say where nothing was measured


def nobody(said: bytes, at_s: float) -> str | None:
    """The resolver of a reader without keys: everybody is a stranger."""
    return None


@dataclass(slots=True)
class Totals:
    """Of one reader since it was made, about nobody."""

    adverts: int = 0
    resolved: int = 0
    overrun: int = 0
    bad: int = 0  # messages that could not be read
    lost: int = 0  # batches that a gateway sent and that never came


class Nearby:
    """Adverts in, sightings out, in one event loop."""

    def __init__(self, reader: str, resolve: Resolve, totals: Totals) -> None:
        self._reader = reader
        self._resolve = resolve
        self._waiting: deque[Sighting] = deque(maxlen=WAITING)
        self._bell = asyncio.Event()
        self.totals = totals
        self.heard_s = time.monotonic()  # when anything was last heard, of whomever
        self.usual_gap_s = 0.0
        self._started_s = self.heard_s

    def started(self) -> None:
        """The radio was started, or started anew: silence counts from here."""
        self.heard_s = self._started_s = time.monotonic()

    @property
    def heard_since_start(self) -> bool:
        return self.heard_s > self._started_s

    def alive(self, adverts: int = 1) -> None:
        """Something was heard: whose it is does not matter here."""
        now_s = time.monotonic()
        self.usual_gap_s += (now_s - self.heard_s - self.usual_gap_s) / 16
        self.heard_s = now_s
        self.totals.adverts += adverts

    def hear(self, said: bytes, *, scanner: str, rssi_dbm: int, at_s: float) -> None:
        """An identifier was heard: a sighting if it is a known device's, else nothing."""
        device = self._resolve(said, at_s)
        if device is None:
            return
        self.totals.resolved += 1
        if len(self._waiting) == WAITING:
            self.totals.overrun += 1
        about = {"scanner": scanner, "rssi_dbm": rssi_dbm}
        at = datetime.fromtimestamp(at_s, UTC)
        self._waiting.append(Sighting(self._reader, at, "near", Token("eid", device, "strong", about)))
        self._bell.set()

    async def heard_within(self, seconds: float) -> bool:
        """Whether anything is heard in this time, of whomever."""
        before_s = self.heard_s
        await asyncio.sleep(seconds)
        return self.heard_s != before_s

    def ring(self) -> None:
        """Wake whoever waits, though no sighting came."""
        self._bell.set()

    async def next(self, *, within_s: float) -> Sighting | None:
        """The next sighting, None when there is none in time or it was rung for something else."""
        if not self._waiting:
            self._bell.clear()
            try:
                async with asyncio.timeout(within_s):
                    await self._bell.wait()
            except TimeoutError:
                return None
        return self._waiting.popleft() if self._waiting else None
