"""What is said of where a device is, by whichever way it was found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Estimate:
    """`zone` None is outside; `confidence` is the belief in that zone, 0 to 1; `xy` metres where places are known."""

    zone: str | None
    confidence: float
    xy: tuple[float, float] | None = None


class Locator(Protocol):
    """One device's place, moment by moment: `belief.Belief` with a calibration, `strongest.Strongest` without."""

    def hear(self, at_s: float, readings: Mapping[str, float], *, alive: frozenset[str]) -> Estimate:
        """Take in what scanners heard at one moment, in dBm by scanner; `alive` are those that would have heard."""
        ...
