"""The ranking that headquarters learns from every shop's customers, for shops whose own history is too short. Pure.

What goes out is weights over everybody's habits and no one's purchases (`ranking/packing.py`).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from edge.advice.learning import visits
from edge.advice.limits import barred_words
from edge.advice.ranking.numbering import Visit, numbered
from edge.advice.ranking.packing import pack
from edge.advice.ranking.ranker import trained_on
from edge.advice.rules import DAY_MS, Item, barred, baskets_of

# What a minute and 600 MB are enough for; of more customers some are drawn.
MOST_BASKETS: Final = 116_000
MOST_CUSTOMERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Learnt:
    """`packed` is None where there are too few baskets to learn from."""

    packed: bytes | None
    customers: int
    baskets: int


def learnt(
    people: Iterable[tuple[bytes, Any]], items: Mapping[str, Item], *, country: str, now_ms: int
) -> Learnt:
    """`people`: (customer, value of their `baskets` trait) of whoever agreed; what is barred counts nowhere."""
    words = barred_words(country)
    but = frozenset(name for name, item in items.items() if barred(item, words))
    histories = {who: visits(baskets_of(value, now_ms=now_ms), but=but) for who, value in people}
    taken = _fitting({who: own for who, own in histories.items() if own})
    kinds = {name: item.category for name, item in items.items() if item.category.strip(" /")}
    ranker = trained_on(numbered(((who.hex(), own) for who, own in taken.items()), kinds))
    packed = pack(ranker.mixed, day=now_ms // DAY_MS) if ranker.mixed.plain else None
    return Learnt(packed, len(taken), sum(map(len, taken.values())))


def _fitting(histories: Mapping[bytes, Sequence[Visit]]) -> dict[bytes, Sequence[Visit]]:
    """Whole customers, as many as may be learnt from; of more, ones that have nothing in common."""
    room, taken = MOST_BASKETS, {}
    everybody = list(histories)
    for place in np.random.default_rng(len(everybody)).permutation(len(everybody)):
        who = everybody[place]
        room -= len(histories[who])
        if room < 0:
            break
        taken[who] = histories[who]
    return taken
