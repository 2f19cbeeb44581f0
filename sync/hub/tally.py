"""What one process of the hub counts in memory, for `/metrics`: about work, never about a box or anybody."""

from bisect import bisect_left
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from sync.hub.intake import Taken

BOUNDS_S: Final = (0.005, 0.02, 0.05, 0.1, 0.5, 2.0, 10.0)  # a slot up to each, and one for what took longer


class Tally:
    """Counts since the start; a restart forgets them, as whoever collects such numbers expects."""

    def __init__(self) -> None:
        self.uploads = self.facts = 0
        self.letters: Counter[str] = Counter()  # by code
        self.refusals: Counter[str] = Counter()  # by code
        self.answers: Counter[tuple[str, int]] = Counter()  # by route and status
        self.slots: dict[str, list[int]] = {}  # by route
        self.seconds: defaultdict[str, float] = defaultdict(float)  # by route

    def took(self, taken: "Taken") -> None:
        """An upload was taken in; what the hub held of it before counts no more."""
        self.uploads += 1
        self.facts += taken.new
        self.letters.update(each.code for each in taken.rejected if each.seq > taken.seq - taken.new)

    def refused(self, code: str) -> None:
        self.refusals[code] += 1

    def answered(self, route: str, status: int, seconds: float) -> None:
        """An answer began, so long after its request came."""
        self.answers[route, status] += 1
        self.slots.setdefault(route, [0] * (len(BOUNDS_S) + 1))[bisect_left(BOUNDS_S, seconds)] += 1
        self.seconds[route] += seconds
