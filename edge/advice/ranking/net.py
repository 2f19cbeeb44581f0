"""A small network that ranks: two hidden layers over the columns, trained on whole lists (softmax), in plain numpy.

Listwise after ListNet (Cao et al., ICML 2007): what was bought shares the probability of one question, and each
question counts by how much of its truth was there to be found. Chosen over boosted trees on validation: as good,
a tenth of the time, and a query is three small products of matrices.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from edge.advice.ranking.log import Bools, Floats

HIDDEN: Final = (64, 32)
LEAK: Final = np.float32(0.01)
EDGE: Final = 5.0  # standardised columns are cut off here
LISTS: Final = (16, 64)  # questions a step, fewest and most
STEPS: Final = 40  # of an epoch, at least, while a step has more than the fewest
RATE: Final = 4e-3
SHRINK: Final = 1e-4
WARM: Final = 50
LATER: Final = 0.25
# Called between two steps of learning, which goes on when it returns.
Pause = Callable[[], None]


def at_once() -> None:
    """Nobody is waited for."""


@dataclass(frozen=True, slots=True)
class Net:
    mean: Floats
    scale: Floats
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]

    def score(self, values: Floats) -> Floats:
        return _forward(self, self.standard(values))[0]

    def standard(self, values: NDArray[np.floating]) -> Floats:
        cut: Floats = np.clip((values.astype(np.float32) - self.mean) / self.scale, -EDGE, EDGE)
        return cut


@dataclass(frozen=True, slots=True)
class Lists:
    """Training rows in order of list; `found` marks what was bought, `kept` the chance with which a row was drawn."""

    starts: NDArray[np.int64]
    rows: NDArray[np.int64]  # in `values`, of which the first `width` columns count
    values: NDArray[np.float16]
    width: int
    found: Bools
    kept: Floats
    truth: NDArray[np.int64]  # bought altogether, a list

    def take(self, at: NDArray[np.integer]) -> NDArray[np.float16]:
        return self.values[self.rows[at], : self.width]

    def __len__(self) -> int:
        return len(self.truth)


def train(lists: Lists, *, epochs: int, seed: int, start: Net | None = None, pause: Pause = at_once) -> Net:
    """A net of these lists; from `start`, which is changed, at a rate that disturbs little of it."""
    rng = np.random.default_rng(seed)
    net, top = (_fresh(lists, rng), RATE) if start is None else (start, RATE * LATER)
    held = [*net.weights, *net.biases]
    first, second = ([np.zeros_like(each) for each in held] for _ in range(2))
    starts, sizes = lists.starts, np.diff(lists.starts)
    so_far = np.concatenate([[0], np.cumsum(lists.found)])
    hits = so_far[starts[1:]] - so_far[starts[:-1]]  # a list may be empty, the last one too
    useful = np.flatnonzero((hits > 0) & (hits < sizes))
    lot = max(LISTS[0], min(LISTS[1], len(useful) // STEPS))
    step, steps = 0, epochs * -(-len(useful) // lot)
    correction = -np.log(lists.kept)
    for _ in range(epochs):
        order = rng.permutation(useful)
        for begin in range(0, len(order), lot):
            pause()
            chosen = order[begin : begin + lot]
            count = sizes[chosen]
            offset = np.cumsum(count) - count
            row = np.repeat(starts[chosen] - offset, count) + np.arange(count.sum())
            of = np.repeat(np.arange(len(chosen)), count)
            score, layers = _forward(net, net.standard(lists.take(row)))
            score = score + correction[row]
            power = np.exp(score - np.maximum.reduceat(score, offset)[of])
            chance = power / np.add.reduceat(power, offset)[of]
            weight = hits[chosen] / np.sqrt(lists.truth[chosen])
            wanted = lists.found[row] / hits[chosen][of]
            slope = ((chance - wanted) * (weight / weight.sum())[of]).astype(np.float32)
            step += 1
            rate = top * 0.5 * (1 + np.cos(np.pi * step / steps)) * min(1.0, step / WARM)
            for place, slopes in enumerate(_backward(net, layers, slope[:, None])):
                if held[place].ndim == 2:
                    slopes = slopes + SHRINK * held[place]
                first[place] += 0.1 * (slopes - first[place])
                second[place] += 0.001 * (slopes * slopes - second[place])
                move = first[place] / (1 - 0.9**step) / (np.sqrt(second[place] / (1 - 0.999**step)) + 1e-8)
                held[place] -= np.float32(rate) * move
    return net


def _fresh(lists: Lists, rng: np.random.Generator) -> Net:
    every = np.arange(0, len(lists.rows), max(1, len(lists.rows) // 100_000))
    some, width = lists.take(every).astype(np.float32), lists.width
    mean = some.mean(axis=0) if len(some) else np.zeros(width, np.float32)
    scale = (some.std(axis=0) if len(some) else np.ones(width, np.float32)) + np.float32(1e-3)
    sizes = (width, *HIDDEN, 1)
    weights = [
        rng.normal(0, np.sqrt(2 / rows), (rows, columns)).astype(np.float32)
        for rows, columns in pairwise(sizes)
    ]
    weights[-1] *= np.float32(0.1)
    return Net(mean, scale, tuple(weights), tuple(np.zeros(each, np.float32) for each in sizes[1:]))


def _forward(net: Net, values: Floats) -> tuple[Floats, list[Floats]]:
    layers = [values]
    for weight, bias in zip(net.weights[:-1], net.biases[:-1], strict=True):
        values = values @ weight + bias
        np.maximum(values, LEAK * values, out=values)
        layers.append(values)
    return (values @ net.weights[-1] + net.biases[-1]).ravel(), layers


def _backward(net: Net, layers: list[Floats], slope: Floats) -> list[Floats]:
    """Slopes of the weights, then of the biases."""
    weights: list[Floats] = []
    biases: list[Floats] = []
    for place in range(len(net.weights) - 1, -1, -1):
        weights.append(layers[place].T @ slope)
        biases.append(slope.sum(axis=0))
        if place:
            slope = (slope @ net.weights[place].T) * np.where(layers[place] > 0, np.float32(1), LEAK)
    return weights[::-1] + biases[::-1]
