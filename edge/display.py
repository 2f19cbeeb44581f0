"""What the display at the counter says: one word a reader, for seconds, about nobody and in memory only.

It has streams of its own: its phone is no pair of eyes of the staff, so it must never count as a role that
watches, nor make the tablets render anything.
"""

from dataclasses import dataclass
from typing import Final, Literal

from edge.live import Live

Said = Literal[
    "recognised",
    "withheld",
    "stranger",
    "locked",
    "no_pass",
    "choose_pass",
    "unknown_merchant",
    "forged",
    "replayed",
    "unreadable",
    "refused",
]
# Long enough to be read by whoever took a card back, short enough to be gone before the next in line.
SHOW_MS: Final = 4_000
# Readers come from the settings; a pipe may name more of them.
MOST_READERS: Final = 64


@dataclass(frozen=True, slots=True)
class Shown:
    """What was said last, and until when."""

    said: Said
    until_ms: int


class Display:
    """One a house. `live` pokes the displays; what they then ask for says `shown`."""

    def __init__(self) -> None:
        self.live = Live()
        self._shown: dict[str, Shown] = {}

    def say(self, said: Said, reader: str, *, now_ms: int) -> None:
        self._shown.pop(reader, None)
        if len(self._shown) >= MOST_READERS:
            del self._shown[next(iter(self._shown))]
        self._shown[reader] = Shown(said, now_ms + SHOW_MS)
        self.live.tell("balie")

    def shown(self, reader: str, *, now_ms: int) -> Shown | None:
        """What is said now at `reader` (empty: at whichever was last), None when nothing is."""
        last = self._shown.get(reader) if reader else next(reversed(self._shown.values()), None)
        return last if last is not None and now_ms < last.until_ms else None
