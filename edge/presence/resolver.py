"""Whose rotating identifier is this? What the radio drivers ask, thousands of times a second; None is the answer for
every stranger, and then nothing of them is left anywhere but in a total.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from edge.presence.devices import Device
from edge.presence.windows import Table


@dataclass(slots=True)
class Totals:
    """Since the start, about nobody."""

    asked: int = 0
    resolved: int = 0


class Resolver:
    """Callable as the drivers' `Resolve`: (identifier of 8 bytes, unix time) to the device's name, or None."""

    def __init__(self, on_drift: Callable[[str, int], None] = lambda name, shift_s: None) -> None:
        self._table = Table(b"", b"", 1)
        self._names: Sequence[str] = ()
        self._gone: set[str] = set()
        self._on_drift = on_drift
        self.totals = Totals()

    @property
    def table(self) -> Table:
        return self._table

    def take(self, table: Table, names: Sequence[str]) -> None:
        """Answer from these devices from now on; whoever was forgotten while they were read stays forgotten."""
        self._table, self._names = table, names

    def forget(self, names: Iterable[str]) -> None:
        """These devices are nobody's from this moment, whatever the windows that are held say."""
        self._gone.update(names)

    def known_again(self, names: Iterable[str]) -> None:
        """They were enrolled, or agreed, anew."""
        self._gone.difference_update(names)

    def __call__(self, said: bytes, at_s: float) -> str | None:
        self.totals.asked += 1
        hit = self._table.find(int.from_bytes(said, "big"), at_s)
        if hit is None:
            return None
        name = self._names[hit.device]
        if name in self._gone:
            return None
        if hit.drift_s and self._table.learn(hit, at_s):
            self._on_drift(name, self._table.shifts[hit.device])
        self.totals.resolved += 1
        return name


class Here(Resolver):
    """A resolver of few devices that makes its windows itself, when needed: for a reader alone, or a recording."""

    def __init__(self, devices: Sequence[Device]) -> None:
        super().__init__()
        from edge.presence.maker import Maker  # numpy: only where there are keys

        self._maker = Maker(devices)
        self.take(self._maker.table(), [each.name for each in devices])

    def __call__(self, said: bytes, at_s: float) -> str | None:
        table = self._table
        if missing := table.missing(at_s):
            if table.slices and max(missing) < min(table.slices):
                table.slices.clear()  # a recording that goes back in time
                missing = table.missing(at_s)
            for number in missing:
                table.put(self._maker.slice(number, table.shifts), now_s=at_s)
        return super().__call__(said, at_s)
