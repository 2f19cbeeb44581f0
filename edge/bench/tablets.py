"""Tablets as the benches need them: an open stream each, and a GET on every poke, over plain sockets.

The client is the same for every variant, so what it costs stands on both sides of a ratio.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

_HEAD_END: Final = b"\r\n\r\n"


class Stream(asyncio.Protocol):
    """The `/live` connection: calls `poked` for each event that arrives."""

    def __init__(self, poked: Callable[[], None]) -> None:
        self._poked = poked
        self.open = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        if not self.open.done():
            self.open.set_result(None)
        if b"event: visits" in data:
            self._poked()


class Getter(asyncio.Protocol):
    """The kept-alive connection for the fragment: one request at a time, one more when poked meanwhile."""

    def __init__(self, request: bytes, done: Callable[[int, int], None]) -> None:
        self._request = request
        self._done = done
        self._busy = self._again = False
        self._got = bytearray()
        self.body = b""  # of the last answer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def ask(self) -> None:
        if self._busy:
            self._again = True
            return
        self._busy = True
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._got += data
        head_end = self._got.find(_HEAD_END)
        if head_end < 0:
            return
        head = bytes(self._got[:head_end]).lower()
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"a tablet was answered {head[:40]!r}")
        size = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
        if len(self._got) < head_end + 4 + size:
            return
        at_ns = time.monotonic_ns()
        self.body = bytes(self._got[head_end + 4 :])
        self._got.clear()
        self._busy = False
        self._done(at_ns, size)
        if self._again:
            self._again = False
            self.ask()


@dataclass(slots=True)
class Tablets:
    """A number of tablets on one server. `refreshed()` gives the instant (ns) the last one had its last byte."""

    port: int
    count: int
    cookies: tuple[str, ...] = ()
    fragment_bytes: int = 0
    _left: int = 0
    _all: "asyncio.Future[int] | None" = None
    _open: list[asyncio.Transport] = field(default_factory=list)
    _getters: list[Getter] = field(default_factory=list)

    async def connect(self) -> None:
        for number in range(self.count):
            getter = Getter(self._request("/visits", number), self._done)
            stream = Stream(getter.ask)
            await self._connect(getter)
            await self._connect(stream)
            stream.transport.write(self._request("/live", number))
            await stream.open
            self._getters.append(getter)
            self._open += [getter.transport, stream.transport]

    async def _connect(self, end: Getter | Stream) -> None:
        await asyncio.get_running_loop().create_connection(lambda: end, "127.0.0.1", self.port)

    def ask(self) -> None:
        """Fetch once on every tablet, without a poke."""
        for getter in self._getters:
            getter.ask()

    def _request(self, path: str, number: int) -> bytes:
        # Touched by a person, or a tablet would lock in the middle of a long measurement.
        cookie = f"Cookie: {self.cookies[number]}\r\nwelkom-touched: 1\r\n" if self.cookies else ""
        return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{cookie}\r\n".encode()

    def expect(self) -> "asyncio.Future[int]":
        """From now on, count refreshes until every tablet had one."""
        self._left = self.count
        self._all = asyncio.get_running_loop().create_future()
        return self._all

    def _done(self, at_ns: int, size: int) -> None:
        self.fragment_bytes = size
        self._left -= 1
        if self._left == 0 and self._all is not None and not self._all.done():
            self._all.set_result(at_ns)

    def close(self) -> None:
        for transport in self._open:
            transport.close()
        self._open.clear()
