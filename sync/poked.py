"""The stream on which the hub pokes a shop: there is something new in this partition."""

import asyncio
from collections.abc import AsyncGenerator, Iterable
from contextlib import aclosing, suppress
from typing import Final

import httpx

from sync import wire
from sync.asking import Asking, Sleep
from sync.box import Box
from sync.pokes import BEAT_S, URGENT_PATH, Poke, Reading

IDLE_PULL_S: Final = 60.0  # looks at the feed even if a poke was missed
STREAM_AGAIN_S: Final = 1.0
NO_STREAM_S: Final = 60.0  # an older hub, or a proxy that cuts streams: polling does as well
_SILENT: Final = httpx.Timeout(10.0, read=2 * BEAT_S + 5.0)  # two beats missed


class Poked:
    """`streaming` while it stands; whoever waits for a part is woken when it is poked, and when the stream ends."""

    def __init__(self, box: Box, asking: Asking, parts: Iterable[str], *, sleep: Sleep) -> None:
        self.streaming = False
        self._box = box
        self._asking = asking
        self._sleep = sleep
        self._poked = {part: asyncio.Event() for part in parts}

    async def wait(self, part: str) -> None:
        """Until the next poke of `part`, or for so long that one may have been missed."""
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_PULL_S):
                await self._poked[part].wait()
        self._poked[part].clear()

    def missed(self) -> None:
        """Let every part be looked at now."""
        for event in self._poked.values():
            event.set()

    async def listen(self) -> None:
        """Hold the stream open; where there is none, or it broke, the lanes poll until there is one."""
        while True:
            worked = False
            try:
                async with aclosing(self._pokes()) as pokes:
                    async for poke in pokes:
                        self.streaming = worked = True
                        if poke.part in self._poked and poke.cursor != self._box.cursor(poke.part):
                            self._poked[poke.part].set()
            except wire.WireError:
                pass  # whether that was the line, the polls find out at once
            finally:
                self.streaming = False
                self.missed()
            await self._sleep(STREAM_AGAIN_S if worked else NO_STREAM_S)

    async def _pokes(self) -> AsyncGenerator[Poke, None]:
        reading = Reading()
        async with self._asking.opened("GET", URGENT_PATH, timeout=_SILENT) as response:
            if response.status_code != 200:
                raise self._asking.trouble(response.status_code, b"")
            async for chunk in response.aiter_raw():
                for poke in reading.feed(chunk):
                    yield poke
