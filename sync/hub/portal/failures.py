"""Who tried codes that are none waits, longer each time, as for a PIN. In memory: a process counts for itself.

A code has 256 bits and is not guessed. The wait is for what nobody thought of, and spares the tables.
"""

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, NamedTuple

from edge.kit.waits import lock_ms

FREE: Final = 10  # a shop's phones share one address, and some open a code that they used
OVER_MS: Final = 3_600_000  # after an hour without one it is all forgotten
MOST_KEPT: Final = 10_000


class Failed(NamedTuple):
    """So many in a row, the last at `at_ms`; nothing is tried before `until_ms`."""

    times: int
    at_ms: int
    until_ms: int


class Failures:
    """Of whoever asks, by address. Where there are too many the oldest goes."""

    def __init__(self, *, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._held: OrderedDict[str, Failed] = OrderedDict()

    def wait_s(self, asker: str) -> int:
        """0, or for how long this asker has to wait."""
        held = self._held.get(asker)
        return 0 if held is None else max(0, -(-(held.until_ms - self._now_ms()) // 1000))

    def failed(self, asker: str) -> None:
        now_ms, held = self._now_ms(), self._held.pop(asker, None)
        times = 1 if held is None or now_ms - held.at_ms > OVER_MS else held.times + 1
        if len(self._held) >= MOST_KEPT:
            self._held.popitem(last=False)
        self._held[asker] = Failed(times, now_ms, now_ms + lock_ms(times, free=FREE))

    def passed(self, asker: str) -> None:
        self._held.pop(asker, None)
