"""A clock that a test turns by hand."""

from dataclasses import dataclass

# 2026-11-22T09:00:00Z
START_MS = 1_795_338_000_000


@dataclass(slots=True)
class HandClock:
    """Wall and monotonic time that move only when told, each on its own."""

    wall: int = START_MS
    monotonic: int = 0

    def wall_ms(self) -> int:
        return self.wall

    def monotonic_ms(self) -> int:
        return self.monotonic

    def pass_ms(self, ms: int) -> None:
        """Time goes by as it should."""
        self.wall += ms
        self.monotonic += ms

    def set_wall(self, ms: int) -> None:
        """Somebody sets the date."""
        self.wall = ms

    def boot(self) -> None:
        """The machine starts again: monotonic time counts from nothing."""
        self.monotonic = 0


@dataclass(slots=True)
class StoppedBetween(HandClock):
    """A hand clock of a process that is stopped between reading one of its clocks and reading the next."""

    stopped_ms: int = 0

    def wall_ms(self) -> int:
        return self._read(self.wall)

    def monotonic_ms(self) -> int:
        return self._read(self.monotonic)

    def _read(self, at_ms: int) -> int:
        self.pass_ms(self.stopped_ms)
        self.stopped_ms = 0
        return at_ms
