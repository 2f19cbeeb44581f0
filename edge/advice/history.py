"""One customer's baskets as packed numbers: some hundreds of bytes where texts and tuples take thousands. Pure."""

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from edge.advice.rules import Basket

_UNDATED: Final = -(2**63)


@dataclass(frozen=True, slots=True)
class History:
    """When each basket was, how many products it has, and the numbers of these."""

    times: bytes = field(repr=False)
    sizes: bytes = field(repr=False)
    items: bytes = field(repr=False)

    @classmethod
    def of(cls, own: Sequence[Basket], number: Callable[[str], int]) -> "History":
        times = array("q", (_UNDATED if each.at_ms is None else each.at_ms for each in own))
        sizes = array("i", (len(each.items) for each in own))
        items = array("i", (number(name) for each in own for name in each.items))
        return cls(times.tobytes(), sizes.tobytes(), items.tobytes())

    def lines(self) -> list[list[int]]:
        """The products of each basket."""
        items, lines, at = memoryview(self.items).cast("i").tolist(), [], 0
        for size in memoryview(self.sizes).cast("i"):
            lines.append(items[at : at + size])
            at += size
        return lines

    def own(self, names: Sequence[str]) -> tuple[Basket, ...]:
        """The baskets as they were packed."""
        times = memoryview(self.times).cast("q")
        return tuple(
            Basket(at_ms if at_ms != _UNDATED else None, tuple(names[each] for each in line))
            for at_ms, line in zip(times, self.lines(), strict=True)
        )
