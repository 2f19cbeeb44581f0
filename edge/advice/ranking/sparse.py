"""The few sparse matrices of advice, on scipy's; everything is float32 and made in blocks, so memory stays small."""

from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from edge.advice.ranking.log import Floats, Ints

Matrix = Any  # scipy.sparse.csr_array, or `Few`; scipy has no types
# Neighbours kept of each product, and how rarely bought ones are left out: a pair seen once or twice says nothing.
MOST_BESIDE: Final = 100
FEWEST_BASKETS: Final = 5
# A basket that holds half the shop says nothing of what goes together, and costs its square.
MOST_OF_BASKET: Final = 60
CELLS: Final = 1_000_000
FEW: Final = 8


def matrix(
    row: NDArray[np.integer[Any]],
    column: NDArray[np.integer[Any]],
    weight: NDArray[Any] | None = None,
    *,
    shape: tuple[int, int],
) -> Matrix:
    """Weights (1 without) at row and column; what falls together is added up."""
    data = np.ones(len(row), np.float32) if weight is None else weight.astype(np.float32)
    made = scipy.sparse.csr_array(
        (data, (row.astype(np.int32), column.astype(np.int32))), shape=shape, dtype=np.float32
    )
    made.sum_duplicates()
    return made


@dataclass(frozen=True, slots=True)
class Few:
    """As many rows as one question needs, laid out as a csr_array is: scipy makes one more slowly than it uses it."""

    data: Floats
    indices: Ints
    indptr: NDArray[np.int64]
    shape: tuple[int, int]


def some(
    row: NDArray[np.integer[Any]],
    column: NDArray[np.integer[Any]],
    weight: NDArray[Any],
    *,
    shape: tuple[int, int],
) -> Matrix:
    """As `matrix`, and the quicker way where the rows are few."""
    if shape[0] > FEW:
        return matrix(row, column, weight, shape=shape)
    key = row.astype(np.int64) * shape[1] + column
    full = np.bincount(key, weights=weight, minlength=shape[0] * shape[1])
    cell = np.flatnonzero(full)
    indptr = np.searchsorted(cell, np.arange(shape[0] + 1) * shape[1])
    return Few(full[cell].astype(np.float32), (cell % shape[1]).astype(np.int32), indptr, shape)


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of (row, column) to look single ones up in: far quicker than a matrix of scipy."""

    keys: NDArray[np.int64]
    values: Floats
    columns: int

    def at(self, row: NDArray[Any], column: NDArray[Any]) -> Floats:
        """0 where there is none."""
        if not len(self.keys):
            return np.zeros(len(row), np.float32)
        asked = row.astype(np.int64) * self.columns + column
        place = np.minimum(np.searchsorted(self.keys, asked), len(self.keys) - 1)
        return np.where(self.keys[place] == asked, self.values[place], np.float32(0))


def counts(row: NDArray[Any], column: NDArray[Any], *, columns: int) -> Counts:
    keys, times = np.unique(row.astype(np.int64) * columns + column, return_counts=True)
    return Counts(keys, times.astype(np.float32), columns)


def unit(held: Matrix) -> Matrix:
    """Rows of length one (or of none)."""
    if isinstance(held, Few):
        row = np.repeat(np.arange(held.shape[0]), np.diff(held.indptr))
        size = np.sqrt(np.bincount(row, weights=held.data**2, minlength=held.shape[0])) + 1e-9
        return replace(held, data=held.data / size.astype(np.float32)[row])
    length = np.sqrt(np.asarray(held.multiply(held).sum(axis=1)).ravel()) + 1e-9
    made = held.copy()
    made.data = held.data / np.repeat(length, np.diff(held.indptr)).astype(np.float32)
    return made


def rows(held: Matrix, start: int, end: int) -> Matrix:
    """Some rows; all of them without the cost of taking them out."""
    return held if start == 0 and end >= held.shape[0] else held[start:end]


def product(few: Matrix, held: Matrix) -> Floats:
    """`few @ held` with every cell written out; of a few rows far quicker than scipy begins."""
    if few.shape[0] > FEW:
        return np.asarray((few @ held).toarray(), np.float32)
    made = np.empty((few.shape[0], held.shape[1]), np.float32)
    for each in range(few.shape[0]):
        inside = slice(few.indptr[each], few.indptr[each + 1])
        made[each] = held[few.indices[inside]].T @ few.data[inside]
    return made


def row(held: Matrix, number: int) -> dict[int, float]:
    """The cells of a row by their columns; empty where there is no such row."""
    if number < 0:
        return {}
    start, end = held.indptr[number], held.indptr[number + 1]
    return dict(zip(held.indices[start:end].tolist(), held.data[start:end].tolist(), strict=True))


def cosines(ptr: NDArray[Any], items: Ints, products: int) -> Matrix:
    """Products x products: how alike the sets of baskets are that two products lie in; the best of each row."""
    size = np.diff(ptr)
    times = np.bincount(items, minlength=products)
    kept = (times[items] >= FEWEST_BASKETS) & (np.repeat(size, size) <= MOST_OF_BASKET)
    basket = np.repeat(np.arange(len(size)), size)[kept]
    weight = 1 / np.sqrt(np.maximum(times[items[kept]], 1))
    lines = matrix(basket, items[kept], weight, shape=(len(size), products))
    columns = lines.T.tocsr()
    best = [_best(columns[start : start + 1000] @ lines, start) for start in range(0, products, 1000)]
    return scipy.sparse.vstack(best, format="csr")


def _best(block: Matrix, start: int) -> Matrix:
    """The MOST_BESIDE largest of each row, without the diagonal."""
    length = np.diff(block.indptr)
    row = np.repeat(np.arange(block.shape[0]), length)
    data = np.where(block.indices == row + start, 0, block.data)
    kept = np.zeros(len(data), bool)
    for each in np.flatnonzero(length):
        low, high = block.indptr[each], block.indptr[each + 1]
        if high - low > MOST_BESIDE:
            kept[low + np.argpartition(-data[low:high], MOST_BESIDE)[:MOST_BESIDE]] = True
        else:
            kept[low:high] = True
    kept &= data > 0
    return matrix(row[kept], block.indices[kept], data[kept], shape=block.shape)


def best(row: NDArray[Any], most: int) -> NDArray[np.int64]:
    """The places of the largest values above nothing, in no order."""
    some = np.flatnonzero(row > 0)
    return some if len(some) <= most else some[np.argpartition(-row[some], most)[:most]]
