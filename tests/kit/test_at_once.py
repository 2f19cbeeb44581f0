"""What is answered when the head of its request is there, over a real socket."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edge.kit.at_once import AtOnce, Headers
from edge.kit.serve import listen, serve
from tests.patience import PATIENT_S

pytestmark = pytest.mark.anyio
PLAIN = b"GET /ready HTTP/1.1\r\nHost: here\r\n\r\n"
# Beside what stands in `PLAIN`: all of it is asked as ASGI says, and each is answered whole.
OTHERS = {
    "another address": b"GET /other HTTP/1.1\r\nHost: here\r\n\r\n",
    "a question behind the address": b"GET /ready?a HTTP/1.1\r\nHost: here\r\n\r\n",
    "another method": b"POST /ready HTTP/1.1\r\nHost: here\r\n\r\n",
    "a head alone": b"HEAD /ready HTTP/1.1\r\nHost: here\r\n\r\n",
    "a body": b"GET /ready HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\nbody",
    "a body in pieces": b"GET /ready HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "the last on its line": b"GET /ready HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n",
    "another version": b"GET /ready HTTP/1.0\r\nHost: here\r\n\r\n",
    "a body that waits for a word": b"GET /ready HTTP/1.1\r\nHost: here\r\nExpect: 100-continue\r\n\r\n",
}


class App:
    """Has /ready ready at once, and takes its time with everything else."""

    def __init__(self) -> None:
        self.done = 0
        self.fails = False

    def at_once(self, address: bytes, headers: Headers) -> AtOnce | None:
        assert (b"host", b"here") in headers
        head = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"
        return AtOnce(head, b"ready", self._then) if address == b"/ready" else None

    async def _then(self) -> None:
        await asyncio.sleep(0)
        self.done += 1
        if self.fails:
            raise RuntimeError("what followed went wrong")

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.1)
        length = (b"content-length", b"5")
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.body", "body": b"later"})


@asynccontextmanager
async def line(app: App) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A line to `app`, served."""
    with listen("127.0.0.1", 0) as sock:
        serving = asyncio.create_task(serve(app, sock, goodbye=lambda: None))
        async with asyncio.timeout(PATIENT_S):
            reader, writer = await asyncio.open_connection(*sock.getsockname())
            yield reader, writer
            writer.close()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def bodies(reader: asyncio.StreamReader, count: int) -> list[bytes]:
    found = []
    for _ in range(count):
        assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 OK\r\n")
        found.append(await reader.readexactly(5))
    return found


async def test_many_on_one_line_are_answered_at_once_and_what_follows_is_done(anyio_backend: str) -> None:
    app = App()
    async with line(app) as (reader, writer):
        for _ in range(3):
            writer.write(PLAIN)
            assert await bodies(reader, 1) == [b"ready"]
        writer.write(PLAIN * 2)
        assert await bodies(reader, 2) == [b"ready"] * 2
    assert app.done == 5


async def test_what_is_asked_behind_a_slow_one_waits_for_it(anyio_backend: str) -> None:
    async with line(App()) as (reader, writer):
        writer.write(PLAIN + OTHERS["another address"] + PLAIN)
        assert await bodies(reader, 3) == [b"ready", b"later", b"later"]
        writer.write(PLAIN)
        assert await bodies(reader, 1) == [b"ready"]


@pytest.mark.parametrize("asked", OTHERS.values(), ids=OTHERS)
async def test_all_else_is_asked_as_ever(anyio_backend: str, asked: bytes) -> None:
    app = App()
    async with line(app) as (reader, writer):
        writer.write(asked)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        if not asked.startswith(b"HEAD"):
            assert await reader.readexactly(5) == b"later"
        assert (b"connection: close" in head) == (b"close" in asked or b"1.0" in asked)
        if b"connection: close" in head:
            assert not await reader.read()
        else:
            writer.write(PLAIN)
            assert await bodies(reader, 1) == [b"ready"]


async def test_trouble_with_what_follows_is_logged_and_ends_the_line(
    anyio_backend: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()
    app.fails = True
    with caplog.at_level(logging.ERROR, logger="uvicorn.error"):
        async with line(app) as (reader, writer):
            writer.write(PLAIN)
            assert await bodies(reader, 1) == [b"ready"]
            assert not await reader.read()
    assert [str(each.exc_info[1]) for each in caplog.records if each.exc_info] == ["what followed went wrong"]
