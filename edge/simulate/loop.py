"""An event loop in which nothing is waited for: time jumps to what is due next, so that one seed is one order.

It is asyncio's own loop with its queue and its timers kept here, for no file is watched and no clock read. The real
coroutines of the agent and the hub run on it unchanged; no thread, no socket and no clock of the machine is within
their reach.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context, copy_context
from heapq import heappop, heappush
from itertools import count
from typing import Any


class Stuck(Exception):
    """Everybody waits and nothing is due: a future that nobody will ever fulfil."""


class _Call:
    """Something to be done, once; asyncio asks no more of a handle than that it can be cancelled."""

    __slots__ = ("args", "callback", "context")

    def __init__(
        self, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> None:
        self.callback: Callable[..., object] | None = callback
        self.args = args
        self.context = context or copy_context()

    def cancel(self) -> None:
        self.callback, self.args = None, ()

    def cancelled(self) -> bool:
        return self.callback is None


class _Numbered(asyncio.Task[Any]):
    """A task whose place in a set does not hang on its address: groups of tasks are sets."""

    def __init__(self, work: Any, *, number: int, **words: Any) -> None:
        self._number = number
        super().__init__(work, **words)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.BaseEventLoop):
    """Starts at second 0. What is due at one instant is done in the order in which it was asked for."""

    # asyncio notes each generator that is begun, to close at the end what is left: a story leaves nothing open.
    _asyncgen_firstiter_hook = None
    _stopping: bool

    def __init__(self) -> None:
        super().__init__()
        self._now_s = 0.0
        self._calls: deque[_Call] = deque()
        self._due: list[tuple[float, int, _Call]] = []
        self._made = count()
        self._asked = count()
        self.set_task_factory(self._task)

    def _task(self, loop: asyncio.AbstractEventLoop, work: Any, **words: Any) -> "asyncio.Task[Any]":
        return _Numbered(work, loop=loop, number=next(self._made), **words)

    get_debug = staticmethod(bool)  # every future asks

    def time(self) -> float:
        return self._now_s

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:  # type: ignore[override]
        call = _Call(callback, args, context)
        self._calls.append(call)
        return call

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Any, *args: Any, context: Context | None = None
    ) -> Any:
        call = _Call(callback, args, context)
        heappush(self._due, (self._now_s + delay, next(self._asked), call))
        return call

    def call_at(  # type: ignore[override]
        self, when: float, callback: Any, *args: Any, context: Context | None = None
    ) -> Any:
        call = _Call(callback, args, context)
        heappush(self._due, (when, next(self._asked), call))
        return call

    def run_in_executor(self, executor: Any, func: Callable[..., Any], *args: Any) -> Any:  # type: ignore[override]
        """What is given to a thread is done at once: there is none."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:
            future.set_exception(error)
        return future

    def _run_once(self) -> None:
        """All that is ready, else all that is due next, until `stop`. What a call raises ends the story."""
        calls, jump = self._calls, self._jump
        while not self._stopping:
            if not calls:
                jump()
            for _ in range(len(calls)):
                call = calls.popleft()
                if call.callback is not None:
                    call.context.run(call.callback, *call.args)

    def _jump(self) -> None:
        due = self._due
        while due and due[0][2].callback is None:
            heappop(due)
        if not due:
            raise Stuck
        self._now_s = max(self._now_s, due[0][0])
        while due and due[0][0] <= self._now_s:
            self._calls.append(heappop(due)[2])
