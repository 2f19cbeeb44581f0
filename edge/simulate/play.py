"""Plays seeds, one a process and a core at a time, and says which of them failed."""

import asyncio
import gc
import os
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial
from multiprocessing import get_context
from typing import Final, TypeVar

from edge.simulate import signatures
from edge.simulate.disk import memory
from edge.simulate.loop import VirtualLoop
from edge.simulate.planted import PLANTED, planted
from edge.simulate.story import Story
from edge.simulate.world import Report

T = TypeVar("T")
R = TypeVar("R")
SHOPS: Final = 3
_LARGE_PAGES: Final = {"PYTHONMALLOC": "malloc", "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
_MANY: Final = 8  # stories from which on it pays to start a process a core


def play(seed: int, *, shops: int = SHOPS, bug: str = "") -> Report:
    """One seed, in memory, as often as wanted with the same steps; with `bug` the product has that one planted."""
    wrong = planted(bug) if bug else nullcontext()
    with (
        memory() as folder,
        wrong,
        _dice_for_everybody(seed),
        signatures.cheap(),
        asyncio.Runner(loop_factory=VirtualLoop) as runner,
    ):

        async def live() -> Report:
            return await Story(seed, folder, shops).live()

        return runner.run(live())


@contextmanager
def _dice_for_everybody(seed: int) -> Iterator[None]:
    """Keys, ids and nonces of the product come from the dice too: what is drawn decides in which order rows stand."""
    real = os.urandom
    # `random` has a name of its own for it, which `secrets` draws from.
    os.urandom = random._urandom = random.Random(~seed).randbytes  # type: ignore[attr-defined]
    try:
        yield
    finally:
        os.urandom = random._urandom = real  # type: ignore[attr-defined]


def play_all(seeds: Sequence[int], *, shops: int = SHOPS, workers: int = 0) -> Iterator[Report]:
    """Reports in the order of the seeds, over all cores."""
    with _pool(workers, len(seeds)) as run:
        yield from run(partial(play, shops=shops), seeds)


def hunt_all(
    seeds: Sequence[int], *, shops: int = SHOPS, workers: int = 0
) -> Iterator[tuple[str, int | None]]:
    """How many seeds each planted bug lives, None for one that outlives `seeds`."""
    with _pool(workers, len(PLANTED) * len(seeds)) as run:
        yield from zip(PLANTED, run(partial(hunt, seeds=seeds, shops=shops), list(PLANTED)), strict=True)


def hunt(bug: str, *, seeds: Sequence[int], shops: int = SHOPS) -> int | None:
    """How many seeds until this planted bug is found, None when it is not; by a story that ends well without it."""
    for count, seed in enumerate(seeds, 1):
        if _is_found(play(seed, shops=shops, bug=bug)) and not play(seed, shops=shops).broken:
            return count
    return None


def _is_found(report: Report) -> bool:
    """A planted function that raises is itself at fault: it no longer fits the one whose place it takes."""
    return any("ended by itself" not in each.what and "INTERNAL" not in each.what for each in report.broken)


@contextmanager
def _pool(workers: int, stories: int) -> Iterator[Callable[[Callable[[T], R], Sequence[T]], Iterable[R]]]:
    workers = workers or os.cpu_count() or 1
    if workers == 1 or stories < _MANY:
        yield map
        return
    # A fork of a process with threads may hold their locks for ever.
    with _large_pages(), ProcessPoolExecutor(workers, get_context("spawn"), _seldom) as pool:
        yield pool.map


@contextmanager
def _large_pages() -> Iterator[None]:
    """Processes that are started meanwhile take their memory from the C library, which asks Linux for pages of 2 MB.

    A story walks through all of an interpreter's memory, a step here and a step there. On a virtual machine, where
    a page that the processor has forgotten is looked up twice over, that was a fifth to a half of its time.
    """
    before = {name: os.environ.get(name) for name in _LARGE_PAGES}
    os.environ.update(_LARGE_PAGES)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _seldom() -> None:
    """A seed leaves little behind: looking for it costs a tenth of the time."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
