"""A learnt ranking as bytes and back: JSON, numbers as base64 of float16, never anything that runs.

It holds weights over everybody's habits and no one's purchases. A model of another format, or over other columns, is
refused, and so is one with a number that is none: the shop's own ranking, or the rules, stand in.
"""

import base64
import json
from collections.abc import Iterator
from dataclasses import astuple
from hashlib import sha256
from itertools import pairwise
from typing import Any, Final

import numpy as np

from edge.advice.ranking.features import NAMES, WITHOUT_HAND
from edge.advice.ranking.log import Floats
from edge.advice.ranking.mixing import MIXES, RULES, Mix, Mixed, Rule
from edge.advice.ranking.net import HIDDEN, Net

MODEL: Final = "ranking"  # the name under which it travels
FORMAT: Final = 3
STALE_DAYS: Final = 180  # what people buy has moved on by then: nobody has learnt anew for half a year
MOST_BYTES: Final = 200_000
MOST_NETS: Final = 8


class NoModel(ValueError):
    """Bytes that are no model of this version."""


def columns() -> str:
    """Names the columns that a model weighs: another set, order or depth is another model."""
    said = json.dumps([FORMAT, NAMES, HIDDEN])
    return sha256(said.encode()).hexdigest()[:16]


def pack(mixed: Mixed, *, day: int) -> bytes:
    """`day`: on which it was learnt, in days since 1970-01-01."""
    held = {
        "format": FORMAT,
        "day": day,
        "columns": columns(),
        "mixes": [[each.share, *astuple(each.rule)] for each in (mixed.plain_mix, mixed.hand_mix)],
        "plain": [_packed(each) for each in mixed.plain],
        "hand": [_packed(each) for each in mixed.hand],
    }
    return json.dumps(held, separators=(",", ":"), sort_keys=True).encode()


def unpack(packed: bytes, *, day: int) -> Mixed:
    """Raises NoModel, also for what is stale on that day; a model of tomorrow is of a clock that runs ahead."""
    if len(packed) > MOST_BYTES:
        raise NoModel("too long")
    try:
        held = json.loads(packed)
        if held["format"] != FORMAT or held["columns"] != columns():
            raise NoModel("of another version")
        if day - int(held["day"]) > STALE_DAYS:
            raise NoModel("older than half a year")
        plain, hand = (
            tuple(_net(each, width) for each in held[name][:MOST_NETS])
            for name, width in (("plain", WITHOUT_HAND), ("hand", len(NAMES)))
        )
        mixes = [_mix(*each) for each in held["mixes"]]
    except NoModel:
        raise
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise NoModel("damaged") from error
    if len(mixes) != 2 or not plain or not hand:
        raise NoModel("damaged")
    return Mixed(plain, hand, *mixes)


def _mix(share: Any, *rule: Any) -> Mix:
    found = Mix(float(share), Rule(*rule))
    if found.rule not in RULES or not 0 <= found.share <= MIXES[-1]:
        raise NoModel("damaged")
    return found


def _packed(net: Net) -> str:
    parts = (net.mean, net.scale, *net.weights, *net.biases)
    whole = np.concatenate([each.ravel() for each in parts]).astype("<f2")
    return base64.b64encode(whole.tobytes()).decode()


def _net(packed: Any, width: int) -> Net:
    values = np.frombuffer(base64.b64decode(packed, validate=True), "<f2").astype(np.float32)
    shapes = [(width,), (width,), *pairwise((width, *HIDDEN, 1)), *((each,) for each in (*HIDDEN, 1))]
    if len(values) != sum(int(np.prod(shape)) for shape in shapes) or not np.isfinite(values).all():
        raise NoModel("damaged")
    mean, scale, *rest = _cut(values, shapes)
    layers = len(HIDDEN) + 1
    if not (scale > 0).all():
        raise NoModel("damaged")
    return Net(mean, scale, tuple(rest[:layers]), tuple(rest[layers:]))


def _cut(values: Floats, shapes: list[tuple[int, ...]]) -> Iterator[Floats]:
    start = 0
    for shape in shapes:
        size = int(np.prod(shape))
        yield values[start : start + size].reshape(shape)
        start += size
