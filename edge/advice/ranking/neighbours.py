"""Customers whose baskets are alike, and what they buy: temporal vectors after TIFU-KNN (Hu et al., SIGIR 2020)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking import sparse
from edge.advice.ranking.log import Ints, Log

GROUP_VISITS: Final = 3
WITHIN: Final = 0.9
BETWEEN: Final = 0.8
NEAREST: Final = 100
FORGOTTEN: Final = -2  # the customer of a row that is empty
# Enough people to find like-minded ones among; more only cost a query its milliseconds.
MOST_ANCHORS: Final = 4_000


@dataclass(frozen=True, slots=True)
class Anchors:
    """`customer[a]` is the customer of row a of `vectors`, and of column a of `unit`."""

    customer: Ints
    vectors: sparse.Matrix
    unit: sparse.Matrix  # products x anchors, each column of length one

    def forget(self, customer: int) -> None:
        """Take a customer's purchases out of the vectors: nobody is near to them, and nothing of them is held."""
        for row in np.flatnonzero(self.customer == customer):
            self.vectors.data[self.vectors.indptr[row] : self.vectors.indptr[row + 1]] = 0
            self.unit.data[self.unit.indices == row] = 0
            self.customer[row] = FORGOTTEN

    def near(self, asked: sparse.Matrix, customer: Ints) -> sparse.Matrix:
        """Asked rows x anchors: weights of the nearest, which add up to 1; never the asked customer themselves."""
        rows, columns, weights = [], [], []
        alike = sparse.unit(asked)
        block = max(1, sparse.CELLS // max(len(self.customer), 1))
        for start in range(0, asked.shape[0], block):
            some = sparse.product(sparse.rows(alike, start, start + block), self.unit)
            some[customer[start : start + block, None] == self.customer[None]] = 0
            most = min(NEAREST, some.shape[1])
            best = (
                np.argpartition(-some, most - 1, axis=1)[:, :most] if most else np.zeros((len(some), 0), int)
            )
            weight = np.take_along_axis(some, best, 1) ** 2
            weight /= weight.sum(axis=1, keepdims=True) + 1e-9
            rows.append(np.repeat(np.arange(start, start + len(some)), most))
            columns.append(best.ravel())
            weights.append(weight.ravel())
        shape = (asked.shape[0], len(self.customer))
        return sparse.some(
            np.concatenate(rows), np.concatenate(columns), np.concatenate(weights), shape=shape
        )


def temporal(log: Log, group: int, within: float, between: float) -> NDArray[np.float64]:
    """The weight of each basket in its customer's vector: by its group of visits, and by its place in it (4.1)."""
    starts = log.starts()
    visits = np.diff(starts)[log.customer]
    place = np.arange(log.baskets) - starts[log.customer]
    groups = -(-visits // group)
    first = visits - (groups - 1) * group  # the oldest group is the one that is not full
    at = np.where(place < first, 0, 1 + (place - first) // group)
    inside = np.where(at == 0, place + group - first, (place - first) % group)
    weight: NDArray[np.float64] = within ** (group - 1.0 - inside) * between ** (groups - 1.0 - at)
    weight /= np.where(at == 0, first, group) * groups
    return weight


def vectors(log: Log, *, make: Callable[..., sparse.Matrix] = sparse.some) -> sparse.Matrix:
    """Customers x products: what each of them usually has in a basket by now."""
    sizes = log.sizes
    return make(
        np.repeat(log.customer, sizes),
        log.items,
        np.repeat(temporal(log, GROUP_VISITS, WITHIN, BETWEEN), sizes),
        shape=(log.customers, log.products),
    )


def anchors_of(log: Log, *, seed: int) -> Anchors:
    """The people to be near to: a fixed draw of those with at least two baskets."""
    people = np.flatnonzero(np.bincount(log.customer, minlength=log.customers) >= 2)
    if len(people) > MOST_ANCHORS:
        people = np.sort(np.random.default_rng(seed).choice(people, MOST_ANCHORS, replace=False))
    held = vectors(log, make=sparse.matrix)[people]
    return Anchors(people.astype(np.int32), held, sparse.unit(held).T.tocsr())
