"""A child process for what must not hold up the house: started, spoken to by lines, killed when it is done with."""

import asyncio
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

import msgspec

from edge.kit.errors import WelkomError

Hear = Callable[[asyncio.StreamReader], Awaitable[None]]
# A line of answers is short; this is only a guard against a child gone mad.
LINE_BYTES: Final = 1 << 20


class Start(msgspec.Struct, frozen=True):
    """The first line. The key goes through the pipe alone: never on disk, in a command line or an environment."""

    journal: str
    replica: str
    recipient: str
    kek: bytes
    country: str = "NL"  # whose law holds, where the child asks one

    def __repr__(self) -> str:
        return "Start(…)"


class Failed(msgspec.Struct, frozen=True, tag=True):
    """A bug: places in the code, never data."""

    error: str
    died: str


A = TypeVar("A")


def expected(answer: object, kind: type[A], gone: Callable[[str], WelkomError]) -> A:
    """The answer where it is of this kind; else raises what `gone` makes of the reason."""
    if isinstance(answer, Failed):
        raise gone(f"failed: {answer.error} at {answer.died}")
    if not isinstance(answer, kind):
        raise gone("answered something else")
    return answer


class Child:
    """`python -m module`. `hear` reads what it says until it ends; then `died` is called, asked for or not."""

    def __init__(self, module: str, hear: Hear) -> None:
        self._module = module
        self._hear = hear
        self._process: Process | None = None
        self._hearing: asyncio.Task[None] | None = None
        self.died: Callable[[], None] = lambda: None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def alive(self) -> bool:
        return self._process is not None and self._hearing is not None and not self._hearing.done()

    async def open(self) -> None:
        # Its own words could quote what it read: what is to be known of a failure it says in its answer.
        self._process = await asyncio.create_subprocess_exec(
            # -P: nothing is imported from the working folder. A session of its own: Ctrl+C is the house's.
            *(sys.executable, "-P", "-m", self._module),
            stdin=PIPE,
            stdout=PIPE,
            stderr=DEVNULL,
            limit=LINE_BYTES,
            start_new_session=True,
        )
        self._hearing = asyncio.create_task(self._listen(self._process))

    def write(self, line: bytes) -> bool:
        """Say a line; False when there is nobody to say it to."""
        if self._process is None or self._process.stdin is None:
            return False
        self._process.stdin.write(line + b"\n")
        return True

    async def _listen(self, process: Process) -> None:
        assert process.stdout
        await self._hear(process.stdout)
        asyncio.get_running_loop().call_soon(self.died)  # by then this task is done, and `alive` says so

    async def close(self) -> None:
        """Kill it, for it has nothing to lose."""
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
