"""How long somebody waits after being wrong so often in a row: the same at every door."""

from typing import Final

FIRST_LOCK_MS: Final = 30_000
LONGEST_LOCK_MS: Final = 15 * 60_000


def lock_ms(tries: int, *, free: int) -> int:
    """How long to wait after `tries` in a row: 30 s at the `free`th, then doubling to 15 min."""
    if tries < free:
        return 0
    return min(LONGEST_LOCK_MS, FIRST_LOCK_MS << min(tries - free, 10))
