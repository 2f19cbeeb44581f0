"""The server as tablets meet it, over a real socket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from edge.kit.serve import listen, serve
from tests.patience import PATIENT_S

pytestmark = pytest.mark.anyio
GET = b"GET / HTTP/1.1\r\nHost: here\r\n\r\n"


@asynccontextmanager
async def asked(app: Any) -> AsyncIterator[asyncio.StreamReader]:
    """What comes back on a connection that asked `app` once."""
    with listen("127.0.0.1", 0) as sock:
        serving = asyncio.create_task(serve(app, sock, goodbye=lambda: None))
        reader, writer = await asyncio.open_connection(*sock.getsockname())
        writer.write(GET)
        async with asyncio.timeout(PATIENT_S):
            yield reader
        writer.close()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def head(send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6")]})


async def test_an_answer_arrives_in_one_piece(anyio_backend: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await head(send)
        await send({"type": "http.response.body", "body": b"tablet"})

    async with asked(app) as reader:
        assert (await reader.read(1_000)).endswith(b"\r\n\r\ntablet")


async def test_a_head_does_not_wait_for_a_body_that_is_late(anyio_backend: str) -> None:
    rest = asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await head(send)
        await rest.wait()
        await send({"type": "http.response.body", "body": b"tab", "more_body": True})
        await send({"type": "http.response.body", "body": b"let"})

    async with asked(app) as reader:
        assert (await reader.read(1_000)).endswith(b"\r\n\r\n")
        rest.set()
        assert await reader.readexactly(6) == b"tablet"


async def test_what_is_no_request_is_told_so_before_the_line_goes(anyio_backend: str) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        raise AssertionError("never asked")

    with listen("127.0.0.1", 0) as sock:
        serving = asyncio.create_task(serve(app, sock, goodbye=lambda: None))
        reader, writer = await asyncio.open_connection(*sock.getsockname())
        writer.write(b"no request\r\n\r\n")
        async with asyncio.timeout(PATIENT_S):
            assert (await reader.read()).startswith(b"HTTP/1.1 400 ")
        writer.close()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def test_it_stops_at_once_when_nothing_is_being_asked(anyio_backend: str) -> None:
    """A hundred times sooner than uvicorn, which looks at the clock: told by how seldom the loop turns."""
    turns = 0

    async def counts() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.01)
            turns += 1

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await head(send)
        await send({"type": "http.response.body", "body": b"tablet"})

    async with asked(app) as reader:
        await reader.readuntil(b"tablet")
        counting = asyncio.create_task(counts())
    counting.cancel()
    assert turns < 10


async def test_what_is_sent_on_a_connection_waits_for_no_acknowledgement() -> None:
    with listen("127.0.0.1", 0) as sock, socket.create_connection(sock.getsockname()):
        answering, _ = sock.accept()
        with answering:
            assert answering.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
