"""The protocol of `bench advise`: what was known at a cut, what came next, and the marks of an answer. Pure.

What lies before a day (80% of all baskets; everybody's last basket where only the order is known) is the history,
each customer's next basket the truth; no product is left out. NDCG's ideal runs over the whole truth.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking.log import Floats
from edge.advice.ranking.numbering import Visit

TOP: Final = 10
CUT_SHARE: Final = 0.8
FEWEST_BEFORE: Final = 2
MOST_T: Final = 999.0
Histories = Mapping[str, Sequence[Visit]]


@dataclass(frozen=True, slots=True)
class Exam:
    """What was known at the cut, and by customer what came next."""

    known: dict[str, list[Visit]]
    next: dict[str, Visit]


@dataclass(frozen=True, slots=True)
class Marks:
    """A figure a customer, in order of the exam."""

    recall: Floats
    ndcg: Floats
    hit: Floats
    again: Floats  # recall of what they knew; nan where nothing of the truth is
    new: Floats


def cut_day(histories: Histories, share: float = CUT_SHARE) -> int | None:
    """The day before which `share` of all baskets lie; None where not everything is dated."""
    days = [visit.day for visits in histories.values() for visit in visits]
    if not days or any(day is None for day in days):
        return None
    return int(np.quantile([day for day in days if day is not None], share, method="lower"))


def exam(histories: Histories, day: int | None) -> Exam:
    """Everybody's baskets before `day` and the first from then on; their last one where `day` is None."""
    known: dict[str, list[Visit]] = {}
    after: dict[str, Visit] = {}
    for customer, visits in histories.items():
        before = (each.day is not None and each.day < day for each in visits) if day is not None else ()
        cut = sum(before) if day is not None else len(visits) - 1
        known[customer] = list(visits[: max(cut, 0)])
        if cut >= FEWEST_BEFORE and cut < len(visits):
            after[customer] = visits[cut]
    return Exam(known, after)


def marked(
    answers: Iterable[Sequence[str]], truths: Sequence[Sequence[str]], known: Sequence[set[str]]
) -> Marks:
    rows = []
    discount = 1 / np.log2(np.arange(2, 5_000))
    for answer, truth, own in zip(answers, truths, known, strict=True):
        wanted = set(truth)
        hits = [place for place, item in enumerate(answer[:TOP]) if item in wanted]
        old, new = wanted & own, wanted - own
        found = {answer[place] for place in hits}
        rows.append(
            (
                len(hits) / len(wanted),
                float(discount[hits].sum() / discount[: len(wanted)].sum()),
                float(bool(hits)),
                len(found & old) / len(old) if old else np.nan,
                len(found & new) / len(new) if new else np.nan,
            )
        )
    return Marks(*np.array(rows, np.float32).reshape(-1, 5).T)


def paired_t(ours: Floats, theirs: Floats) -> float:
    """Student's t of the mean difference, customer by customer; ties count as differences of nothing.

    The same difference of everybody's, other than nothing, has no spread: MOST_T of its sign.
    """
    gap = ours.astype(np.float64) - theirs
    mean, spread = float(gap.mean()) if len(gap) else 0.0, float(gap.std(ddof=1)) if len(gap) > 1 else 0.0
    if len(gap) < 2 or not mean:
        return 0.0
    return min(max(mean * sqrt(len(gap)) / max(spread, abs(mean) * 1e-9), -MOST_T), MOST_T)


def figures(marks: Marks) -> dict[str, float]:
    def mean(values: NDArray[np.floating[Any]]) -> float:
        known = values[~np.isnan(values)]
        return round(float(known.mean()), 4) if len(known) else 0.0

    return {
        "recall_10": mean(marks.recall),
        "ndcg_10": mean(marks.ndcg),
        "hit_10": mean(marks.hit),
        "again_recall_10": mean(marks.again),
        "new_recall_10": mean(marks.new),
    }


def against(ours: Marks, theirs: Marks) -> dict[str, float]:
    """How far ours is ahead: a ratio each, and t of the paired differences."""
    return {
        "ratio_recall": round(float(ours.recall.mean() / max(theirs.recall.mean(), 1e-9)), 3),
        "ratio_ndcg": round(float(ours.ndcg.mean() / max(theirs.ndcg.mean(), 1e-9)), 3),
        "t_recall": round(paired_t(ours.recall, theirs.recall), 1),
        "t_ndcg": round(paired_t(ours.ndcg, theirs.ndcg), 1),
    }
