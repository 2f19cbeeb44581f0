"""How often a shop may ask whose card it was just handed: a busy day's worth, and never the whole chain.

Each answer that somebody is coming makes them a guest of that shop. Whoever holds a box and asks of number after
number would learn every customer so; cards that are nobody's cost more, because guessing is mostly that. A shop that
is refused does what it does without a line: the card earns without a name, and the hub finds whose it is later.
"""

import asyncio
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sync.hub.problem import Refusal

NOBODY: Final = 4.0  # questions that one counts for of which the answer is nobody
TOLD_S: Final = 24 * 3600.0  # as long as headquarters sees that a shop was refused
MOST_SHOPS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Measure:
    """So many questions of a shop at once, then so many a minute."""

    at_once: int = 240
    a_minute: int = 60


class Questions:
    """Counts in memory, each process for itself; a restart forgives."""

    def __init__(self, measure: Measure, *, now_s: Callable[[], float] | None = None) -> None:
        self._measure = measure
        self._now_s = now_s or (lambda: asyncio.get_running_loop().time())
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._refused: dict[str, float] = {}

    def ask(self, shop_id: str) -> None:
        """One question of a shop; raises Refusal GUESTS_MANY when it asked too many of late."""
        left = self._of(shop_id)
        if left < 1:
            self._refused[shop_id] = self._now_s()
            raise Refusal(
                "this shop asks too often whose card it is",
                code="GUESTS_MANY",
                hint="the card earns without a name meanwhile; see to that box, or raise guests_a_minute in hub.toml",
                status=429,
                retry_s=max(1, math.ceil((1 - left) * 60 / self._measure.a_minute)),
            )
        self._put(shop_id, left - 1)

    def was_nobody(self, shop_id: str) -> None:
        """The answer to the question just asked: that counts for more."""
        self._put(shop_id, self._of(shop_id) - (NOBODY - 1))

    def refused(self) -> frozenset[str]:
        """The shops that were refused within the day."""
        now_s = self._now_s()
        self._refused = {shop: at_s for shop, at_s in self._refused.items() if now_s - at_s < TOLD_S}
        return frozenset(self._refused)

    def _of(self, shop_id: str) -> float:
        now_s, most = self._now_s(), float(self._measure.at_once)
        left, at_s = self._left.get(shop_id, (most, now_s))
        return min(most, left + (now_s - at_s) * self._measure.a_minute / 60)

    def _put(self, shop_id: str, left: float) -> None:
        self._left[shop_id] = (left, self._now_s())
        self._left.move_to_end(shop_id)
        if len(self._left) > MOST_SHOPS:
            self._left.popitem(last=False)
