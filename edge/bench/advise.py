"""`bench advise`: our ranking beside every tuned peer on one history, paired customer by customer.

Peers are tuned on an earlier cut of the same history. For the half basket the truth is sorted, shuffled with a seed,
and its first half lies in hand.
"""

import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from edge.advice.ranking.log import Ints, Log
from edge.advice.ranking.numbering import Numbered, numbered
from edge.advice.ranking.ranker import Ask, Ranker, trained
from edge.advice.ranking.sparse import matrix
from edge.bench.exam import TOP, Exam, Histories, Marks, against, cut_day, exam, figures, marked
from edge.bench.installed import installed
from edge.bench.peers import IN_HAND, PEERS, Peer
from edge.kit.errors import ConfigError

TUNED_ON: Final = 800  # customers
HAND_SEED: Final = 7
TIE: Final = 1e-9


def measure(
    histories: Histories,
    kinds: Mapping[str, str] | None,
    *,
    day: int | None = None,
    seed: int = 0,
    halves: bool = True,
) -> dict[str, Any]:
    """Every figure of one history; `day`: another cut than the one of CUT_SHARE."""
    at = day if day is not None else cut_day(histories)
    taken = exam(histories, at)
    if not taken.next:
        raise ConfigError(
            "nobody has two baskets before the cut and one after it",
            code="C09",
            hint="a longer history, or another --cut",
        )
    began_s, began_cpu_s = time.monotonic(), time.process_time()
    ranker = trained(taken.known, kinds, seed=seed)
    train_s, train_cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    result: dict[str, Any] = {
        "customers": len(taken.next),
        "baskets": sum(map(len, taken.known.values())),
        "products": len(ranker.names),
        "train_s": round(train_s, 1),
        "train_cpu_s": round(train_cpu_s, 1),
        "peak_mb": peak_mb,
    }
    truths = [visit.items for visit in taken.next.values()]
    owned = [{item for visit in taken.known[who] for item in visit.items} for who in taken.next]
    took_ms: list[float] = []
    asks = [
        Ask(tuple(taken.known[who]), visit.day, visit.store, (), who) for who, visit in taken.next.items()
    ]
    ours = marked(_ours(ranker, asks, took_ms), truths, owned)
    result["query_ms"] = {
        "p50": round(float(np.quantile(took_ms, 0.5)), 2),
        "p99": round(float(np.quantile(took_ms, 0.99)), 2),
    }
    others, absent = installed()
    board = Board(histories, taken, at, others)
    result["absent"] = absent
    result["next"] = {"ours": figures(ours)} | board.next(ours, truths, owned)
    if halves:
        result["half"] = board.half(ranker, taken, owned)
    return result


def _ours(ranker: Ranker, asks: Sequence[Ask], took_ms: list[float]) -> Iterator[list[str]]:
    for asked in asks:
        began_s = time.perf_counter()
        answer = [item for item, _ in ranker.rank(asked, TOP)]
        took_ms.append((time.perf_counter() - began_s) * 1000)
        yield answer


class Board:
    """The peers on one history: tuned on an earlier cut, then asked at the real one."""

    def __init__(
        self, histories: Histories, taken: Exam, day: int | None, others: Sequence[Peer] = ()
    ) -> None:
        self._others = others
        earlier = exam(taken.known, None if day is None else cut_day(taken.known))
        self._then = Sheet(earlier, most=TUNED_ON)
        self._now = Sheet(taken)

    def next(self, ours: Marks, truths: Sequence[Sequence[str]], owned: Sequence[set[str]]) -> dict[str, Any]:
        made = {}
        for peer in (*PEERS, *self._others):
            setting = self._tuned(peer)
            theirs = marked(self._now.answers(peer, setting), truths, owned)
            made[peer.name] = figures(theirs) | against(ours, theirs) | {"setting": dict(setting)}
        return made

    def half(self, ranker: Ranker, taken: Exam, owned: Sequence[set[str]]) -> dict[str, Any]:
        """The other half of the basket, from the half that is in hand."""
        hands = self._now.halves()
        chosen = [place for place, hand in enumerate(hands) if hand]
        visits = list(taken.next.items())
        asks = [
            Ask(tuple(taken.known[who]), visit.day, visit.store, hands[place], who)
            for place, (who, visit) in enumerate(visits)
            if hands[place]
        ]
        left = [[each for each in visits[place][1].items if each not in hands[place]] for place in chosen]
        some = [owned[place] for place in chosen]
        took_ms: list[float] = []
        ours = marked(_ours(ranker, asks, took_ms), left, some)
        made: dict[str, Any] = {
            "ours": figures(ours) | {"p99_ms": round(float(np.quantile(took_ms, 0.99)), 2)}
        }
        for peer in (PEERS[0], PEERS[2], IN_HAND):
            setting = self._tuned(peer, hand=True)
            theirs = marked(self._now.answers(peer, setting, hands=hands), left, some)
            made[peer.name] = figures(theirs) | against(ours, theirs) | {"setting": dict(setting)}
        return made

    def _tuned(self, peer: Peer, *, hand: bool = False) -> Mapping[str, float]:
        """The setting with the best sum of recall and NDCG at the earlier cut."""
        if len(peer.grid) == 1:
            return peer.grid[0]
        hands = self._then.halves() if hand else None
        truths, owned = self._then.truths(hands)

        def worth(setting: Mapping[str, float]) -> float:
            marks = marked(self._then.answers(peer, setting, hands=hands), truths, owned)
            return float(marks.recall.mean() + marks.ndcg.mean())

        return max(peer.grid, key=worth)


class Sheet:
    """An exam by number, for the peers."""

    def __init__(self, taken: Exam, *, most: int | None = None) -> None:
        self._exam = taken
        self._numbered: Numbered = numbered(taken.known.items())
        self._who = list(taken.next)
        if most is not None and len(self._who) > most:
            chosen = np.random.default_rng(0).choice(len(self._who), most, replace=False)
            self._who = [self._who[each] for each in sorted(chosen)]
        often = np.bincount(self.log.items, minlength=self.log.products)
        self._popular = often / (often.max(initial=0) + 1) * TIE

    @property
    def log(self) -> Log:
        return self._numbered.log

    def halves(self) -> list[tuple[str, ...]]:
        dice = np.random.default_rng(HAND_SEED)
        made = []
        for who in self._who:
            truth = sorted(self._exam.next[who].items)
            order = dice.permutation(len(truth))
            made.append(tuple(truth[each] for each in order[: len(truth) // 2]))
        return made

    def truths(self, hands: Sequence[tuple[str, ...]] | None) -> tuple[list[list[str]], list[set[str]]]:
        truths, owned = [], []
        for place, who in enumerate(self._who):
            hand = hands[place] if hands is not None else ()
            if hands is None or hand:
                truths.append([each for each in self._exam.next[who].items if each not in hand])
                owned.append({item for visit in self._exam.known[who] for item in visit.items})
        return truths, owned

    def answers(
        self, peer: Peer, setting: Mapping[str, float], *, hands: Sequence[tuple[str, ...]] | None = None
    ) -> Iterator[list[str]]:
        """The TOP of everybody asked; ties, and what is left empty, by popularity."""
        chosen = [place for place in range(len(self._who)) if hands is None or hands[place]]
        asked = np.array([self._numbered.customers[self._who[place]] for place in chosen], np.int64)
        held = [self._numbers(hands[place]) for place in chosen] if hands is not None else None
        more: dict[str, Any] = {}
        if held is not None and peer is IN_HAND:
            row = np.repeat(np.arange(len(held)), [len(each) for each in held])
            weight = np.repeat([1 / max(len(each), 1) for each in held], [len(each) for each in held])
            more["hand"] = matrix(row, np.concatenate(held), weight, shape=(len(held), self.log.products))
        place = 0
        for block in peer.score(self.log, asked, **setting, **more):
            for line in block:
                # In double precision, or the popularity that breaks ties is lost beside the score.
                score = line.astype(np.float64) + self._popular
                if held is not None:
                    score[held[place]] = -np.inf
                best = np.argpartition(-score, TOP)[:TOP]
                best = best[np.argsort(-score[best], kind="stable")]
                yield [self._numbered.names[each] for each in best if each < len(self._numbered.names)]
                place += 1

    def _numbers(self, items: Sequence[str]) -> Ints:
        number = self._numbered.number
        return np.array([number[each] for each in items if each in number], np.int32)


def text(result: Mapping[str, Any]) -> str:
    lines = [
        f"{result['customers']} customers, {result['baskets']} baskets, {result['products']} products; trained in "
        f"{result['train_s']} s ({result['train_cpu_s']} s of CPU), peak {result['peak_mb']} MB; "
        f"a query p50 {result['query_ms']['p50']} ms, p99 {result['query_ms']['p99']} ms"
    ]
    for part in ("next", "half"):
        for name, each in result.get(part, {}).items():
            line = f"{part:5} {name:15} R@10 {each['recall_10']:.4f}  N@10 {each['ndcg_10']:.4f}"
            line += f"  new {each['new_recall_10']:.4f}"
            if name != "ours":
                line += f"  ours x{each['ratio_recall']} (t {each['t_recall']})"
                line += f", NDCG x{each['ratio_ndcg']} (t {each['t_ndcg']})"
            lines.append(line)
    lines += [f"next  {name:15} left out: {why}" for name, why in result.get("absent", {}).items()]
    return "\n".join(lines)
