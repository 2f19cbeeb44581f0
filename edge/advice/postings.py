"""Which of many numbers have each product: put in, taken out, and counted for all products at once. Pure.

The numbers (of baskets, or of people) only rise, so those of a product stand in order without being sorted.
"""

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking.log import Bools, Ints


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """All postings behind each other: product p has `numbers[begins[p]:begins[p + 1]]`."""

    numbers: Ints
    begins: NDArray[np.int64]

    def of(self, product: int) -> Ints:
        return self.numbers[self.begins[product] : self.begins[product + 1]]

    def among(self, chosen: Bools) -> tuple[Ints, NDArray[np.int64]]:
        """The postings whose number is chosen, and where those of each product begin."""
        at = np.flatnonzero(chosen.take(self.numbers))
        return self.numbers[at], np.searchsorted(at, self.begins)

    def count(self, chosen: Bools) -> NDArray[np.int64]:
        """How many postings of each product have a chosen number."""
        counts, some = np.zeros(len(self.begins) - 1, np.int64), self.begins[:-1] < self.begins[1:]
        if some.any():
            hits = chosen.take(self.numbers).view(np.int8)
            counts[some] = np.add.reduceat(hits, self.begins[:-1][some], dtype=np.int64)
        return counts


class Postings:
    """Changed a number at a time; laid end to end when it is next asked for all of them."""

    def __init__(self) -> None:
        self._of: list[array[int]] = []
        self._whole: EndToEnd | None = None

    def add(self, product: int, number: int) -> None:
        """`number`: no lower than any that the product has."""
        while product >= len(self._of):
            self._of.append(array("i"))
        self._of[product].append(number)
        self._whole = None

    def drop(self, product: int, first: int, end: int) -> None:
        """Take the numbers from `first` up to `end` off a product."""
        held = self._of[product]
        del held[bisect_left(held, first) : bisect_left(held, end)]
        self._whole = None

    def size(self, product: int) -> int:
        return len(self._of[product]) if product < len(self._of) else 0

    def whole(self) -> EndToEnd:
        if self._whole is None:
            begins = np.zeros(len(self._of) + 1, np.int64)
            np.cumsum([len(each) for each in self._of], out=begins[1:])
            self._whole = EndToEnd(np.frombuffer(b"".join(self._of), np.int32), begins)
        return self._whole


def once(people: Ints, begins: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many different people each product has, of whom those of one stand side by side."""
    if not len(people):
        return np.zeros(len(begins) - 1, np.int64)
    new = np.r_[True, people[1:] != people[:-1]]
    new[begins[begins < len(people)]] = True
    return np.diff(np.searchsorted(np.flatnonzero(new), begins))


def chosen(some: Sequence[Ints] | Ints, length: int) -> Bools:
    """A mask of `length` numbers with these in it."""
    mask = np.zeros(length, np.bool_)
    mask[some] = True
    return mask
