"""Peers of other people's packages, where somebody installed them beside the project: implicit 0.7 and cornac 3.

Nothing of the project needs them, and the appliance never loads them. Each runs with its authors' own settings: the
tuned ones of `peers.py` are the floor.
"""

import os
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final

import numpy as np
from scipy.sparse import csr_matrix

from edge.advice.ranking.log import Log
from edge.bench.peers import BLOCK, Customers, Peer, Scores, weighted

FACTORS: Final = 64
NEIGHBOURS: Final = 100


def _bm25(log: Log, asked: Customers) -> Scores:
    held = csr_matrix(weighted(log, np.ones(log.baskets)))
    model = import_module("implicit.nearest_neighbours").BM25Recommender(K=NEIGHBOURS, num_threads=1)
    model.fit(held, show_progress=False)
    for start in range(0, len(asked), BLOCK):
        yield (held[asked[start : start + BLOCK]] @ model.similarity).toarray().astype(np.float32)


def _als(log: Log, asked: Customers) -> Scores:
    held = csr_matrix(weighted(log, np.ones(log.baskets)).astype(np.float32))
    model = import_module("implicit.cpu.als").AlternatingLeastSquares(
        factors=FACTORS, random_state=0, num_threads=1
    )
    model.fit(held, show_progress=False)
    for start in range(0, len(asked), BLOCK):
        yield np.asarray(model.user_factors[asked[start : start + BLOCK]] @ model.item_factors.T, np.float32)


def _cornac(name: str) -> Callable[[Log, Customers], Scores]:
    """A next-basket model of cornac: learnt from all baskets, asked with each customer's own."""

    def score(log: Log, asked: Customers) -> Scores:
        lines = [
            (int(log.customer[basket]), basket, int(item))
            for basket in range(log.baskets)
            for item in log.basket(basket)
        ]
        held = import_module("cornac.data").BasketDataset.from_ubi(lines, seed=0)
        model = getattr(import_module("cornac.models"), name)()
        model.fit(held)
        number = np.array(list(held.iid_map), np.int64)  # in the order of cornac's own numbers
        starts = log.starts()
        for start in range(0, len(asked), BLOCK):
            rows = np.full((len(asked[start : start + BLOCK]), log.products), -1e9, np.float32)
            for row, who in enumerate(asked[start : start + BLOCK]):
                own = [
                    [held.iid_map[int(item)] for item in log.basket(basket)]
                    for basket in range(starts[who], starts[who + 1])
                ]
                rows[row, number] = model.score(held.uid_map[int(who)], own)
            yield rows

    return score


# What must be there, and what then stands on the board.
_OTHERS: Final[tuple[tuple[Sequence[str], Peer], ...]] = (
    (("implicit",), Peer("implicit_bm25", _bm25, ({},))),
    (("implicit",), Peer("implicit_als", _als, ({},))),
    (("cornac",), Peer("cornac_gptop", _cornac("GPTop"), ({},))),
    (("cornac",), Peer("cornac_tifuknn", _cornac("TIFUKNN"), ({},))),
    (("cornac", "similaripy"), Peer("cornac_upcf", _cornac("UPCF"), ({},))),
)


def installed(there: Callable[[str], Any] = find_spec) -> tuple[tuple[Peer, ...], dict[str, str]]:
    """The peers whose packages are there; and of the others, by name, what is missing."""
    os.environ.setdefault("TQDM_DISABLE", "1")  # their bars would stand between our lines
    found, absent = [], {}
    for needs, peer in _OTHERS:
        missing = [each for each in needs if there(each) is None]
        if missing:
            absent[peer.name] = f"{' and '.join(missing)} not installed"
        else:
            found.append(peer)
    return tuple(found), absent
