"""Finding a customer by name, in memory only: no table of names is ever on disk.

Names stand in blocks of text, one folded line a customer, scanned as bytes: at a million names that is some
35 MB and some milliseconds, where a dictionary of words would take hundreds of megabytes.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from edge.kit.text import fold

BLOCK_NAMES: Final = 20_000
ID_BYTES: Final = 16


class _Block:
    """Up to BLOCK_NAMES customers in order of id: `text` holds ` name` lines, `starts` where each begins."""

    __slots__ = ("ids", "starts", "text")

    def __init__(self, names: list[tuple[bytes, str]]) -> None:
        self.starts = array("I")
        self.text = bytearray()
        names.sort()
        for _, name in names:
            self.starts.append(len(self.text))
            self.text += b" " + fold(name).replace("\n", " ").replace("\0", " ").encode() + b"\n"
        self.ids = b"".join(customer_id for customer_id, _ in names)

    def _id(self, number: int) -> bytes:
        return self.ids[number * ID_BYTES : (number + 1) * ID_BYTES]

    def remove(self, customer_id: bytes) -> None:
        """Overwrite the name, if it stands here; the line stays, so nothing else moves."""
        count = len(self.starts)
        number = bisect_left(range(count), customer_id, key=self._id)
        while number < count and self._id(number) == customer_id:
            start = self.starts[number]
            end = self.text.find(b"\n", start)
            self.text[start:end] = bytes(end - start)
            number += 1

    def whole(self, line: bytes) -> Iterator[bytes]:
        """Whose whole name this is."""
        if self.text.startswith(line + b"\n"):
            yield self._id(0)
        at = self.text.find(b"\n" + line + b"\n")
        while at >= 0:
            yield self._id(bisect_right(self.starts, at + 1) - 1)
            at = self.text.find(b"\n" + line + b"\n", at + 1)

    def find(self, first: bytes, others: list[bytes], called: bytes) -> Iterator[tuple[bytes, bool]]:
        """Whose name holds all of these words, and whether it is `called` and no more."""
        at = self.text.find(first)
        while at >= 0:
            number = bisect_right(self.starts, at) - 1
            end = self.text.find(b"\n", at)
            line = self.text[self.starts[number] : end]
            if all(other in line for other in others):
                yield self._id(number), line == called
            at = self.text.find(first, end)


class SearchIndex:
    """Customers by the beginnings of the words of their names. Filled in slices while the house already works."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._blocks: list[_Block] = []
        self._pending: list[tuple[bytes, str]] = []
        self._count = 0

    def remove(self, customer_ids: Iterable[bytes]) -> None:
        """These changed or went: what was indexed of them is overwritten."""
        self.settle()
        for customer_id in customer_ids:
            for block in self._blocks:
                block.remove(customer_id)

    def add(self, customer_id: bytes, name: str) -> None:
        self._pending.append((customer_id, name))
        self._count += 1
        if len(self._pending) >= BLOCK_NAMES:
            self.settle()

    def settle(self) -> None:
        """Pack what was added into a block."""
        if self._pending:
            self._blocks.append(_Block(self._pending))
            self._pending = []

    def __len__(self) -> int:
        return self._count

    def find(self, text: str, *, most: int) -> list[bytes]:
        """Ids of customers whose name has words beginning with each word of `text`, at most `most`.

        Whose whole name it is comes first: among many who are called more than that, nobody is out of reach.
        Candidates only: whoever shows one reads it again through the consent gate.
        """
        words = [b" " + word.encode() for word in fold(text).split()]
        if not words:
            return []
        self.settle()
        called = b"".join(words)
        first, *others = sorted(words, key=len, reverse=True)
        found = dict[bytes, bool]()
        for customer_id, whole in (
            each for block in self._blocks for each in block.find(first, others, called)
        ):
            found[customer_id] = whole
            if len(found) >= most:
                # More than are wanted: whoever is called just this may lie behind them.
                before = islice((each for block in self._blocks for each in block.whole(called)), most)
                return [*dict.fromkeys((*before, *found))][:most]
        return sorted(found, key=lambda customer_id: not found[customer_id])
