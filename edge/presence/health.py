"""Which scanners hear: what they say of themselves, and what is heard through them.

Silence is told from a dead scanner by everybody else: one that heard nobody at all for a while counts as deaf, and
what a deaf scanner does not hear is no evidence of anything. A fixed tag of the shop's own makes that certain.
"""

from dataclasses import dataclass, field
from typing import Final, Literal

DEAF_AFTER_S: Final = 15.0
State = Literal["hears", "silent", "offline"]


@dataclass(slots=True)
class Health:
    """The scanners of one floor; those it never heard of are silent."""

    _last_s: dict[str, float] = field(default_factory=dict)
    _offline: set[str] = field(default_factory=set)

    def heard(self, scanner: str, at_s: float) -> None:
        """It heard something, anything: so it is there, whatever it said before."""
        self._last_s[scanner] = max(at_s, self._last_s.get(scanner, at_s))
        self._offline.discard(scanner)

    def said(self, scanner: str, *, online: bool) -> None:
        if online:
            self._offline.discard(scanner)
        else:
            self._offline.add(scanner)

    def alive(self, at_s: float) -> frozenset[str]:
        return frozenset(
            scanner
            for scanner, last_s in self._last_s.items()
            if at_s - last_s <= DEAF_AFTER_S and scanner not in self._offline
        )

    def is_offline(self, scanner: str) -> bool:
        return scanner in self._offline

    def state(self, scanner: str, at_s: float) -> State:
        if scanner in self._offline:
            return "offline"
        return "hears" if at_s - self._last_s.get(scanner, float("-inf")) <= DEAF_AFTER_S else "silent"
