"""One of the measured shops, in a process of its own: a whole appliance with a signed-in tablet on a socket.

Lines that it is told: `know N` (customers), `tap BARCODE NAME` (`shown` once the tablet shows it), `rest` (until
nothing is left to tell the hub), `gone NAME` (when the tablet stopped showing it, in ns), `cut` and `mend` (its line
to the hub; `mend` answers what it asked first, and when it began, as JSON). Each gets one line.
"""

import asyncio
import json
import socket
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import uvloop

from drivers.reader import Sighting, Token
from edge import centre, outbox
from edge.app import Edge, open_edge
from edge.bench.tablets import Getter, Stream
from edge.config import load
from edge.kit.serve import listen, serve

PATIENT_S: Final = 60.0
LOOK_S: Final = 0.05


class Line(httpx.AsyncHTTPTransport):
    """The line to the hub, which can be cut; it notes what is asked for first after it."""

    def __init__(self) -> None:
        super().__init__()
        self.down = False
        self._first: asyncio.Future[str] | None = None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self.down:
            raise httpx.ConnectError("the line is down")
        if self._first is not None and not self._first.done():
            self._first.set_result(request.url.raw_path.decode())
        return await super().handle_async_request(request)

    def mend(self) -> None:
        self._first = asyncio.get_running_loop().create_future()
        self.down = False

    async def first(self) -> str:
        """The address that was asked for first since it was mended."""
        assert self._first is not None
        return await self._first

    async def cut(self) -> None:
        """As a cable pulled: also what is open ends."""
        self.down = True
        for connection in list(self._pool.connections):
            await connection.aclose()


class Tablet:
    """One tablet: fetches the list at each poke; `absent_ns` says when it last came without a name."""

    def __init__(self, port: int, cookie: str) -> None:
        head = f"Host: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nwelkom-touched: 1\r\n\r\n"
        self._live = f"GET /live HTTP/1.1\r\n{head}".encode()
        self._getter = Getter(f"GET /visits HTTP/1.1\r\n{head}".encode(), self._fetched)
        self._port = port
        self._fresh = asyncio.Event()
        self.at_ns = 0

    async def connect(self) -> None:
        loop = asyncio.get_running_loop()
        stream = Stream(self._getter.ask)
        await loop.create_connection(lambda: self._getter, "127.0.0.1", self._port)
        await loop.create_connection(lambda: stream, "127.0.0.1", self._port)
        stream.transport.write(self._live)
        await stream.open
        self._getter.ask()

    def _fetched(self, at_ns: int, size: int) -> None:
        self.at_ns = at_ns
        self._fresh.set()

    async def until(self, name: bytes, *, shown: bool) -> int:
        """When the list first came with (or without) the name."""
        async with asyncio.timeout(PATIENT_S):
            while (name in self._getter.body) != shown or not self.at_ns:
                self._fresh.clear()
                await self._fresh.wait()
        return self.at_ns


def quiet(event: str, /, **fields: Any) -> None: ...


class Shop:
    def __init__(self, edge: Edge, tablet: Tablet, line: Line) -> None:
        self.edge, self.tablet, self.line = edge, tablet, line

    async def tap(self, barcode: str, name: bytes) -> None:
        sighting = Sighting("counter-1", datetime.now(UTC), "scan", Token("barcode", barcode, "weak"))
        await self.edge.house.counter.on_sighting(sighting)
        await self.tablet.until(name, shown=True)

    async def rest(self) -> None:
        """Wait until the hub was told everything, and holds the receipt for what was taken away."""
        conn = self.edge.house.db.reader
        for _ in range(round(PATIENT_S / LOOK_S)):
            if not outbox.depth(conn) and centre.receipt(conn) is None:
                return
            await asyncio.sleep(LOOK_S)
        raise TimeoutError("a shop did not get everything told")

    async def know(self, customers: int) -> None:
        """Wait until the hub has told of so many."""
        count = "SELECT count(*) FROM replica.credential"
        for _ in range(round(PATIENT_S / LOOK_S)):
            if self.edge.house.db.reader.execute(count).fetchone()[0] >= customers:
                return
            await asyncio.sleep(LOOK_S)
        raise TimeoutError("the hub did not tell of everybody")


@asynccontextmanager
async def open_shop(folder: Path) -> AsyncGenerator[Shop, None]:
    line = Line()
    config = load(folder / "welkom.toml", environment={})
    async with (
        open_edge(config, readers=[], hub_transport=line, log=quiet) as edge,
        asyncio.TaskGroup() as group,
    ):
        with listen("127.0.0.1", 0) as sock:
            assert edge.agent is not None
            work = [
                group.create_task(serve(edge.app, sock, goodbye=edge.house.live.drop)),
                group.create_task(edge.agent.run()),
            ]
            tablet = Tablet(sock.getsockname()[1], (folder / "cookie").read_text())
            await tablet.connect()
            yield Shop(edge, tablet, line)
            for each in work:
                each.cancel()


async def obey(shop: Shop, lines: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
    while words := (await lines.readline()).decode().split():
        answers.write(f"{await _done(shop, words)}\n".encode())


async def _done(shop: Shop, words: list[str]) -> str:
    match words:
        case ["tap", barcode, name]:
            await shop.tap(barcode, name.encode())
            return "shown"
        case ["know", customers]:
            await shop.know(int(customers))
            return "known"
        case ["rest"]:
            await shop.rest()
            return "rested"
        case ["gone", name]:
            return str(await shop.tablet.until(name.encode(), shown=False))
        case ["cut"]:
            await shop.line.cut()
            return "cut"
        case ["mend"]:
            shop.line.mend()
            began_ns = time.monotonic_ns()
            assert shop.edge.agent is not None
            shop.edge.agent.wake()
            return json.dumps([await asyncio.wait_for(shop.line.first(), PATIENT_S), began_ns])
    raise ValueError(f"no such order: {words[0]}")


async def _main(folder: Path, sock: socket.socket) -> None:
    lines, answers = await asyncio.open_connection(sock=sock)
    async with open_shop(folder) as shop:
        answers.write(b"ready\n")
        await obey(shop, lines, answers)


def work(folder: Path, sock: socket.socket) -> None:
    """Be the shop of this folder until the other end of `sock` is closed."""
    uvloop.run(_main(folder, sock))
