"""Some of the measured shops, in a process of their own: whole appliances, each with a signed-in tablet on a socket.

Lines on stdin: `know N` (customers), `tap BARCODE NAME` (in every shop; `shown` once every tablet shows
it), `rest` (until no shop has anything left to tell the hub), `gone NAME` (when each tablet stopped showing
it, in ns, as JSON), `cut` and `mend` (the first shop's line to the hub; `mend` answers what it asked first, and when
it began).
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import uvloop

from drivers.reader import Sighting, Token
from edge import centre, outbox
from edge.app import Edge, open_edge
from edge.bench.appliance import say
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


async def obey(shops: list[Shop]) -> None:
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while words := (await lines.readline()).decode().split():
        match words:
            case ["tap", barcode, name]:
                await asyncio.gather(*(shop.tap(barcode, name.encode()) for shop in shops))
                say("shown")
            case ["know", customers]:
                await asyncio.gather(*(shop.know(int(customers)) for shop in shops))
                say("known")
            case ["rest"]:
                await asyncio.gather(*(shop.rest() for shop in shops))
                say("rested")
            case ["gone", name]:
                gone = [shop.tablet.until(name.encode(), shown=False) for shop in shops]
                say(json.dumps(await asyncio.gather(*gone)))
            case ["cut"]:
                await shops[0].line.cut()
                say("cut")
            case ["mend"]:
                line = shops[0].line
                line.mend()
                began_ns = time.monotonic_ns()
                assert shops[0].edge.agent is not None
                shops[0].edge.agent.wake()
                say(json.dumps([await asyncio.wait_for(line.first(), PATIENT_S), began_ns]))


async def main(folders: list[Path]) -> None:
    async with AsyncExitStack() as stack:
        shops = [await stack.enter_async_context(open_shop(folder)) for folder in folders]
        say("ready")
        await obey(shops)


if __name__ == "__main__":
    uvloop.run(main([Path(each) for each in sys.argv[1:]]))
