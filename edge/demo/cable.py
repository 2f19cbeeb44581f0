"""The line to the internet as a cable with a switch: a forwarder on loopback between appliance and hub.

Cut, it hangs up on everybody and takes no new call, as a pulled cable behind a router does; so the appliance
meets the real thing and not a flag.
"""

import asyncio
from typing import Final

_CHUNK: Final = 1 << 16


class Cable:
    """One cable to `port` on loopback; `address` is where its near end listens once it is laid."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._calls: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.whole = True
        self.near = 0

    async def lay(self) -> None:
        self._server = await asyncio.start_server(self._take, "127.0.0.1", 0)
        self.near = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        self.whole = False
        for call in self._calls:
            call.cancel()

    def join(self) -> None:
        self.whole = True

    async def close(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()
        if self._calls:
            await asyncio.wait(self._calls)

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        call = asyncio.current_task()
        assert call is not None
        self._calls.add(call)
        try:
            if self.whole:
                await self._join(reader, writer)
        except (OSError, asyncio.CancelledError):
            pass  # hung up, by either end or by the switch
        finally:
            self._calls.discard(call)
            writer.transport.abort()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        ways = (_carry(reader, far_writer), _carry(far_reader, writer))
        both = [asyncio.ensure_future(way) for way in ways]
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in both:
                way.cancel()
            far_writer.transport.abort()  # first: whoever cuts twice stops the wait below
            await asyncio.gather(*both, return_exceptions=True)


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK):
        writer.write(chunk)
        await writer.drain()
