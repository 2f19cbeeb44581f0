"""Baskets as flat arrays: what every feature, peer and measurement counts from. Pure.

Days are numbers of the calendar where every basket has one, else places in the customer's own order, counted back
from their last basket: an order-only history reads as one in which everybody came once a day and lately.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int32]
Floats = NDArray[np.float32]
Bools = NDArray[np.bool_]
NO_STORE: Final = -1


@dataclass(frozen=True, slots=True)
class Log:
    """Baskets by customer, oldest first. `ptr[b]:ptr[b+1]` are basket b's places in `items`."""

    customer: Ints
    day: Ints
    store: Ints
    ptr: NDArray[np.int64]
    items: Ints
    customers: int
    products: int
    dated: bool

    @property
    def baskets(self) -> int:
        return len(self.customer)

    @property
    def sizes(self) -> Ints:
        return np.diff(self.ptr).astype(np.int32)

    def starts(self) -> NDArray[np.int64]:
        """`starts[c]:starts[c+1]` are the baskets of customer c."""
        return np.searchsorted(self.customer, np.arange(self.customers + 1)).astype(np.int64)

    def where(self, kept: Bools) -> "Log":
        """The same customers and products with only these baskets."""
        sizes = self.sizes
        ptr = np.zeros(int(kept.sum()) + 1, np.int64)
        np.cumsum(sizes[kept], out=ptr[1:])
        return Log(
            self.customer[kept],
            self.day[kept],
            self.store[kept],
            ptr,
            self.items[np.repeat(kept, sizes)],
            self.customers,
            self.products,
            self.dated,
        )

    def basket(self, at: int) -> Ints:
        return self.items[self.ptr[at] : self.ptr[at + 1]]


def log_of(
    lines: Iterable[Sequence[tuple[int | None, int, Sequence[int]]]], *, products: int, dated: bool
) -> Log:
    """A log of each customer's baskets (day or None, store, items), oldest first."""
    customer: list[int] = []
    day: list[int] = []
    store: list[int] = []
    ptr: list[int] = [0]
    items: list[int] = []
    who = -1
    for who, line in enumerate(lines):
        for place, (when, where, what) in enumerate(line):
            customer.append(who)
            day.append(when if dated and when is not None else place - len(line))
            store.append(where)
            items.extend(what)
            ptr.append(len(items))
    return Log(
        np.array(customer, np.int32),
        np.array(day, np.int32),
        np.array(store, np.int32),
        np.array(ptr, np.int64),
        np.array(items, np.int32),
        who + 1,
        products,
        dated,
    )
