"""The floor of `bench tap`: the same server, a poke and a GET of a constant, one look-up and one FULL commit.

It runs as a script in a process of its own and imports nothing of the house, so that what it measures is
what Litestar, uvicorn, uvloop and SQLite cost by themselves.
"""

import asyncio
import socket
import sqlite3
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
import uvloop
from litestar import Litestar, Response, get
from litestar.response import Stream


class Pokes:
    """Every open stream gets every poke."""

    def __init__(self) -> None:
        self.number = 0
        self.wakes: set[asyncio.Event] = set()

    def poke(self) -> None:
        self.number += 1
        for wake in self.wakes:
            wake.set()

    async def stream(self) -> AsyncIterator[bytes]:
        wake = asyncio.Event()
        self.wakes.add(wake)
        try:
            yield b": hello\n\n"
            while True:
                await wake.wait()
                wake.clear()
                yield b"event: visits\ndata: %d\n\n" % self.number
        finally:
            self.wakes.discard(wake)


def build(pokes: Pokes, fragment: bytes) -> Litestar:
    @get("/visits")
    async def visits() -> Response[bytes]:
        return Response(fragment, media_type="text/html")

    @get("/live")
    async def live() -> Stream:
        return Stream(pokes.stream(), media_type="text/event-stream")

    return Litestar([visits, live], openapi_config=None)


async def taps(pokes: Pokes, replica: Path, journal: Path) -> None:
    """Lines on stdin: `tap HASH`, `tap-only HASH` (without the commit); `began` asks for the instant in ns it did."""
    loop = asyncio.get_running_loop()
    lines = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    reader = sqlite3.connect(f"file:{replica}?mode=ro", uri=True, isolation_level=None)
    writer = sqlite3.connect(journal, isolation_level=None)
    writer.executescript(
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE tap (id INTEGER PRIMARY KEY, who)"
    )
    began_ns = 0
    while line := await lines.readline():
        if line == b"began\n":
            sys.stdout.write(f"{began_ns}\n")
            sys.stdout.flush()
            continue
        began_ns = time.monotonic_ns()
        word, credential = line.split()
        who = reader.execute(
            "SELECT customer_id FROM credential WHERE hash=?", (bytes.fromhex(credential.decode()),)
        )
        (customer,) = who.fetchone()
        if word == b"tap":
            writer.execute("INSERT INTO tap (who) VALUES (?)", (customer,))
        pokes.poke()


async def main(port: int, replica: Path, journal: Path, fragment_bytes: int) -> None:
    pokes = Pokes()
    app: Any = build(pokes, b"<p>" + b"x" * (fragment_bytes - 7) + b"</p>")
    config = uvicorn.Config(
        app, log_config=None, access_log=False, server_header=False, date_header=False, lifespan="off"
    )
    with socket.create_server(("127.0.0.1", port)) as sock:
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(uvicorn.Server(config).serve([sock]))
            sys.stdout.write(f"ready {sock.getsockname()[1]}\n")
            sys.stdout.flush()
            await taps(pokes, replica, journal)
            serving.cancel()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])))
