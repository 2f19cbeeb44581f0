"""What somebody looks at in this visit: products that a colleague looked up or scanned for them. In memory alone.

The few latest, each for a quarter of an hour: later it is no longer what they look at now.
"""

from dataclasses import dataclass, field
from typing import Final

from edge.advice.rules import MOST_HAND

NOW_MS: Final = 15 * 60_000


@dataclass(slots=True)
class _Seen:
    customer_id: bytes = field(repr=False)
    items: dict[str, int] = field(default_factory=dict, repr=False)  # when each was looked at, latest last


class Looking:
    """By visit; whoever puts something in has asked whether it may be used."""

    def __init__(self) -> None:
        self._seen: dict[bytes, _Seen] = {}

    def at(self, visit_id: bytes, *, now_ms: int) -> tuple[str, ...]:
        """What they look at, the latest first."""
        seen = self._seen.get(visit_id)
        items = reversed(seen.items.items()) if seen else ()
        return tuple(item for item, at_ms in items if at_ms > now_ms - NOW_MS)

    def add(self, visit_id: bytes, customer_id: bytes, item: str, *, now_ms: int) -> bool:
        """They look at this; whether that is news."""
        items = self._seen.setdefault(visit_id, _Seen(customer_id)).items
        new = items.pop(item, None) is None
        items[item] = now_ms
        if len(items) > MOST_HAND:
            del items[next(iter(items))]
        return new

    def remove(self, visit_id: bytes, item: str) -> bool:
        """They do not look at this; whether it was held."""
        seen = self._seen.get(visit_id)
        return seen is not None and seen.items.pop(item, None) is not None

    def past(self, *, now_ms: int) -> list[tuple[bytes, bytes]]:
        """Let go of what is too long ago; the visits and customers of whom something was."""
        changed = []
        for visit_id, seen in list(self._seen.items()):
            old = [item for item, at_ms in seen.items.items() if at_ms <= now_ms - NOW_MS]
            for item in old:
                del seen.items[item]
            if old:
                changed.append((visit_id, seen.customer_id))
            if not seen.items:
                del self._seen[visit_id]
        return changed

    def drop(self, visit_id: bytes) -> None:
        self._seen.pop(visit_id, None)

    def forget(self, customer_id: bytes) -> None:
        """Nothing of what somebody looked at is left."""
        for visit_id in [each for each, seen in self._seen.items() if seen.customer_id == customer_id]:
            del self._seen[visit_id]
