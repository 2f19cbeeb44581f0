"""A learnt ranking travels as plain numbers: the same scores after it, and nothing else is taken for one."""

import json
from itertools import pairwise

import numpy as np
import pytest

from edge.advice.ranking.features import NAMES, WITHOUT_HAND, Table
from edge.advice.ranking.mixing import RULES, Mix, Mixed
from edge.advice.ranking.net import HIDDEN, Net
from edge.advice.ranking.numbering import Visit, numbered
from edge.advice.ranking.packing import MOST_BYTES, NoModel, pack, unpack
from edge.advice.ranking.ranker import trained_on
from sync.rows import Model

DICE = np.random.default_rng(5)


def net(width: int) -> Net:
    sizes = (width, *HIDDEN, 1)
    weights = tuple(DICE.normal(0, 0.3, shape).astype(np.float32) for shape in pairwise(sizes))
    biases = tuple(DICE.normal(0, 0.3, size).astype(np.float32) for size in sizes[1:])
    return Net(np.zeros(width, np.float32), np.ones(width, np.float32), weights, biases)


MIXED = Mixed((net(WITHOUT_HAND),), (net(len(NAMES)),), Mix(0.3), Mix(1.0, RULES[7]))
PACKED = pack(MIXED, day=20_000)


def test_scores_are_the_same_after_the_journey_and_a_model_fits_a_row_of_the_feed() -> None:
    values = np.abs(DICE.normal(0, 1, (50, len(NAMES)))).astype(np.float32)
    rows = Table(np.zeros(50, np.int64), np.arange(50), values, np.zeros(50, bool))
    came = unpack(PACKED, day=20_000)
    assert (came.plain_mix, came.hand_mix) == (Mix(0.3), Mix(1.0, RULES[7]))
    for hand in (False, True):
        assert came.score(rows, hand=hand) == pytest.approx(MIXED.score(rows, hand=hand), abs=0.05)
    assert pack(came, day=20_000) == PACKED
    assert len(PACKED) < 36_000
    assert Model.__struct_fields__ == ("packed", "sha256")


def changed(**other: object) -> bytes:
    return json.dumps(json.loads(PACKED) | other).encode()


@pytest.mark.parametrize(
    "packed",
    [
        b"",
        b"[]",
        PACKED[:-9],
        b" " * (MOST_BYTES + 1),
        changed(format=1),
        changed(columns="others"),
        changed(plain=[]),
        changed(hand=["AAAA"]),
        changed(hand=[17]),
        changed(mixes=[[1, "times", 0.3, 1.0]]),
        changed(mixes=[["nan", "times", 0.3, 1.0], [1, "times", 0.3, 1.0]]),
        changed(mixes=[[1, "beside_hand", 0.3, 1.0], [1, "times", 0.3, 1.0]]),
        changed(plain=[json.loads(PACKED)["hand"][0]]),
    ],
)
def test_what_is_no_model_of_this_version_is_refused(packed: bytes) -> None:
    with pytest.raises(NoModel):
        unpack(packed, day=20_000)


def test_a_model_with_a_number_that_is_none_is_refused() -> None:
    broken = net(WITHOUT_HAND)
    broken.biases[0][0] = np.nan
    with pytest.raises(NoModel):
        unpack(pack(Mixed((broken,), MIXED.hand), day=20_000), day=20_000)


def test_a_shop_with_too_short_a_history_ranks_with_the_model_it_was_given() -> None:
    known = numbered({"a": [Visit(None, None, ("x", "y"))], "b": [Visit(None, None, ("x",))]}.items())
    assert trained_on(known).mixed.plain == ()
    assert trained_on(known, given=MIXED).mixed is MIXED
