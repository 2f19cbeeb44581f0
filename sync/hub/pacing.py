"""Who begins when: one after another, so much apart, each name in a line of its own."""

import asyncio
from collections.abc import Callable
from typing import Final

MOST_KEPT: Final = 10_000  # lines that are looked through for those that have ended


class Turns:
    """Counts in memory: for each name when the next of its line may begin."""

    def __init__(self, *, now_s: Callable[[], float] | None = None) -> None:
        self._now_s = now_s or (lambda: asyncio.get_running_loop().time())
        self._next_s: dict[str, float] = {}

    def take(self, name: str, *, apart_s: float, most_s: float = float("inf")) -> float | None:
        """Seconds until the turn that is taken; None, and none is taken, where it would be later than in `most_s`."""
        now_s = self._now_s()
        turn_s = max(now_s, self._next_s.get(name, now_s))
        if turn_s - now_s > most_s:
            return None
        if name not in self._next_s and len(self._next_s) >= MOST_KEPT:
            self._next_s = {each: next_s for each, next_s in self._next_s.items() if next_s > now_s}
        self._next_s[name] = turn_s + apart_s
        return turn_s - now_s
