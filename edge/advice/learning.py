"""The ranking of the worker: learnt beside the answering, in a thread, from what the model holds at that moment.

numpy lets other threads run while it counts, so questions are answered meanwhile, with the ranking of the night
before or with none. Whoever withdraws is out of the counts and of the neighbours at once; the sums over everybody
and the nets are made without them the next night.
"""

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge.advice.ranking.mixing import Mixed
from edge.advice.ranking.numbering import Visit, numbered
from edge.advice.ranking.packing import NoModel, unpack
from edge.advice.ranking.ranker import Ask, Ranker, trained_on
from edge.advice.ranking.strikes import Ranked
from edge.advice.rules import DAY_MS, Basket
from edge.kit.log import died

# So many are ranked for three that may be shown: most have a reason, some are sold out.
RANKED = 60

Known = Iterable[tuple[bytes, Callable[[], Sequence[Basket]]]]


@dataclass(frozen=True, slots=True)
class Shop:
    """What the ranking reads beside the histories: categories, what is barred, and headquarters' model if any."""

    kinds: Mapping[str, str]
    barred: frozenset[str]
    packed: bytes | None = None
    day: int = 0  # today: a model may be too old by now


class Learning:
    """One at a time; a second `begin` while one runs is left to the next night."""

    def __init__(self) -> None:
        self.ranker: Ranker | None = None
        self._barred: frozenset[str] = frozenset()
        self._thread: threading.Thread | None = None
        self._gone: set[bytes] = set()  # of whom the ranking that is being learnt is not to know
        self._lock = threading.Lock()  # a new ranking and a forgetting never pass each other by
        # Held by whoever answers: the learning waits, for it would take turns with the answer and double its time.
        self.answering = threading.Lock()
        self.failed = ""

    @property
    def busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    @property
    def learnt(self) -> bool:
        """Whether there are nets; where a shop's history is too short for them, the rules' own order is better."""
        return self.ranker is not None and bool(self.ranker.mixed.plain)

    def begin(self, known: Known, look: Callable[[], Shop]) -> None:
        """Learn anew from `known`; `look` is asked in the thread."""
        if not self.busy:
            with self._lock:
                self._gone.clear()
            self._thread = threading.Thread(target=self._learn, args=(known, look), daemon=True)
            self._thread.start()

    def _learn(self, known: Known, look: Callable[[], Shop]) -> None:
        try:
            shop = look()
            ranker = trained_on(
                numbered(self._lines(known, shop), shop.kinds), given=_given(shop), pause=self._pause
            )
            with self._lock:
                for who in self._gone:
                    ranker.forget(who.hex())
                self.ranker, self._barred, self.failed = ranker, shop.barred, ""
        except Exception as error:  # a thread has nobody to raise to: the house hears it with the next answer
            self.failed = died(error)["error"]

    def _lines(self, known: Known, shop: Shop) -> Iterator[tuple[str, list[Visit]]]:
        for who, own in known:
            self._pause()
            yield who.hex(), visits(own(), but=shop.barred)

    def _pause(self) -> None:
        with self.answering:
            pass

    def forget(self, customer_id: bytes) -> None:
        """Nobody is like this customer any more: neither in the ranking that answers nor in the one being learnt."""
        with self._lock:
            self._gone.add(customer_id)
            if self.ranker is not None:
                self.ranker.forget(customer_id.hex())

    def ranked(
        self, customer_id: bytes | None, own: Sequence[Basket], hand: Collection[str], *, now_ms: int
    ) -> Ranked | None:
        """The best products for somebody now, to be asked what moved them; None where there is nothing learnt."""
        if self.ranker is None or not self.learnt:
            return None
        asked = Ask(
            visits(own, but=self._barred),
            now_ms // DAY_MS,
            None,
            tuple(each for each in hand if each not in self._barred),
            customer_id.hex() if customer_id is not None else None,
        )
        return self.ranker.ranked(asked, RANKED)


def _given(shop: Shop) -> Mixed | None:
    """Headquarters' model; one of another version waits until both sides are of one, a stale one is none."""
    try:
        return unpack(shop.packed, day=shop.day) if shop.packed is not None else None
    except NoModel:
        return None


def visits(own: Sequence[Basket], *, but: frozenset[str] = frozenset()) -> list[Visit]:
    """Baskets as the ranking reads them, without the products of `but`."""
    return [
        Visit(
            each.at_ms // DAY_MS if each.at_ms is not None else None,
            None,
            tuple(item for item in each.items if item not in but),
        )
        for each in own
    ]
