"""What everybody's baskets tell of each product at a moment: how popular, how often again, after how long. Pure."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking import sparse
from edge.advice.ranking.log import Floats, Ints, Log
from edge.advice.ranking.neighbours import Anchors, anchors_of

# Days that count as lately; on an order-only history these are visits.
LATELY: Final = (7, 28)
MOST_POPULAR: Final = 80
# Strengths with which a product's own figures are pulled to its kind's and everybody's: purchases worth of belief.
GAP_BELIEF: Final = 10.0
KIND_BELIEF: Final = 20.0
AGAIN_BELIEF: Final = 5.0
LATELY_BELIEF: Final = 3.0
STORE_BELIEF: Final = 20.0


@dataclass(frozen=True, slots=True)
class Crowd:
    """Statistics of one log, by product unless said otherwise."""

    kinds: Ints  # the category of each product
    baskets: int
    share: Floats  # of all baskets that have it
    buyers: Floats
    again: Floats  # share of its buyers who bought it twice or more, shrunk
    times: Floats  # purchases a buyer, shrunk
    gap: Floats  # mean of the log of days between two purchases, shrunk to its kind
    gap_spread: Floats
    lately: tuple[Floats, ...]  # log of the share of late baskets over the share of all, a window each
    popular: NDArray[np.int64]  # products that anybody might buy now, in no order
    stores: sparse.Counts  # baskets of a store with a product
    store_baskets: Floats
    beside: sparse.Matrix  # product x product: cosine of being in one basket
    anchors: Anchors

    @property
    def products(self) -> int:
        return len(self.share)

    def store_lift(self, store: Ints, item: NDArray[np.int64]) -> Floats:
        """Log of how much more often than elsewhere a store sells an item; 0 where the store is not known."""
        known = (store >= 0) & (store < len(self.store_baskets))
        at = np.where(known, store, 0)
        here = self.stores.at(at, item)
        expected = self.share[item]
        lift = np.log(
            (here + STORE_BELIEF * expected + 1e-3)
            / ((self.store_baskets[at] + STORE_BELIEF) * expected + 1e-3)
        )
        return np.where(known, lift, 0).astype(np.float32)


def count(log: Log, kinds: Ints, *, now: int, seed: int = 0) -> Crowd:
    """Count a log as it stands at day `now`; every basket of it lies before."""
    products, sizes = log.products, log.sizes
    who = np.repeat(log.customer, sizes).astype(np.int64)
    day = np.repeat(log.day, sizes)
    bought = _per(log.items, products)
    key = who * products + log.items
    order = np.argsort(key, kind="stable")
    key, day_of = key[order], day[order]
    first = np.r_[True, key[1:] != key[:-1]] if len(key) else np.zeros(0, bool)
    begins = np.flatnonzero(first)
    pair_item = key[begins] % products
    pair_times = np.diff(np.r_[begins, len(key)])
    buyers = _per(pair_item, products)
    again = _per(pair_item, products, pair_times >= 2)
    gap, spread = _gaps(key, day_of, first, kinds, products)
    every = again.sum() / max(buyers.sum(), 1)
    kind_count = int(kinds.max(initial=-1)) + 1
    of_kind = (_per(kinds, kind_count, again) + 10 * every) / (_per(kinds, kind_count, buyers) + 10)
    mean_times = bought.sum() / max(buyers.sum(), 1) or 1.0
    share = bought / max(log.baskets, 1)
    lately = []
    for days in LATELY:
        late = _per(log.items[day >= now - days], products)
        expected = share * (log.day >= now - days).sum()
        lately.append(np.log((late + LATELY_BELIEF) / (expected + LATELY_BELIEF)).astype(np.float32))
    store_count = int(log.store.max(initial=-1)) + 1
    at = np.repeat(log.store, sizes)
    return Crowd(
        kinds,
        log.baskets,
        share.astype(np.float32),
        buyers.astype(np.float32),
        ((again + AGAIN_BELIEF * of_kind[kinds]) / (buyers + AGAIN_BELIEF)).astype(np.float32),
        ((bought + AGAIN_BELIEF * mean_times) / (buyers + AGAIN_BELIEF)).astype(np.float32),
        gap,
        spread,
        tuple(lately),
        sparse.best(share * np.exp(lately[-1]), MOST_POPULAR),
        sparse.counts(at[at >= 0], log.items[at >= 0], columns=products),
        _per(log.store[log.store >= 0], max(store_count, 1)).astype(np.float32),
        sparse.cosines(log.ptr, log.items, products),
        anchors_of(log, seed=seed),
    )


def _per(
    at: NDArray[np.integer[Any]], length: int, weights: NDArray[Any] | None = None
) -> NDArray[np.float64]:
    return np.bincount(at, weights=weights, minlength=length).astype(np.float64)


def _gaps(
    key: NDArray[np.int64], day: Ints, first: NDArray[np.bool_], kinds: Ints, products: int
) -> tuple[Floats, Floats]:
    """Mean and spread of the log days between two purchases of one customer, shrunk product to kind to all."""
    again = np.flatnonzero(~first)
    log_gap = np.log(np.maximum(day[again] - day[again - 1], 1).astype(np.float64))
    item = key[again] % products
    kind_count = int(kinds.max(initial=-1)) + 1
    n, total, squares = (_per(item, products, w) for w in (None, log_gap, log_gap**2))
    kind_n, kind_total, kind_squares = (_per(kinds, kind_count, each) for each in (n, total, squares))
    mean = float(total.sum() / n.sum()) if n.sum() else 2.0
    variance = float(squares.sum() / n.sum() - mean**2) if n.sum() else 1.0
    kind_mean = (kind_total + KIND_BELIEF * mean) / (kind_n + KIND_BELIEF)
    kind_square = (kind_squares + KIND_BELIEF * (variance + mean**2)) / (kind_n + KIND_BELIEF)
    own_mean = (total + GAP_BELIEF * kind_mean[kinds]) / (n + GAP_BELIEF)
    own_square = (squares + GAP_BELIEF * kind_square[kinds]) / (n + GAP_BELIEF)
    return own_mean.astype(np.float32), np.sqrt(np.maximum(own_square - own_mean**2, 0.05)).astype(np.float32)
