"""A gateway's clock told in ours, and what got lost on the way. Pure.

Gateways know no time without the internet, only how long they have been up. The fastest message shows how far apart
the two clocks are; every other message was late by the rest (minimum-delay tracking, as NTP's clock filter does).
"""

from dataclasses import dataclass, field
from typing import Final

from drivers.codecs.radio.gateways import Sent

WINDOW_MS: Final = 60_000  # after two of them an old fastest message no longer counts: crystals drift
OLDEST_MS: Final = 10_000  # an advert that took longer says nothing about where somebody is


@dataclass(slots=True)
class GatewayClock:
    """One gateway; all times in milliseconds, ours of a clock that is never set."""

    lost: int = 0
    _sent: Sent | None = None
    _apart_ms: int = 0
    _apart_before_ms: int = 0
    _since_ms: int = field(default=0)

    def follow(self, sent: Sent, *, arrived_ms: int) -> None:
        """Take one batch into account."""
        apart_ms = arrived_ms - sent.clock_ms
        before = self._sent
        if before is None or before.boot != sent.boot:
            self._apart_ms = self._apart_before_ms = apart_ms
            self._since_ms = arrived_ms
        else:
            self.lost += max(0, sent.seq - before.seq - 1)
            if arrived_ms - self._since_ms >= WINDOW_MS:
                self._apart_before_ms, self._apart_ms = self._apart_ms, apart_ms
                self._since_ms = arrived_ms
            self._apart_ms = min(self._apart_ms, apart_ms)
        if before is None or before.boot != sent.boot or sent.seq > before.seq:
            self._sent = sent

    def age_ms(self, clock_ms: int, *, arrived_ms: int) -> int:
        """How long ago something was, that a batch which arrived now dates by the gateway's clock."""
        ours_ms = clock_ms + min(self._apart_ms, self._apart_before_ms)
        return min(max(arrived_ms - ours_ms, 0), OLDEST_MS)
