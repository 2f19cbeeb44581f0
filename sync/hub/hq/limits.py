"""How often one program may ask: a bucket that refills evenly. In memory, a bucket a process."""

from collections.abc import Callable
from typing import Final

A_MINUTE: Final = 600  # requests, on average
BURST: Final = 120
MOST_KEPT: Final = 10_000


class Buckets:
    """One bucket a name. Where there are too many the oldest goes."""

    def __init__(self, *, now_ms: Callable[[], int], a_minute: float = A_MINUTE, burst: int = BURST) -> None:
        self._now_ms = now_ms
        self._per_ms = a_minute / 60_000
        self._burst = float(burst)
        self._held: dict[str, tuple[float, int]] = {}

    def take(self, name: str) -> int:
        """Take one; 0 when there was one, else how many seconds to wait."""
        left, now_ms = self._left(name), self._now_ms()
        if left >= 1:
            left -= 1
            wait_s = 0
        else:
            wait_s = self._until_one_s(left)
        if name not in self._held and len(self._held) >= MOST_KEPT:
            del self._held[next(iter(self._held))]
        self._held[name] = (left, now_ms)
        return wait_s

    def wait_s(self, name: str) -> int:
        """How many seconds until there is one to take, which is not taken; 0: now."""
        left = self._left(name)
        return 0 if left >= 1 else self._until_one_s(left)

    def taken(self, name: str) -> bool:
        """Whether any that was taken has not come back yet."""
        return self._left(name) < self._burst

    def _left(self, name: str) -> float:
        now_ms = self._now_ms()
        left, since_ms = self._held.get(name, (self._burst, now_ms))
        return min(self._burst, left + max(0, now_ms - since_ms) * self._per_ms)

    def _until_one_s(self, left: float) -> int:
        return max(1, -int(-(1 - left) / self._per_ms // 1000))
