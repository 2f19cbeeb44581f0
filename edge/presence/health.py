"""Which scanners hear: what they say of themselves, and what is heard through them.

Silence is told from a dead scanner by everybody else: one that heard nobody at all for a while counts as deaf, and
what a deaf scanner does not hear is no evidence of anything. A fixed tag of the shop's own makes that certain: it
always speaks, so a scanner that used to hear it and does not is deaf, whether or not anybody else is there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

DEAF_AFTER_S: Final = 15.0
# A scanner is relied on to hear a tag that it heard so often, and at least as often as this on average.
OFTEN: Final = 10
USUAL_GAP_S: Final = 2.0
MOST_GAP_S: Final = 10.0  # counted of one silence: a tag that was away comes back to be relied on
GAP_SHARE: Final = 0.1
State = Literal["hears", "silent", "deaf", "offline"]


@dataclass(slots=True)
class _Ear:
    """How one scanner hears one fixed tag; `near`: they hang in one zone."""

    last_s: float
    gap_s: float = USUAL_GAP_S / 2
    heard: int = 0
    near: bool = False

    def hear(self, at_s: float) -> None:
        gap_s = min(max(at_s - self.last_s, 0.0), MOST_GAP_S)
        if self.heard:
            self.gap_s += GAP_SHARE * (gap_s - self.gap_s)
        self.last_s = max(at_s, self.last_s)
        self.heard += 1

    @property
    def relied_on(self) -> bool:
        return self.heard >= OFTEN and self.gap_s <= USUAL_GAP_S


@dataclass(slots=True)
class Health:
    """The scanners of one floor; those it never heard of are silent."""

    _last_s: dict[str, float] = field(default_factory=dict)
    _offline: set[str] = field(default_factory=set)
    _ears: dict[str, dict[str, _Ear]] = field(default_factory=dict)  # scanner -> tag
    _tags: dict[str, float] = field(default_factory=dict)  # tag -> when anybody heard it

    def heard(self, scanner: str, at_s: float) -> None:
        """It heard something, anything: so it is there, whatever it said before."""
        self._last_s[scanner] = max(at_s, self._last_s.get(scanner, at_s))
        self._offline.discard(scanner)

    def heard_tag(self, tag: str, scanner: str, at_s: float) -> None:
        """It heard a fixed tag of the shop's."""
        self._tags[tag] = max(at_s, self._tags.get(tag, at_s))
        self._ears.setdefault(scanner, {}).setdefault(tag, _Ear(at_s)).hear(at_s)

    def put_up(self, tag: str, scanners: Iterable[str], at_s: float) -> None:
        """A fixed tag hangs in the zone of these scanners."""
        for scanner in scanners:
            self._ears.setdefault(scanner, {}).setdefault(tag, _Ear(at_s)).near = True

    def taken_down(self, tag: str) -> None:
        self._tags.pop(tag, None)
        for ears in self._ears.values():
            ears.pop(tag, None)

    def said(self, scanner: str, *, online: bool) -> None:
        if online:
            self._offline.discard(scanner)
        else:
            self._offline.add(scanner)

    def alive(self, at_s: float) -> frozenset[str]:
        return frozenset(scanner for scanner in self._last_s if self.state(scanner, at_s) == "hears")

    def hears_nothing(self, scanner: str, at_s: float) -> bool:
        """Whether it is certain that its silence says nothing."""
        return self.state(scanner, at_s) in ("offline", "deaf")

    def state(self, scanner: str, at_s: float) -> State:
        if scanner in self._offline:
            return "offline"
        silent = at_s - self._last_s.get(scanner, float("-inf")) > DEAF_AFTER_S
        for tag, ear in self._ears.get(scanner, {}).items():
            if at_s - ear.last_s <= DEAF_AFTER_S:
                continue
            # A tag that nobody hears, while the scanner hears others, is one with an empty battery.
            others = at_s - self._tags.get(tag, float("-inf")) <= DEAF_AFTER_S
            if (silent and (ear.near or ear.relied_on)) or (others and ear.relied_on):
                return "deaf"
        return "silent" if silent else "hears"
