"""The line between one shop and the hub: it delays, loses, doubles, answers late, and mixes answers up."""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import httpx

from edge.simulate.asgi import Exchange
from edge.simulate.client import Whole
from edge.simulate.process import Process
from sync import packing, wire
from sync.pokes import URGENT_PATH

if TYPE_CHECKING:
    from edge.simulate.centre import Centre

FAULTS: Final = ("lost", "mute", "twice", "late", "crossed")
LATE_S: Final = 90.0  # a request that a network held back comes no later than this
_DEAF_S: Final = 35.0  # a client that gives no limit of its own


@dataclass(frozen=True, slots=True)
class Heard:
    """An answer as its bytes came."""

    status: int
    headers: dict[str, str]
    body: bytes

    def said(self) -> bytes:
        """The body, unfolded."""
        packed = self.headers.get("content-encoding") == packing.CODING
        return packing.unpack(self.body, most=wire.PAGE_BYTES) if packed else self.body


class Line(httpx.AsyncBaseTransport):
    """A transport of the agent's own client. `rates` are chances by fault; `cut` is a network partition."""

    def __init__(self, centre: "Centre", dice: random.Random, *, slow_s: float) -> None:
        self._centre = centre
        self._dice = dice
        self._slow_s = slow_s
        self.rates: dict[str, float] = {}
        self.cut = False
        self.urgent_late_s = 0.0  # how much longer than others an answer of the urgent lane takes
        self.pending = 0  # requests that the network holds back
        self.broken: list[str] = []  # what was asked before the urgent rows, after the line was lost
        self.is_new: Callable[[], bool] = lambda: (
            False
        )  # whether the box has nothing that could be taken away
        self._lost = self._urgent_first = True
        self._cache: dict[str, deque[Heard]] = {}  # earlier answers by what was asked, the cursor left out

    def of(self, process: Process) -> httpx.AsyncBaseTransport:
        """The line as one run of the box uses it."""
        self._lost = self._urgent_first = True
        return _End(self, process)

    async def ask(self, request: httpx.Request) -> Heard:
        limit_s = _limit_s(request)
        if self._lost:
            self._lost = False
            self._urgent_first &= not self.is_new()
        self._look(request)
        try:
            heard = await self._there_and_back(request, limit_s)
        except httpx.TransportError:
            # What the counter asks about a card is no lane: the conversation goes on.
            self._lost |= request.url.path != wire.GUEST_PATH
            self._urgent_first |= self._lost
            raise
        if _is_urgent(request) and heard.status < 500:  # a refusal stops its own lane only
            self._urgent_first = False
        return heard

    async def _there_and_back(self, request: httpx.Request, limit_s: float) -> Heard:
        fault = self._fault()
        await self._travel()
        if self.cut or not self._centre.up:
            raise httpx.ConnectError("nobody is there")
        if fault == "late":
            self._hold_back(request)
        if fault in ("lost", "late"):
            await self._deaf(limit_s)
        if fault == "twice":
            self._centre.hear(request)
        heard = await self._heard(self._centre.hear(request), limit_s)
        await self._travel()
        if self.urgent_late_s and _is_urgent(request):
            await asyncio.sleep(self.urgent_late_s)
        if self.cut or fault == "mute":
            await self._deaf(limit_s)
        earlier = self._cache.setdefault(request.url.raw_path.decode().split("&")[0], deque(maxlen=16))
        if fault == "crossed" and earlier:
            return self._dice.choice(list(earlier))
        if heard.said().count(b"\n") != 1:  # a page without rows says nothing that could be wrong
            earlier.append(heard)
        return heard

    async def _heard(self, exchange: Exchange, limit_s: float) -> Heard:
        try:
            async with asyncio.timeout(limit_s):
                return Heard(*await exchange.whole())
        except TimeoutError:
            raise httpx.ReadTimeout("no answer") from None
        finally:
            exchange.leave()

    async def stream(self, request: httpx.Request) -> httpx.Response:
        """The stream of pokes: it may break or fall silent, and no other lane is the worse for it."""
        await self._travel()
        if self.cut or not self._centre.up:
            raise httpx.ConnectError("nobody is there")
        exchange = self._centre.hear(request)
        status, headers = await exchange.head()
        return httpx.Response(status, headers=headers, stream=_Pokes(self, exchange, _limit_s(request)))

    async def arrives(self) -> bool:
        """Whether what was said on a stream comes through, after its time on the way."""
        await self._travel()
        if self._fault() in ("lost", "mute"):
            raise httpx.ReadError("the stream broke")
        return not self.cut

    def _fault(self) -> str:
        for fault in FAULTS:
            if (rate := self.rates.get(fault)) and self._dice.random() < rate:
                return fault
        return ""

    async def _travel(self) -> None:
        await asyncio.sleep(self._dice.expovariate(1 / self._slow_s))

    async def _deaf(self, limit_s: float) -> None:
        await asyncio.sleep(limit_s)
        raise httpx.ReadTimeout("no answer")

    def _hold_back(self, request: httpx.Request) -> None:
        self.pending += 1

        def now() -> None:
            self.pending -= 1
            if self._centre.up:
                self._centre.hear(request)

        asyncio.get_running_loop().call_later(self._dice.uniform(1, LATE_S), now)

    def _look(self, request: httpx.Request) -> None:
        """After a lost line nothing may be asked before the urgent rows were (sync/README.md)."""
        whose = request.url.path in (wire.EVENTS_PATH, wire.FEED_PATH) and not _is_urgent(request)
        if self._urgent_first and whose:
            self.broken.append(request.url.raw_path.decode())


class _End(httpx.AsyncBaseTransport):
    """The end of the line in one process; of a dead one nothing is heard any more."""

    def __init__(self, line: Line, process: Process) -> None:
        self._line = line
        self._process = process

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self._process.alive:
            await asyncio.get_running_loop().create_future()
        if request.url.path == URGENT_PATH:
            return await self._line.stream(request)
        heard = await self._line.ask(request)
        return Whole(heard.status, heard.headers, heard.body)


class _Pokes(httpx.AsyncByteStream):
    """What the hub says on a stream, as it comes through."""

    def __init__(self, line: Line, exchange: Exchange, limit_s: float) -> None:
        self._line = line
        self._exchange = exchange
        self._limit_s = limit_s

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while True:
                yield await self._next()
        finally:
            self._exchange.leave()

    async def _next(self) -> bytes:
        try:
            async with asyncio.timeout(self._limit_s):
                while (message := await self._exchange.hear()) is not None:
                    if await self._line.arrives() and message.get("body"):
                        return bytes(message["body"])
        except TimeoutError:
            raise httpx.ReadTimeout("silence") from None
        raise httpx.ReadError("the hub is gone")


def _limit_s(request: httpx.Request) -> float:
    return float(request.extensions.get("timeout", {}).get("read") or _DEAF_S)


def _is_urgent(request: httpx.Request) -> bool:
    path = request.url.raw_path.decode()
    return path.startswith(wire.FEED_PATH) and ":urgent" in path
