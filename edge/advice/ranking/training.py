"""The customers' own latest baskets as questions whose answers are known, each with what was known before it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking.crowd import count
from edge.advice.ranking.features import WITHOUT_HAND, Table, table
from edge.advice.ranking.habits import Questions
from edge.advice.ranking.log import Floats, Ints, Log
from edge.advice.ranking.mixing import Kept, Mixed, chosen
from edge.advice.ranking.net import Lists, Pause, at_once, train

SNAPSHOTS: Final = 8
WINDOW_DAYS: Final = 28
MOST_QUESTIONS: Final = 2_000  # a snapshot
AT_ONCE: Final = 400  # questions; their whole table is in memory before it is thinned
PASSED_OVER: Final = 45  # rows that were known and not bought, kept a question
NEW_PASSED_OVER: Final = 25
EPOCHS: Final = 7
LAST_EPOCHS: Final = 2  # more, over all of them, once the mix is chosen
FEWEST_BEFORE: Final = (2, 1)  # baskets; the second where the first leaves too few questions
FEWEST_QUESTIONS: Final = 200
FEWEST_CHOSEN: Final = 30  # questions to choose a rule by, where there are too few for nets


@dataclass(frozen=True, slots=True)
class _Slice:
    """Rows of one snapshot, thinned out."""

    question: NDArray[np.int64]
    values: NDArray[np.float16]
    found: NDArray[np.bool_]
    kept: Floats
    by_hand: NDArray[np.bool_]
    in_hand: NDArray[np.bool_]
    truth: NDArray[np.int64]  # a question
    held: NDArray[np.int64]


def learn(log: Log, kinds: Ints, *, seed: int = 0, pause: Pause = at_once) -> Mixed:
    """Nets of a log's latest baskets, mixed as the very latest ask for; the rule alone where there are too few."""
    slices: list[_Slice] = []
    for fewest in FEWEST_BEFORE:
        if sum(len(each.truth) for each in slices) < FEWEST_QUESTIONS:
            slices = list(_slices(log, kinds, fewest=fewest, seed=seed, pause=pause))
    asked = sum(len(each.truth) for each in slices)
    if asked < FEWEST_CHOSEN:
        return Mixed()
    values, whole = _moved(slices), np.ones(asked, bool)
    if asked < FEWEST_QUESTIONS:
        mixes = [
            chosen(_kept(_lists(slices, values, whole, hand=hand)), (), hand=hand) for hand in (False, True)
        ]
        return Mixed((), (), *mixes)
    latest = np.arange(asked) < len(slices[0].truth)
    if 2 * latest.sum() > asked:  # nobody's history is long enough for a time of its own to choose by
        latest = np.arange(asked) % 3 == 0
    made = []
    for hand in (False, True):
        net = train(_lists(slices, values, ~latest, hand=hand), epochs=EPOCHS, seed=seed, pause=pause)
        mix = chosen(_kept(_lists(slices, values, latest, hand=hand)), (net,), hand=hand)
        every = _lists(slices, values, whole, hand=hand)
        last = train(every, epochs=LAST_EPOCHS, seed=seed + 1, start=net, pause=pause)
        made.append((last, mix))
    (plain, plain_mix), (with_hand, hand_mix) = made
    return Mixed((plain,), (with_hand,), plain_mix, hand_mix)


def _kept(lists: Lists) -> Kept:
    rows = lists.rows
    return Kept(lists.values[rows], lists.starts, lists.found, lists.kept, lists.truth)


def _moved(slices: list[_Slice]) -> NDArray[np.float16]:
    """All rows in one array; each slice gives its own up before the next is taken."""
    values = np.empty((sum(len(each.values) for each in slices), slices[0].values.shape[1]), np.float16)
    end = 0
    for each in slices:
        start, end = end, end + len(each.values)
        values[start:end] = each.values
        each.values.resize((0, 0), refcheck=False)
    return values


def _lists(
    slices: list[_Slice], values: NDArray[np.float16], taken: NDArray[np.bool_], *, hand: bool
) -> Lists:
    """The rows of the questions `taken` as lists: without a basket in hand, or with half of it there."""
    offset = np.cumsum([0, *(len(each.truth) for each in slices)])
    question = np.concatenate([each.question + add for each, add in zip(slices, offset, strict=False)])
    found = np.concatenate([each.found for each in slices])
    kept = np.concatenate([each.kept for each in slices])
    truth = np.concatenate([each.truth for each in slices])
    held = np.concatenate([each.held for each in slices])
    if hand:
        open_ = ~np.concatenate([each.in_hand for each in slices]) & (held > 0)[question]
    else:
        open_ = ~np.concatenate([each.by_hand for each in slices])
    rows = np.flatnonzero(open_ & taken[question])
    bounds = np.append(np.flatnonzero(taken), len(truth))
    starts = np.searchsorted(question[rows], bounds).astype(np.int64)
    left = np.maximum(truth - held, 1) if hand else truth
    width = values.shape[1] if hand else WITHOUT_HAND
    return Lists(starts, rows, values, width, found[rows], kept[rows], left[taken])


def cuts(log: Log) -> list[tuple[int, int]]:
    """Windows [from, until) of days, latest first; each holds about one basket of everybody."""
    if not log.baskets:
        return []
    end = int(np.quantile(log.day, 0.999)) + 1 if log.dated else 0
    if not log.dated:
        return [(-1 - back, -back) for back in range(SNAPSHOTS)]
    first = int(log.day.min(initial=0))
    width = max(1, min(WINDOW_DAYS, (end - first) // (3 * SNAPSHOTS)))
    return [(end - width * (back + 1), end - width * back) for back in range(SNAPSHOTS)]


def first_of(log: Log, start: int, end: int, *, fewest: int) -> NDArray[np.int64]:
    """The first basket in [start, end) of everybody with at least `fewest` baskets before it."""
    before = np.bincount(log.customer[log.day < start], minlength=log.customers)
    inside = np.flatnonzero((log.day >= start) & (log.day < end))
    who, first = np.unique(log.customer[inside], return_index=True)
    return inside[first][before[who] >= fewest]


def questions(log: Log, baskets: NDArray[np.int64], hand: tuple[Ints, ...] = ()) -> Questions:
    """What was known of each basket's customer before it."""
    starts = log.starts()
    begin = starts[log.customer[baskets]]
    count = baskets - begin
    chosen = np.repeat(begin - (np.cumsum(count) - count), count) + np.arange(count.sum())
    sizes = log.sizes[chosen]
    ptr = np.zeros(len(chosen) + 1, np.int64)
    np.cumsum(sizes, out=ptr[1:])
    items = log.items[np.repeat(log.ptr[chosen] - ptr[:-1], sizes) + np.arange(sizes.sum())]
    own = Log(
        np.repeat(np.arange(len(baskets), dtype=np.int32), count),
        log.day[chosen],
        log.store[chosen],
        ptr,
        items,
        len(baskets),
        log.products,
        log.dated,
    )
    return Questions(own, log.customer[baskets], log.day[baskets], log.store[baskets], hand)


def _slices(log: Log, kinds: Ints, *, fewest: int, seed: int, pause: Pause) -> Iterator[_Slice]:
    rng = np.random.default_rng(seed)
    for start, end in cuts(log):
        known = log.where(log.day < start)
        asked = first_of(log, start, end, fewest=fewest)
        if not len(asked):
            continue
        if len(asked) > MOST_QUESTIONS:
            asked = np.sort(rng.choice(asked, MOST_QUESTIONS, replace=False))
        truths = [log.basket(each) for each in asked]
        hand = tuple(halves(each, rng) for each in truths)
        crowd = count(known, kinds, now=start, seed=seed)
        parts = []
        for some in range(0, len(asked), AT_ONCE):
            pause()
            part = slice(some, some + AT_ONCE)
            rows = table(questions(log, asked[part], hand[part]), crowd)
            parts.append(_thinned(rows, truths[part], hand[part], log.products, rng))
        yield _joined(parts)


def _joined(parts: list[_Slice]) -> _Slice:
    offset = np.cumsum([0, *(len(each.truth) for each in parts)])
    return _Slice(
        np.concatenate([each.question + add for each, add in zip(parts, offset, strict=False)]),
        *(
            np.concatenate([getattr(each, name) for each in parts])
            for name in ("values", "found", "kept", "by_hand", "in_hand", "truth", "held")
        ),
    )


def _thinned(
    rows: Table, truths: list[Ints], hand: tuple[Ints, ...], products: int, rng: np.random.Generator
) -> _Slice:
    """All that was bought, and of the rest as much as teaches: of what they know, and of what is new to them."""
    key = rows.question * products + rows.item
    found, in_hand = _among(key, truths, products), _among(key, hand, products)
    owned = rows.values[:, 0] > 0
    chance = np.ones(len(key))
    for kind, most in ((owned, PASSED_OVER), (~owned, NEW_PASSED_OVER)):
        there = np.bincount(rows.question[kind & ~found], minlength=len(truths))
        chance[kind] = np.minimum(1, most / np.maximum(there, 1))[rows.question[kind]]
    chance[found] = 1
    drawn = rng.random(len(key)) < chance
    return _Slice(
        rows.question[drawn],
        rows.values[drawn].astype(np.float16),
        found[drawn],
        chance[drawn].astype(np.float32),
        rows.by_hand[drawn],
        in_hand[drawn],
        np.array([len(each) for each in truths]),
        np.array([len(each) for each in hand]),
    )


def _among(key: NDArray[np.int64], items: Sequence[Ints], products: int) -> NDArray[np.bool_]:
    sizes = np.array([len(each) for each in items])
    asked = np.repeat(np.arange(len(items), dtype=np.int64), sizes) * products
    return np.isin(key, asked + np.concatenate(items))


def halves(truth: Ints, rng: np.random.Generator) -> Ints:
    """Half of a basket, in hand; nothing of a basket of one."""
    return rng.permutation(np.sort(truth))[: len(truth) // 2]
