"""The house's end of the advice worker: starts it, asks it, and gives up on it in time."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from edge.advice.talk import (
    Advise,
    Advised,
    Answer,
    Failed,
    Line,
    Refresh,
    Reply,
    Request,
    Start,
    Train,
    Trained,
)
from edge.kit.errors import WelkomError

# A line of answers is short; this is only a guard against a worker gone mad.
LINE_BYTES: Final = 1 << 20
A = TypeVar("A", Advised, Trained)


class WorkerGone(WelkomError):
    """The worker died, does not answer, or has a bug: no advice now."""

    retry = True


def _gone(why: str) -> WorkerGone:
    return WorkerGone(f"the advice worker {why}", code="A01", hint="it is started again; taps do not need it")


class Worker:
    """One child process. `open` before asking; `close` kills it, for it has nothing to lose."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._process: Process | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._number = 0
        self.died: Callable[[], None] = lambda: None  # told when it ends by itself, asked or not

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    async def open(self) -> None:
        # Its own words could quote what it read: what is to be known of a failure it says in its answer.
        self._process = await asyncio.create_subprocess_exec(
            # -P: nothing is imported from the working folder. A session of its own: Ctrl+C is the house's.
            *(sys.executable, "-P", "-m", "edge.advice.worker"),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=LINE_BYTES,
            start_new_session=True,
        )
        self._hearing = asyncio.create_task(self._hear(self._process))
        self._write(msgspec.json.encode(self._start))

    async def train(self, now_ms: int, *, timeout_s: float) -> Trained:
        return await self._ask(Train(now_ms), Trained, timeout_s)

    async def refresh(self, customers: list[bytes], now_ms: int, *, timeout_s: float) -> Trained:
        return await self._ask(Refresh(customers, now_ms), Trained, timeout_s)

    async def advise(
        self,
        customer: bytes,
        in_hand: list[str],
        now_ms: int,
        *,
        timeout_s: float,
        refused: Sequence[str] = (),
    ) -> Advised:
        return await self._ask(Advise(customer, in_hand, now_ms, list(refused)), Advised, timeout_s)

    async def _ask(self, request: Request, expected: type[A], timeout_s: float) -> A:
        """The answer; raises WorkerGone when there is none in time."""
        self.check()
        self._number += 1
        number, future = self._number, asyncio.get_running_loop().create_future()
        self._asked[number] = future
        try:
            self._write(msgspec.json.encode(Line(number, request)))
            async with asyncio.timeout(timeout_s):
                answer = await future
        except TimeoutError:
            raise _gone("does not answer") from None
        finally:
            self._asked.pop(number, None)
        if isinstance(answer, Failed):
            raise _gone(f"failed: {answer.error} at {answer.died}")
        if not isinstance(answer, expected):
            raise _gone("answered something else")
        return answer

    def check(self) -> None:
        """Raises WorkerGone where there is none, or it has died."""
        if self._process is None or self._hearing is None:
            raise _gone("is not there")
        if self._hearing.done():
            raise _gone("died")

    def _write(self, line: bytes) -> None:
        if self._process is None or self._process.stdin is None:
            raise _gone("is not there")
        self._process.stdin.write(line + b"\n")

    async def _hear(self, process: Process) -> None:
        assert process.stdout
        with suppress(ValueError, OSError, msgspec.DecodeError):  # a line too long, or none of ours
            while line := await process.stdout.readline():
                reply = msgspec.json.decode(line, type=Reply)
                future = self._asked.get(reply.number)
                if future is not None and not future.done():
                    future.set_result(reply.answer)
        for future in self._asked.values():
            if not future.done():
                future.set_exception(_gone("died"))
        asyncio.get_running_loop().call_soon(self.died)  # by then this task is done, and `check` knows

    async def close(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
        if self._hearing is not None:
            await self._hearing
