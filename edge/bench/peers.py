"""What the published peers would suggest, each tuned on the history at hand: the floor beside our own ranking.

Popularity; GP-TopFreq and UP-CF (Faggioli et al., UMAP 2020); RecencyFreq (frequency with a decay a visit);
TIFU-KNN (Hu et al., SIGIR 2020). Scores are dense blocks of customers x products.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking.habits import visits_ago
from edge.advice.ranking.log import Floats, Log
from edge.advice.ranking.neighbours import temporal
from edge.advice.ranking.sparse import Matrix, cosines, matrix

BLOCK: Final = 128
Customers = NDArray[np.integer[Any]]
Scores = Iterator[Floats]


@dataclass(frozen=True, slots=True)
class Peer:
    """`grid`: every setting that validation may choose from."""

    name: str
    score: Callable[..., Scores]
    grid: tuple[Mapping[str, float], ...]


def _grid(**values: tuple[float, ...]) -> tuple[Mapping[str, float], ...]:
    return tuple(dict(zip(values, each, strict=True)) for each in product(*values.values()))


def weighted(log: Log, weight: NDArray[np.floating[Any]]) -> Matrix:
    """Customers x products: a weight a basket, added up over its items."""
    sizes = log.sizes
    return matrix(
        np.repeat(log.customer, sizes),
        log.items,
        np.repeat(weight, sizes),
        shape=(log.customers, log.products),
    )


def _blocks(held: Matrix, asked: Customers) -> Scores:
    for start in range(0, len(asked), BLOCK):
        yield held[asked[start : start + BLOCK]].toarray()


def popularity(log: Log, asked: Customers) -> Scores:
    line = np.bincount(log.items, minlength=log.products).astype(np.float32)
    for start in range(0, len(asked), BLOCK):
        yield np.tile(line, (len(asked[start : start + BLOCK]), 1))


def frequency(log: Log, asked: Customers) -> Scores:
    return _blocks(weighted(log, np.ones(log.baskets)), asked)


def recency(log: Log, asked: Customers, *, decay: float) -> Scores:
    return _blocks(weighted(log, decay ** visits_ago(log).astype(np.float64)), asked)


def tifu(
    log: Log, asked: Customers, *, group: float, within: float, between: float, nearest: float, own: float
) -> Scores:
    """Nearest by the Euclidean distance of temporal vectors, as in the paper; `own` is its alpha."""
    held = weighted(log, temporal(log, int(group), within, between))
    squares = np.asarray(held.multiply(held).sum(axis=1)).ravel()
    most = min(int(nearest), log.customers - 1)
    if most < 1:
        yield from (own * each for each in _blocks(held, asked))
        return
    for start in range(0, len(asked), BLOCK):
        some = asked[start : start + BLOCK]
        mine = held[some]
        far = squares[None] - 2 * (mine @ held.T).toarray()
        far[np.arange(len(some)), some] = np.inf
        near = np.argpartition(far, most - 1, axis=1)[:, :most]
        row = np.repeat(np.arange(len(some)), most)
        weight = np.full(near.size, 1 / most)
        mean = matrix(row, near.ravel(), weight, shape=(len(some), log.customers))
        yield own * mine.toarray() + (1 - own) * (mean @ held).toarray()


def up_cf(log: Log, asked: Customers, *, lately: float, asymmetry: float, locality: float) -> Scores:
    """User-wise popularity within the last visits, over customers alike by the asymmetric cosine."""
    ago = visits_ago(log)
    visits = np.bincount(log.customer, minlength=log.customers)
    wise = weighted(log, (ago < lately) / np.minimum(visits, lately)[log.customer])
    bought = weighted(log, np.ones(log.baskets))
    bought.data[:] = 1
    kinds = np.asarray(bought.sum(axis=1)).ravel()
    for start in range(0, len(asked), BLOCK):
        some = asked[start : start + BLOCK]
        shared = (bought[some] @ bought.T).toarray()
        length = kinds[some, None] ** asymmetry * np.maximum(kinds, 1)[None] ** (1 - asymmetry)
        alike = (shared / np.maximum(length, 1e-9)) ** locality
        yield alike.astype(np.float32) @ wise


def beside(log: Log, asked: Customers, *, hand: Matrix, decay: float, own: float) -> Scores:
    """The mean cosine with what is in hand, and with weight `own` what they bought before."""
    alike = cosines(log.ptr, log.items, log.products)
    mine = weighted(log, decay ** visits_ago(log).astype(np.float64))
    for start in range(0, len(asked), BLOCK):
        rows = (hand[start : start + BLOCK] @ alike).toarray()
        bought = mine[asked[start : start + BLOCK]].toarray()
        yield rows / (rows.max(axis=1, keepdims=True) + 1e-9) + own * bought / (
            bought.max(axis=1, keepdims=True) + 1e-9
        )


PEERS: Final = (
    Peer("popularity", popularity, ({},)),
    Peer("gp_topfreq", frequency, ({},)),
    Peer("recency_freq", recency, _grid(decay=(0.8, 0.9, 0.95, 0.98))),
    Peer(
        "tifu_knn",
        tifu,
        (
            {"group": 3, "within": 0.9, "between": 0.6, "nearest": 900, "own": 0.2},  # the paper's, Dunnhumby
            {"group": 7, "within": 0.9, "between": 0.7, "nearest": 300, "own": 0.7},  # Ta-Feng
            {"group": 3, "within": 0.9, "between": 0.7, "nearest": 900, "own": 0.9},  # Instacart
            *_grid(
                group=(3, 7), within=(0.9, 1.0), between=(0.8, 0.9), nearest=(300,), own=(0.1, 0.4, 0.7, 0.9)
            ),
        ),
    ),
    Peer(
        "up_cf",
        up_cf,
        (
            {"lately": 25, "asymmetry": 0.75, "locality": 10},
            {"lately": 10, "asymmetry": 0.75, "locality": 10},
            {"lately": 10, "asymmetry": 0.75, "locality": 100},
            {"lately": 5, "asymmetry": 0.25, "locality": 5},
            {"lately": 100, "asymmetry": 0.75, "locality": 50},
        ),
    ),
)
IN_HAND: Final = Peer("cosine_and_own", beside, _grid(decay=(0.95,), own=(0.0, 0.5, 1.0, 3.0)))
