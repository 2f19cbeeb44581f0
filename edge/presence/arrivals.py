"""What the visits are told of presence: that a customer came in, and now and then that they are still here. Pure.

Presence is a flood, a visit is a diary: its one greeting is durable there, so telling it again is harmless and seldom
is enough; but a customer who stays for long must not go quiet there while they stand among the shelves.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from edge.presence.copies import Replayed
from edge.presence.rules import AGAIN_S, Happened
from edge.presence.tracker import Out, Place

STILL_S: Final = AGAIN_S  # a fraction of the shortest quiet period that makes sense


@dataclass(frozen=True, slots=True)
class Near:
    """A customer is here, as heard by this scanner."""

    customer: str
    scanner: str
    at_s: float


@dataclass(slots=True)
class Arrivals:
    """What was told of whom, in memory, for as long as they are here."""

    customer_of: Callable[[str], str]
    _told_s: dict[str, float] = field(default_factory=dict)
    _scanner: dict[str, str] = field(default_factory=dict)

    def of(self, out: Iterable[Out]) -> list[Near]:
        """What the visits should know of what the tracker said, in its order."""
        told = []
        for each in out:
            customer = self.customer_of(each.device)
            match each:
                case Place():
                    self._scanner[customer] = each.scanner
                    last_s = self._told_s.get(customer)
                    if last_s is None or each.at_s - last_s < STILL_S:
                        continue
                case Happened(kind="entered"):
                    pass
                case Happened(kind="left"):
                    self._told_s.pop(customer, None)
                    self._scanner.pop(customer, None)
                    continue
                case Happened() | Replayed():
                    continue
            self._told_s[customer] = each.at_s
            told.append(Near(customer, self._scanner.get(customer, ""), each.at_s))
        return told

    def forget(self, customer: str) -> None:
        self._told_s.pop(customer, None)
        self._scanner.pop(customer, None)
