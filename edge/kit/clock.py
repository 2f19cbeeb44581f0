"""Time that a shop can trust: it never runs backwards, whatever is done to the box's clock.

All instants are integer milliseconds since 1970-01-01T00:00:00Z (`_ms`).
"""

import time
from datetime import UTC, datetime
from typing import Literal, Protocol

# A wall clock more than this ahead of the hub is wrong itself, so lowering the mark would not help.
FAR_AHEAD_MS = 5 * 60_000
# A clock that is corrected by the second is no trouble; one that was set by a hand is off by more than this.
STEP_MS = 2 * 60_000
# A clock that jumped further may be wrong, and whoever looks after it gets as long to put it right.
DOUBT_MS = 24 * 3_600_000
# 9999-12-30T00:00Z: the calendar ends so soon after that even "tomorrow", in any zone, is still a day.
LATEST_MS = 253_402_128_000_000


class Clock(Protocol):
    """The physics seam of time; tests hand in their own."""

    def wall_ms(self) -> int: ...
    def monotonic_ms(self) -> int: ...


class SystemClock:
    """The machine's own clocks. CLOCK_BOOTTIME counts through a suspend, CLOCK_MONOTONIC does not."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class ShopTime:
    """The wall clock, held up by a high-water mark: `now_ms` never returns less than it did before.

    A clock set back therefore revives no expired consent, not even over a restart, because the mark is
    kept in `journal.db`. A clock that ran far ahead expires too much; only the hub's word, through
    `settle`, may bring it down again.
    """

    def __init__(self, clock: Clock, *, high_water_ms: int = 0) -> None:
        self._clock = clock
        self._base_ms = max(clock.wall_ms(), high_water_ms)
        self._base_monotonic_ms = clock.monotonic_ms()
        self._jumped_ms = 0
        self.off_ms: int | None = None  # how far the wall clock was ahead when the hub last told the time
        # The wall clock as it was last, not below a mark of before the start; until when the other clock doubts it.
        self._wall_ms, self._mark_ms = self._base_ms, high_water_ms
        self._doubted_until_ms = self._base_monotonic_ms

    def now_ms(self) -> int:
        # In this order: a process that is stopped between the two has an old wall clock, which holds nothing up. The
        # other way round its sleep would count twice: in the wall clock, and again in what passed by the next call.
        wall_ms, monotonic_ms = self._clock.wall_ms(), self._clock.monotonic_ms()
        passed_ms = max(0, monotonic_ms - self._base_monotonic_ms)
        held_ms = self._base_ms + passed_ms
        if wall_ms - held_ms > STEP_MS:
            self._jumped_ms += wall_ms - held_ms
        if wall_ms - (self._wall_ms + passed_ms) > DOUBT_MS:
            self._doubted_until_ms = monotonic_ms + DOUBT_MS
        self._mark_ms += passed_ms
        self._wall_ms = max(wall_ms, self._mark_ms)
        now_ms = max(held_ms, wall_ms)
        self._base_ms, self._base_monotonic_ms = now_ms, monotonic_ms
        return now_ms

    def settle(self, hub_time_ms: int) -> int:
        """Take the hub's time for true; returns how far ours was ahead of it (negative: behind)."""
        ahead_ms, self.off_ms = self.now_ms() - hub_time_ms, self._clock.wall_ms() - hub_time_ms
        if self._clock.wall_ms() <= hub_time_ms + FAR_AHEAD_MS:
            # Our wall clock agrees again: what remains ahead is only an old high-water mark.
            self._base_ms = hub_time_ms
            self._mark_ms = min(self._mark_ms, hub_time_ms)
            self._jumped_ms = 0
            self._doubted_until_ms = self._base_monotonic_ms
        elif self._clock.wall_ms() > hub_time_ms + DOUBT_MS:
            self._doubted_until_ms = self._base_monotonic_ms + DOUBT_MS
        return ahead_ms

    def stepped(self) -> Literal["", "behind", "ahead"]:
        """How the box's clock was set since: back, or forward without the hub having said that it is right."""
        if self.now_ms() - self._clock.wall_ms() > STEP_MS:
            return "behind"
        return "ahead" if self._jumped_ms > STEP_MS else ""

    def sure_ms(self) -> int | None:
        """By what may be deleted for good: the wall clock, which may have been set back; None for a day after it
        jumped ahead by more than a day and no hub has said that it is right.

        `now_ms` would delete too soon: it stays ahead when a clock was wrong once.
        """
        now_ms = self.now_ms()
        if self._base_monotonic_ms < self._doubted_until_ms:
            return None
        return min(now_ms, self._clock.wall_ms())


def utc(at_ms: int) -> datetime:
    """The instant on the calendar; one past its end is its end, so that no reader fails on what no clock says."""
    return datetime.fromtimestamp(min(at_ms, LATEST_MS) / 1000, tz=UTC)


def rfc3339(at_ms: int) -> str:
    """RFC 3339 section 5.6, UTC with `Z` and milliseconds."""
    return utc(at_ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_rfc3339(text: object) -> int | None:
    """The instant of a text as `rfc3339` writes it, with any offset; None for what is none."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return None if found is None or found.utcoffset() is None else round(found.timestamp() * 1000)
