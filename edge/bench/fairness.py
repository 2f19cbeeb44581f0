"""`advise --fairness`: whether everybody is served as well as their own history lets expect, whatever their group.

A model is asked for everybody's next baskets after a cut, and again after everybody's declared group was changed or
taken away: the answers must be the same. Then accuracy, rank and value are laid beside what the customer's own
history lets expect: the best that could be found again (the ceiling), and what the plainest rule finds, in these
baskets and in earlier ones. What may not be suggested is asked of nobody.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.answering import Answering, barred_items, without
from edge.advice.limits import barred_words
from edge.advice.lines import History, Product
from edge.advice.ranking.numbering import Visit
from edge.advice.ranking.ranker import Ask
from edge.bench.exam import FEWEST_BEFORE, TOP, cut_day, exam, marked
from edge.bench.expected import Usual, ceiling, plain, tried
from edge.bench.gaps import CONFIDENCE, FEWEST, Gap, Measure, gaps
from edge.kit.errors import WelkomError

LIMIT: Final = 0.10  # a gap of a tenth of what everybody gets
LEAST: Final = 10  # customers of a group that anything is said of
MOST_NEXT: Final = 8  # baskets after the cut that are asked about, a customer
MOST_FLIPPED: Final = 3  # of these, that are asked again with other groups
UNKNOWN: Final = ("too few", "unclear")  # verdicts of groups that nobody can judge

Answers = Callable[[Ask, int], Sequence[str]]
# Learns from histories, with their groups: whether it reads those is what is asked here.
Maker = Callable[[Sequence[History]], Answers]


@dataclass(frozen=True, slots=True)
class Question:
    """One basket after the cut: what was known before it, what it was, and what was suggested."""

    customer: str
    known: tuple[Visit, ...]
    truth: tuple[str, ...]
    answer: tuple[str, ...]
    plain: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """The questions of everybody who declared a group; `changed`: customers whose answers it has changed.

    `usual`: by figure, what the plainest rule found in the earlier baskets of `people`.
    """

    questions: tuple[Question, ...]
    group: Mapping[str, Mapping[str, str]]
    people: tuple[str, ...]
    usual: Mapping[str, Usual]
    changed: int
    times: Mapping[str, int]  # baskets before the cut, by product
    worth: Mapping[str, float]  # logarithms, by product
    worth_of: str


def survey(
    histories: Sequence[History],
    make: Maker,
    *,
    by: str | None = None,
    prices: Mapping[str, float] | None = None,
) -> Survey:
    """Ask the model that `make` learns for everybody who declared `by` (anything, where None)."""
    visits = {each.customer: each.visits for each in histories}
    known = exam(visits, cut_day(visits)).known
    declared = {each.customer: each.group for each in histories if (by in each.group if by else each.group)}
    asked: list[tuple[str, tuple[Visit, ...], Visit]] = []
    again: list[int] = []
    for who in declared:
        some = [place for place in range(len(known[who]), len(visits[who])) if visits[who][place].items]
        for turn, place in enumerate(some[:MOST_NEXT] if len(known[who]) >= FEWEST_BEFORE else ()):
            if turn < MOST_FLIPPED:
                again.append(len(asked))
            asked.append((who, tuple(visits[who][:place]), visits[who][place]))
    before = [History(each.customer, tuple(known[each.customer]), each.group) for each in histories]
    answers = _answers(make(before), asked)
    others = _answers(make(flipped(before)), [asked[place] for place in again])
    changed = {asked[place][0] for place, other in zip(again, others, strict=True) if answers[place] != other}
    times = Counter(item for some in known.values() for visit in some for item in visit.items)
    popular = [item for item, _ in times.most_common(10 * TOP)]
    questions = tuple(
        Question(who, own, truth.items, answer, plain(own, popular))
        for (who, own, truth), answer in zip(asked, answers, strict=True)
    )
    people = tuple(dict.fromkeys(each.customer for each in questions))
    usual = tried([known[each] for each in people], popular)
    worth, worth_of = {item: log(count) for item, count in times.items()}, "popularity"
    if prices and all(item in prices for answer in answers for item in answer):
        worth, worth_of = {item: log(price) for item, price in prices.items()}, "price"
    return Survey(questions, declared, people, usual, len(changed), times, worth, worth_of)


def _answers(
    answers: Answers, asked: Sequence[tuple[str, tuple[Visit, ...], Visit]]
) -> list[tuple[str, ...]]:
    return [tuple(answers(Ask(own, truth.day, truth.store, (), who), TOP)) for who, own, truth in asked]


def sayable(
    histories: Iterable[History], catalogue: Mapping[str, Product] | None, *, country: str = ""
) -> list[History]:
    """Without what may not be suggested to anybody: whoever buys much of it is not served worse for that."""
    barred = barred_items(catalogue, barred_words(country))
    return [History(each.customer, without(each.visits, barred), each.group) for each in histories]


def learner(catalogue: Mapping[str, Product] | None, *, seed: int, country: str = "") -> Maker:
    """What `welkom advise` itself would answer."""

    def make(histories: Sequence[History]) -> Answers:
        answering = Answering(histories, catalogue, seed=seed, country=country)
        return answering.items

    return make


def flipped(histories: Sequence[History]) -> list[History]:
    """Every second declared customer with the groups of another, every other one with none."""
    declared = [place for place, each in enumerate(histories) if each.group]
    made = list(histories)
    for turn, place in enumerate(declared):
        own = histories[place]
        others = (
            histories[declared[(turn + step) % len(declared)]].group for step in range(1, len(declared))
        )
        other = next((each for each in others if each != own.group), {})
        made[place] = History(own.customer, own.visits, other if turn % 2 else {})
    return made


def report(of: Survey, by: str, *, seed: int = 0, among: int = 1) -> dict[str, Any]:
    """The report over one declared group; `among` so many of the same people, whose intervals hold together.

    `holds`: some group is surely served alike, none is not, and no answer was changed by a group. Of those in
    `not_judged` nothing is known, good or bad: they are too few, or what they get differs too much to see a gap.
    """
    who = list(dict.fromkeys(each.customer for each in of.questions if by in of.group[each.customer]))
    names = sorted({of.group[each][by] for each in who})
    place = {name: number for number, name in enumerate(names)}
    at = np.array([place[of.group[each][by]] for each in who], np.int64)
    sizes = np.bincount(at, minlength=len(names))
    if not any(FEWEST <= each <= len(who) - FEWEST for each in sizes):
        raise WelkomError(
            f"no group of {by} can be judged: {FEWEST} customers of it, and as many others, are needed",
            code="A05",
            hint="name a group that more customers declared (of those with three baskets or more)",
        )
    figures = _figures(of, who, at)
    confidence = 1 - (1 - CONFIDENCE) / among
    found = gaps(_measures(figures), at, seed=seed, confidence=confidence)
    groups = {
        name: _line(figures, at == number, found.get(number))
        for name, number in place.items()
        if sizes[number] >= LEAST
    }
    verdicts = {each["verdict"] for each in groups.values()}
    return {
        "by": by,
        "customers": len(who),
        "baskets": sum(by in of.group[each.customer] for each in of.questions),
        "worth": of.worth_of,
        "limit": LIMIT,
        "confidence": confidence,
        "groups": groups,
        "not_judged": [name for name, each in groups.items() if each["verdict"] in UNKNOWN],
        "left_out": sum(int(each) < LEAST for each in sizes),
        "flipped": {"asked": len({each.customer for each in of.questions}), "changed": of.changed},
        "holds": not of.changed and "fair" in verdicts and "unfair" not in verdicts,
    }


Figures = Mapping[str, NDArray[np.floating[Any]]]


def _figures(of: Survey, who: Sequence[str], group: NDArray[np.int64]) -> Figures:
    """Columns, a figure a customer: the mean over their baskets, so that nobody counts twice."""
    number = {each: place for place, each in enumerate(who)}
    asked = [each for each in of.questions if each.customer in number]
    truths = [each.truth for each in asked]
    owned = [{item for visit in each.known for item in visit.items} for each in asked]
    ours = marked([each.answer for each in asked], truths, owned)
    rule = marked([each.plain for each in asked], truths, owned)
    sizes = np.array([len(set(each)) for each in truths], np.float64)
    middle = float(np.mean(list(of.worth.values())))

    def worth(lists: Iterable[Sequence[str]]) -> NDArray[np.float64]:
        mean = [[of.worth.get(item, middle) for item in each] or [middle] for each in lists]
        return np.array([np.mean(each) for each in mean])

    columns: Figures = {
        "recall": ours.recall,
        "ndcg": ours.ndcg,
        "plain_recall": rule.recall,
        "plain_ndcg": rule.ndcg,
        "ceiling": ceiling(truths, owned),
        "truth": np.log(sizes),
        "known": np.array([np.mean([log(1 + of.times.get(i, 0)) for i in each]) for each in truths]),
        "visits": np.log([len(each.known) for each in asked]),
        "worth": worth(each.answer for each in asked),
        "plain_worth": worth(each.plain for each in asked),
        "own_worth": worth([i for visit in each.known for i in visit.items] for each in asked),
    }
    at = np.array([number[each.customer] for each in asked], np.int64)
    times = np.bincount(at)
    means = {name: np.bincount(at, weights=each) / times for name, each in columns.items()}
    place = {each: row for row, each in enumerate(of.people)}
    rows = np.array([place[each] for each in who], np.int64)
    usual = {f"usual_{name}": each.of(rows).calibrated(group) for name, each in of.usual.items()}
    return means | usual


def _measures(of: Figures) -> dict[str, Measure]:
    """Accuracy and rank as shares of what everybody gets; value as a ratio, for its figures are logarithms."""
    shopping = (of["ceiling"], of["usual_ceiling"], of["truth"], of["known"], of["visits"])
    found, first = (of["plain_recall"], of["usual_recall"]), (of["plain_ndcg"], of["usual_ndcg"])
    return {
        "accuracy": Measure(of["recall"], (*found, *shopping), LIMIT, _mean(of["recall"])),
        "rank": Measure(of["ndcg"], (*first, *shopping), LIMIT, _mean(of["ndcg"])),
        "value": Measure(
            of["worth"], (of["plain_worth"], of["own_worth"], of["visits"]), log(1 + LIMIT), 1.0
        ),
    }


def _mean(values: NDArray[np.floating[Any]]) -> float:
    return max(float(values.mean()), 1e-9)


def _line(of: Figures, some: NDArray[np.bool_], found: Mapping[str, Gap] | None) -> dict[str, Any]:
    line: dict[str, Any] = {"customers": int(some.sum())}
    for name in ("recall", "plain_recall", "ceiling", "ndcg"):
        line[name] = round(float(of[name][some].mean()), 4)
    if found is None:
        return line | {"verdict": "too few"}
    for name, each in found.items():
        line[name] = {"gap": round(each.gap, 3), "low": round(each.low, 3), "high": round(each.high, 3)}
    if any(each.unfair for each in found.values()):
        return line | {"verdict": "unfair"}
    return line | {"verdict": "fair" if all(each.clear for each in found.values()) else "unclear"}


def prices(catalogue: Mapping[str, Product] | None) -> dict[str, float]:
    return {item: each.price for item, each in (catalogue or {}).items() if each.price}


def text(of: Mapping[str, Any]) -> str:
    lines = [
        f"{of['customers']} customers declared {of['by']}, {of['baskets']} baskets of theirs; "
        f"gaps to all others, adjusted for their own shopping: {of['limit']:.0%} is allowed "
        f"({of['confidence']:.0%} intervals, all at once); value is {of['worth']}"
    ]
    for name, each in of["groups"].items():
        line = f"{name:12} {each['customers']:5}  R@10 {each['recall']:.4f}"
        line += f" (plain rule {each['plain_recall']:.4f}, ceiling {each['ceiling']:.2f})"
        for measure in ("accuracy", "rank", "value"):
            if gap := each.get(measure):
                line += f"  {measure} {gap['gap']:+.1%} ({gap['low']:+.1%} to {gap['high']:+.1%})"
        lines.append(f"{line}  {each['verdict']}")
    if of["not_judged"]:
        lines.append(f"not judged, so neither fair nor unfair: {', '.join(of['not_judged'])}")
    if of["left_out"]:
        lines.append(f"{of['left_out']} groups of fewer than {LEAST} customers are left out")
    lines.append(
        f"groups changed or taken away: {of['flipped']['changed']} of {of['flipped']['asked']} answers are others"
    )
    lines.append("holds" if of["holds"] else "DOES NOT HOLD")
    return "\n".join(lines)
