"""Invented taps: a seeded stream for demonstrations, and a reader that a test or a demo taps by hand."""

import asyncio
import random
import threading
from collections import deque
from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime
from typing import Final

from drivers.codecs.gs1.numbers import check_digit
from drivers.codecs.printed import barcode
from drivers.reader import IDLE_EVERY_S, How, Idle, Outcome, Reader, ReaderGone, Sighting, Token
from drivers.settings import ReaderSettings

CARDS: Final = 20  # how many customers there are when the configuration names none


def build(settings: ReaderSettings) -> Reader:
    """A simulated scanner: `rate_per_s` scans from `values`, the same ones for the same `seed`."""
    return SimReader(
        settings.name,
        values=settings.values or invented(CARDS, seed=settings.seed),
        rate_per_s=settings.rate_per_s,
        strangers=settings.strangers,
        seed=settings.seed,
    )


def invented(count: int, *, seed: int) -> tuple[str, ...]:
    """Card numbers of the in-store range 29 with a right check digit, the same ones for the same seed."""
    chance = random.Random(f"cards {seed}")
    return tuple(_card(chance) for _ in range(count))


class SimReader:
    """A reader in this process. `tap`, `fail`, `pull` and `plug` may be called from any thread, at any time.

    What is tapped while nobody reads waits (at most 1,000) and comes first: no test waits for opening.
    """

    def __init__(
        self,
        name: str,
        *,
        values: Sequence[str] = (),
        rate_per_s: float = 0.0,
        strangers: float = 0.0,
        seed: int = 0,
    ) -> None:
        self._name = name
        self._values = values
        self._rate_per_s = rate_per_s if values else 0.0
        self._strangers = strangers
        self._chance = random.Random(seed)
        self._waiting: deque[Sighting] = deque(maxlen=1000)
        self._lock = threading.Lock()
        self._pulled = False
        self._wake: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None

    @property
    def name(self) -> str:
        return self._name

    def tap(self, token: Token | str, how: How = "tap") -> None:
        """Present a token; a text is scanned as a barcode."""
        if isinstance(token, str):
            token, how = barcode.decode(token), "scan"
        self._tell(Sighting(self._name, datetime.now(UTC), how, token))

    def fail(self, outcome: Outcome, how: How = "tap") -> None:
        """Present something that ends in an outcome, such as a locked phone."""
        self._tell(Sighting(self._name, datetime.now(UTC), how, None, outcome))

    def pull(self) -> None:
        """Pull the cable: events raise ReaderGone until `plug`."""
        with self._lock:
            self._pulled = True
        self._ring()

    def plug(self) -> None:
        """Put the cable back."""
        with self._lock:
            self._pulled = False

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        bell = asyncio.Event()
        with self._lock:
            self._wake = (asyncio.get_running_loop(), bell)
        try:
            self._check()
            yield Idle(self._name)
            while True:
                bell.clear()
                self._check()
                while self._waiting:
                    yield self._waiting.popleft()
                gap_s = self._chance.expovariate(self._rate_per_s) if self._rate_per_s > 0 else IDLE_EVERY_S
                try:
                    async with asyncio.timeout(min(gap_s, IDLE_EVERY_S)):
                        await bell.wait()
                except TimeoutError:
                    if gap_s < IDLE_EVERY_S:
                        yield self._invent()
                    else:
                        yield Idle(self._name)
        finally:
            with self._lock:
                self._wake = None

    def _check(self) -> None:
        if self._pulled:
            raise ReaderGone(
                f"{self._name}: the simulated cable is pulled",
                code="unplugged",
                hint="call plug() to put it back",
            )

    def _invent(self) -> Sighting:
        stranger = self._chance.random() < self._strangers
        value = _card(self._chance) if stranger else self._chance.choice(self._values)
        return Sighting(self._name, datetime.now(UTC), "scan", barcode.decode(value))

    def _tell(self, sighting: Sighting) -> None:
        self._waiting.append(sighting)
        self._ring()

    def _ring(self) -> None:
        with self._lock:
            if self._wake is not None:
                loop, bell = self._wake
                loop.call_soon_threadsafe(bell.set)


def _card(chance: random.Random) -> str:
    digits = f"29{chance.randrange(10**10):010d}"
    return digits + check_digit(digits)
