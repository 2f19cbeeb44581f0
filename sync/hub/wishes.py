"""How many customers a shop may have forgotten in a day, and which shops ask what this hub does not do.

That a phone was unlocked is the box's word, and being forgotten cannot be undone. Whoever holds a box and its key
could so empty the chain, customer after customer; a shop where people ask for it themselves comes to a handful a day.
What is above that waits in the shop, and is asked for again.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Final

from edge.kit.errors import Refused

A_DAY: Final = 10
DAY_S: Final = 24 * 3600.0


class Wishes:
    """Counts in memory, each process for itself; a restart forgives."""

    def __init__(self, forgets_a_day: int = A_DAY, *, now_s: Callable[[], float] | None = None) -> None:
        self._most = forgets_a_day
        self._now_s = now_s or (lambda: asyncio.get_running_loop().time())
        self._forgotten: dict[str, deque[float]] = {}
        self._refused: dict[str, float] = {}

    @contextmanager
    def forgetting(self, shop_id: str) -> Generator[None, None, None]:
        """One customer whom a shop has forgotten now; raises Refused FORGETS_MANY above so many within a day.

        What fails inside does not count.
        """
        now_s, times = self._now_s(), self._forgotten.setdefault(shop_id, deque())
        while times and now_s - times[0] >= DAY_S:
            times.popleft()
        if len(times) >= self._most:
            raise Refused(
                "this shop has more customers forgotten than on any day",
                code="FORGETS_MANY",
                hint="it waits there; see who can get at that box, or raise forgets_a_day in hub.toml",
            )
        times.append(now_s)
        try:
            yield
        except BaseException:
            times.remove(now_s)
            raise

    def was_refused(self, shop_id: str) -> None:
        """A wish of this shop waits there, because it was not done here."""
        self._refused[shop_id] = self._now_s()

    def refused(self) -> frozenset[str]:
        """The shops of which a wish was refused within the day; while it waits they ask every hour."""
        now_s = self._now_s()
        self._refused = {shop: at_s for shop, at_s in self._refused.items() if now_s - at_s < DAY_S}
        return frozenset(self._refused)
