"""Asks a store at once what many want of it: nobody waits for others to come, only for the last to be through."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Gathering(Generic[Q, A]):
    """`ask` is given what came while it was under way the last time, `most` at once, and answers each or fails it.

    Of those with the same `key` only the first that waits is in: the next is asked after it. After several that were
    asked at once it rests for `rest_s`, so that who has just been answered is in the next too; not where half of what
    goes at once waits already.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]],
        *,
        most: int,
        key: Callable[[Q], Hashable] = id,
        rest_s: float = 0.0,
    ) -> None:
        self._ask = ask
        self._most = most
        self._key = key
        self._rest_s = rest_s
        self._waiting: list[tuple[Q, asyncio.Future[A]]] = []
        self._asking: asyncio.Task[None] | None = None

    async def __call__(self, question: Q) -> A:
        answer: asyncio.Future[A] = asyncio.get_running_loop().create_future()
        self._waiting.append((question, answer))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._work())
        return await answer

    async def _work(self) -> None:
        while self._waiting:
            some = self._next()
            try:
                answers = await self._ask([question for question, _ in some])
            except Exception as error:
                answers = [error] * len(some)
            for (_, answer), said in zip(some, answers, strict=True):
                if answer.done():  # whoever asked is gone
                    continue
                if isinstance(said, Exception):
                    answer.set_exception(said)
                else:
                    answer.set_result(said)
            if self._rest_s and len(some) > 1 and len(self._waiting) < self._most // 2:
                await asyncio.sleep(self._rest_s)

    def _next(self) -> list[tuple[Q, "asyncio.Future[A]"]]:
        first: dict[Hashable, tuple[Q, asyncio.Future[A]]] = {}
        rest = []
        for each in self._waiting:
            if len(first) < self._most and (key := self._key(each[0])) not in first:
                first[key] = each
            else:
                rest.append(each)
        self._waiting = rest
        return list(first.values())
