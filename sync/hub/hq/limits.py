"""How often one program may ask: a bucket that refills evenly. In memory, a bucket a process."""

from collections.abc import Callable
from typing import Final

A_MINUTE: Final = 600  # requests, on average
BURST: Final = 120
MOST_KEPT: Final = 10_000


class Buckets:
    """One bucket a name. Buckets that are full again are as good as none, and are dropped when there are many."""

    def __init__(self, *, now_ms: Callable[[], int], a_minute: int = A_MINUTE, burst: int = BURST) -> None:
        self._now_ms = now_ms
        self._per_ms = a_minute / 60_000
        self._burst = float(burst)
        self._held: dict[str, tuple[float, int]] = {}

    def take(self, name: str) -> int:
        """Take one; 0 when there was one, else how many seconds to wait."""
        now_ms = self._now_ms()
        left, since_ms = self._held.get(name, (self._burst, now_ms))
        left = min(self._burst, left + max(0, now_ms - since_ms) * self._per_ms)
        if left < 1:
            self._held[name] = (left, now_ms)
            return max(1, -int(-(1 - left) / self._per_ms // 1000))
        if len(self._held) >= MOST_KEPT:
            self._held.clear()
        self._held[name] = (left - 1, now_ms)
        return 0
