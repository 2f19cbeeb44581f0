"""Boxes that this hub does not know and that ask all the same: how often, and when last. Nothing of who they are.

A hub that was put back from a backup does not know whom it enrolled since; headquarters has to hear of it, and a
stranger's name must not reach anything that is kept. So it is one count in memory, and a restart forgets it.
"""

from collections.abc import Callable
from typing import Final, NamedTuple

LATELY_MS: Final = 3_600_000  # a box that is refused asks again each minute


class Lately(NamedTuple):
    """Knocks since there was an hour without any."""

    times: int
    last_ms: int


class Knocks:
    """`on_change` is called for the first after an hour without any."""

    def __init__(self, *, now_ms: Callable[[], int], on_change: Callable[[], None]) -> None:
        self._now_ms = now_ms
        self._on_change = on_change
        self._lately: Lately | None = None

    def heard(self) -> None:
        was = self.lately()
        self._lately = Lately(1 + (was.times if was else 0), self._now_ms())
        if was is None:
            self._on_change()

    def lately(self) -> Lately | None:
        """None: nobody for an hour, nor since the start."""
        lately = self._lately
        return lately if lately and self._now_ms() - lately.last_ms < LATELY_MS else None
