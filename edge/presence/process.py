"""The house's end of the window worker: asks for devices and slices, one thing at a time, and gives up in time."""

import asyncio
import mmap
from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from edge.kit.child import Child, Failed, Start, expected
from edge.kit.errors import WelkomError
from edge.presence.devices import ID, Ids
from edge.presence.talk import Answer, Load, Loaded, Made, Make, Request
from edge.presence.windows import Slice, Table

# What is copied at once while a slice arrives: a fraction of a millisecond, then taps have their turn.
CHUNK: Final = 1 << 16
# A million devices take some 5 s a slice and a minute to read, on a machine that is busy with something else.
TIMEOUT_S: Final = 300.0
A = TypeVar("A", Loaded, Made)


class WindowsGone(WelkomError):
    """The worker died, does not answer, or has a bug: what it made keeps its worth for its time."""

    retry = True


def _gone(why: str) -> WindowsGone:
    return WindowsGone(
        f"the window worker {why}", code="P02", hint="it is started again; report it if it returns"
    )


class Worker:
    """One child process. `open` before asking; `close` kills it."""

    def __init__(self, start: Start) -> None:
        self._start = start
        self._child = Child("edge.presence.worker", self._hear)
        self._asked: asyncio.Future[tuple[Answer, memoryview]] | None = None
        self.cpu_ms = 0  # of the slices that were made

    @property
    def pid(self) -> int | None:
        return self._child.pid

    async def open(self) -> None:
        await self._child.open()
        self._child.write(msgspec.json.encode(self._start))

    async def close(self) -> None:
        await self._child.close()

    async def load(self, now_ms: int) -> tuple[Table, Ids]:
        """Read the devices anew: an empty table for them, and their names by index."""
        loaded, held = await self._ask(Load(now_ms), Loaded)
        ids = ID * loaded.devices
        exponents, reaches = held[ids : ids + loaded.devices], held[ids + loaded.devices :]
        return Table(bytes(exponents), bytes(reaches), loaded.span_s), Ids(held[:ids])

    async def make(self, number: int, shifts: dict[int, int], *, span_s: int) -> Slice:
        made, held = await self._ask(Make(number, shifts), Made)
        self.cpu_ms += made.cpu_ms
        return Slice(made.shape, held, shifts, span_s=span_s)

    async def _ask(self, request: Request, kind: type[A]) -> tuple[A, memoryview]:
        self._asked = asyncio.get_running_loop().create_future()
        try:
            if not self._child.alive or not self._child.write(msgspec.json.encode(request)):
                raise _gone("is not there")
            async with asyncio.timeout(TIMEOUT_S):
                answer, held = await self._asked
        except TimeoutError:
            raise _gone("does not answer") from None
        finally:
            self._asked = None
        return expected(answer, kind, _gone), held

    async def _hear(self, stream: asyncio.StreamReader) -> None:
        with suppress(
            ValueError, OSError, msgspec.DecodeError, EOFError
        ):  # none of our lines, or it ended in one
            while line := await stream.readline():
                answer = msgspec.json.decode(line, type=Answer)
                size = 0 if isinstance(answer, Failed) else answer.size
                # Its pages come as they are written: a bytearray of 20 MB would cost the loop 13 ms at once.
                held = memoryview(mmap.mmap(-1, max(size, 1)))[:size]
                at = 0
                while at < size:
                    piece = await stream.read(min(CHUNK, size - at))
                    if not piece:
                        raise EOFError
                    held[at : at + len(piece)] = piece
                    at += len(piece)
                    await asyncio.sleep(0)  # what is there is read without waiting, so taps would wait
                if self._asked is not None and not self._asked.done():
                    self._asked.set_result((answer, held.toreadonly()))
        if self._asked is not None and not self._asked.done():
            self._asked.set_exception(_gone("died"))
