"""An event loop in which nothing is waited for: time jumps to what is due next, so that one seed is one order.

It is asyncio's own loop over a selector that watches no file. The real coroutines of the agent and the hub run on it
unchanged; no thread, no socket and no clock of the machine is within their reach.
"""

import asyncio
import selectors
from collections.abc import Mapping
from itertools import count
from typing import Any


class Stuck(Exception):
    """Everybody waits and nothing is due: a future that nobody will ever fulfil."""


class _Nothing(selectors.BaseSelector):
    """Watches no file; what would be waiting is time that passes."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._keys: dict[object, selectors.SelectorKey] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise Stuck
        self.now_s += max(0.0, timeout)
        return []

    def register(self, fileobj: object, events: int, data: object = None) -> selectors.SelectorKey:
        key = selectors.SelectorKey(fileobj, 0, events, data)  # type: ignore[arg-type]
        self._keys[fileobj] = key
        return key

    def unregister(self, fileobj: object) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_map(self) -> Mapping[object, selectors.SelectorKey]:  # type: ignore[override]
        return self._keys


class _Numbered(asyncio.Task[Any]):
    """A task whose place in a set does not hang on its address: groups of tasks are sets."""

    def __init__(self, work: Any, *, number: int, **words: Any) -> None:
        self._number = number
        super().__init__(work, **words)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.SelectorEventLoop):
    """Starts at second 0."""

    def __init__(self) -> None:
        self._nothing = _Nothing()
        super().__init__(self._nothing)

        self._made = count()
        self.set_task_factory(self._task)

    def _task(self, loop: asyncio.AbstractEventLoop, work: Any, **words: Any) -> "asyncio.Task[Any]":
        return _Numbered(work, loop=loop, number=next(self._made), **words)

    def time(self) -> float:
        return self._nothing.now_s
