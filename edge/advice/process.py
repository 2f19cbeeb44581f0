"""The house's end of the advice worker: starts it, asks it, and gives up on it in time."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TypeVar

import msgspec

from edge.advice.talk import (
    Advise,
    Advised,
    Answer,
    Line,
    Refresh,
    Reply,
    Request,
    Train,
    Trained,
)
from edge.kit.child import Child, Start, expected
from edge.kit.errors import WelkomError

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
        self._child = Child("edge.advice.worker", self._hear)
        self._asked: dict[int, asyncio.Future[Answer]] = {}
        self._number = 0
        # Told when it ends by itself, asked or not.
        self._child.died = lambda: self.died()
        self.died: Callable[[], None] = lambda: None

    @property
    def pid(self) -> int | None:
        return self._child.pid

    async def open(self) -> None:
        await self._child.open()
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

    async def _ask(self, request: Request, kind: type[A], timeout_s: float) -> A:
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
        return expected(answer, kind, _gone)

    def check(self) -> None:
        """Raises WorkerGone where there is none, or it has died."""
        if self._child.pid is None:
            raise _gone("is not there")
        if not self._child.alive:
            raise _gone("died")

    def _write(self, line: bytes) -> None:
        if not self._child.write(line):
            raise _gone("is not there")

    async def _hear(self, stream: asyncio.StreamReader) -> None:
        with suppress(ValueError, OSError, msgspec.DecodeError):  # a line too long, or none of ours
            while line := await stream.readline():
                reply = msgspec.json.decode(line, type=Reply)
                future = self._asked.get(reply.number)
                if future is not None and not future.done():
                    future.set_result(reply.answer)
        for future in self._asked.values():
            if not future.done():
                future.set_exception(_gone("died"))

    async def close(self) -> None:
        await self._child.close()
