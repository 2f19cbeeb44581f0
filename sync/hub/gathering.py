"""Asks a store at once what many want of it: nobody waits for others to come, only for the last to be through."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Generic, TypeVar

Q = TypeVar("Q")
A = TypeVar("A")


class Gathering(Generic[Q, A]):
    """`ask` is given what came while it was under way the last time, `most` at once, and answers each or fails it.

    Of those with the same `key` only the first that waits is in: the next is asked after it.
    """

    def __init__(
        self,
        ask: Callable[[Sequence[Q]], Awaitable[Sequence[A | Exception]]],
        *,
        most: int,
        key: Callable[[Q], Hashable] = id,
    ) -> None:
        self._ask = ask
        self._most = most
        self._key = key
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
