"""A process that can lose its memory between any two steps: its tasks and connections, and nothing outlives them."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from sqlite3 import Connection
from typing import Any, TypeVar

T = TypeVar("T")
Pause = Callable[[], float]  # seconds until the next step


class Process:
    """One run of an appliance or a hub. `end` is the plug that is pulled: no `close` and no COMMIT comes after it."""

    def __init__(self, name: str, *, pause: Pause, on_death: Callable[[BaseException], None]) -> None:
        """`on_death` hears what ended a task that nobody ended."""
        self.name = name
        self.alive = True
        self.pause = pause
        self.doom: Callable[[], None] | None = None
        self._steps_left = 0
        self._on_death = on_death
        self._tasks: dict[asyncio.Task[Any], None] = {}  # ordered, as a set is not
        self._owned: list[Callable[[], None]] = []

    def start(self, work: Coroutine[Any, Any, T]) -> "asyncio.Task[T]":
        task = asyncio.get_running_loop().create_task(work)
        self._tasks[task] = None
        task.add_done_callback(self._done)
        return task

    def owns(self, close: Callable[[], None]) -> None:
        """`close` what goes with the process."""
        self._owned.append(close)

    def doom_after(self, steps: int, then: Callable[[], None]) -> None:
        """Call `then` in place of the step after the next `steps`."""
        self._steps_left, self.doom = steps, then

    def may_step(self) -> bool:
        """Ask before every step that others may see; False when the process is no more."""
        if self.alive and self.doom is not None:
            if self._steps_left == 0:
                doom, self.doom = self.doom, None
                doom()
            self._steps_left -= 1
        return self.alive

    def end(self) -> None:
        self.alive = False
        for task in list(self._tasks):
            task.cancel()
        while self._owned:
            self._owned.pop()()

    def _done(self, task: "asyncio.Task[Any]") -> None:
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None and self.alive:
            self._on_death(error)


class Steps:
    """`edge.kit.sqlite_writer.Writer` without a thread: each function is one step, and hearing of its end is another.

    So a crash falls before a transaction, or between its COMMIT and whoever waits for it. Inside it SQLite's own
    journal decides, which is for the power cuts to prove.
    """

    def __init__(self, conn: Connection, process: Process) -> None:
        self.asked = 0
        self.ended = 0
        self.conn = conn
        self._process = process
        self._queue: deque[tuple[asyncio.Future[Any], Callable[[Connection], Any]]] = deque()

    @property
    def idle(self) -> bool:
        return self.asked == self.ended

    def start(self, function: Callable[[Connection], T]) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        self.asked += 1
        self._queue.append((future, function))
        if len(self._queue) == 1:
            loop.call_later(self._process.pause(), self._turn)
        return future

    async def run(self, function: Callable[[Connection], T]) -> T:
        return await self.start(function)

    async def close(self) -> None:
        self.conn.close()

    def _turn(self) -> None:
        if not self._process.may_step():
            return
        future, function = self._queue[0]
        try:
            result, error = function(self.conn), None
        except Exception as met:
            result, error = None, met
        self.ended += 1
        asyncio.get_running_loop().call_later(self._process.pause(), self._tell, future, result, error)

    def _tell(self, future: "asyncio.Future[Any]", result: object, error: Exception | None) -> None:
        if not self._process.may_step():
            return
        self._queue.popleft()
        if not future.done():
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
        if self._queue:
            asyncio.get_running_loop().call_later(self._process.pause(), self._turn)
