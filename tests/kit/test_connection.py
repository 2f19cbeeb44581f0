"""What a connection may cost that has not asked anything yet, over a real socket."""

import asyncio
import json
import logging
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

import edge.kit.serve
from edge.kit import connection
from edge.kit.serve import listen, serve
from tests.patience import PATIENT_S

pytestmark = pytest.mark.anyio
HEAD = b"POST / HTTP/1.1\r\nHost: here\r\n"
ENDLESS = {
    "a line of the head": HEAD + b"A: ",
    "an address": b"GET /",
    "what follows a body in pieces": HEAD + b"Transfer-Encoding: chunked\r\n\r\n0\r\nA: ",
    "what stands beside the size of a piece": HEAD + b"Transfer-Encoding: chunked\r\n\r\n1;a=",
}
MUCH = b"m" * 2**22
_BUFFER = 2**16  # of a socket: far less than `MUCH`
Asked = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def answers(scope: Any, receive: Any, send: Any) -> None:
    """Refuses who says so in the head; takes the whole body of others, and answers, at /later after a while."""
    if scope["path"] == "/later":
        await asyncio.sleep(0.4)
    if scope["path"] != "/refuse":
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            pass
    body = MUCH if scope["path"] == "/much" else b"ok"
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, int]]:
    with listen("127.0.0.1", 0) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        serving = asyncio.create_task(serve(answers, sock, goodbye=lambda: None))
        async with asyncio.timeout(PATIENT_S):
            yield sock.getsockname()
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving


async def said(address: tuple[str, int], words: bytes) -> Asked:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(words)
    return reader, writer


@pytest.mark.parametrize("beginning", ENDLESS.values(), ids=ENDLESS)
async def test_what_has_no_end_is_refused_while_others_are_answered(
    anyio_backend: str, beginning: bytes
) -> None:
    async with served() as address:
        reader, writer = await said(address, beginning)
        sent = 0
        while not reader._transport.is_closing() and sent < 100:  # type: ignore[attr-defined]
            writer.write(b"b" * connection.MOST_HEAD)
            sent += 1
            try:
                await writer.drain()
            except ConnectionError:
                break
            await asyncio.sleep(0)
        assert sent < 100
        reader, writer = await said(address, b"GET / HTTP/1.1\r\nHost: here\r\n\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
        writer.close()


async def test_a_head_that_is_too_long_is_told_so_in_words_for_programs(anyio_backend: str) -> None:
    async with served() as address:
        reader, writer = await said(address, HEAD + b"A: " + b"b" * connection.MOST_HEAD)
        head, _, body = (await reader.read()).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 431 ")
        assert b"application/problem+json" in head
        assert json.loads(body)["code"] == "TOO_LARGE"
        writer.close()


@pytest.mark.parametrize(
    "half",
    [b"", HEAD, HEAD + b"Content-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a head", "half a body"],
)
async def test_who_says_half_and_then_nothing_is_not_waited_for(
    anyio_backend: str, half: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    async with served() as address:
        reader, writer = await said(address, half)
        assert await ended(reader)
        writer.close()


async def test_who_was_refused_does_not_go_on_sending_what_was_refused(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    async with served() as address:
        asks = b"POST /refuse HTTP/1.1\r\nHost: here\r\nContent-Length: 99999999\r\n\r\n"
        reader, writer = await said(address, asks)
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200 ")
        assert await ended(reader)
        writer.close()


async def test_who_sent_the_rest_of_what_was_refused_asks_again_on_the_same_line(anyio_backend: str) -> None:
    async with served() as address:
        asks = b"POST /refuse HTTP/1.1\r\nHost: here\r\nContent-Length: 4\r\n\r\n"
        reader, writer = await said(address, asks)
        await reader.readuntil(b"ok")
        writer.write(b"rest" + asks + b"rest")
        await reader.readuntil(b"ok")
        writer.close()


async def test_who_takes_a_long_answer_in_slowly_gets_all_of_it(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch, BODY_S=0.5)
    loop = asyncio.get_running_loop()
    async with served() as address:
        with await asks_much(address) as client:
            begun_s, taken = loop.time(), 0
            while taken < len(MUCH):
                piece = await loop.sock_recv(client, 2**15)
                assert piece
                taken += len(piece)
                await asyncio.sleep(0.01)
            assert loop.time() - begun_s > 2 * connection.BODY_S


@pytest.mark.parametrize("high", [2**16, 2**30], ids=["a long answer", "one below the high-water mark"])
async def test_who_takes_in_nothing_of_an_answer_is_not_waited_for(
    anyio_backend: str, high: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    lost = asyncio.Event()
    made = connection.Connection.connection_made
    gone = connection.Connection.connection_lost

    def made_with_limits(self: connection.Connection, transport: asyncio.Transport) -> None:
        transport.set_write_buffer_limits(high=high)
        made(self, transport)

    def gone_and_told(self: connection.Connection, why: Exception | None) -> None:
        gone(self, why)
        lost.set()

    monkeypatch.setattr(connection.Connection, "connection_made", made_with_limits)
    monkeypatch.setattr(connection.Connection, "connection_lost", gone_and_told)
    async with served() as address:
        with await asks_much(address):
            await lost.wait()


async def test_an_empty_line_does_not_end_the_wait_for_an_answer(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch)
    async with served() as address:
        reader, writer = await said(address, b"GET /later HTTP/1.1\r\nHost: here\r\n\r\n")
        await asyncio.sleep(0.02)
        writer.write(b"\r\n")
        await reader.readuntil(b"ok")
        writer.close()


async def test_the_end_of_one_answer_leaves_the_next_body_its_time(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch, BODY_S=PATIENT_S)
    async with served() as address:
        reader, writer = await said(address, b"GET /later HTTP/1.1\r\nHost: here\r\n\r\n")
        await asyncio.sleep(0.1)
        writer.write(HEAD + b"Content-Length: 4\r\n\r\n")
        await reader.readuntil(b"ok")
        await asyncio.sleep(0.3)
        writer.write(b"rest")
        await reader.readuntil(b"ok")
        writer.close()


async def test_half_a_head_behind_a_request_has_the_time_of_a_head(
    anyio_backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once(monkeypatch, BODY_S=PATIENT_S)
    async with served() as address:
        reader, writer = await said(address, b"GET / HTTP/1.1\r\nHost: here\r\n\r\nGET / HTTP/1.1\r\n")
        await reader.readuntil(b"ok")
        assert await ended(reader)
        writer.close()


async def test_what_is_malformed_and_too_long_is_refused_once(
    anyio_backend: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "MOST_HEAD", 100)
    monkeypatch.setattr(connection, "_TOLD_S", 0)
    with caplog.at_level(logging.WARNING, logger="uvicorn.error"):
        async with served() as address:
            reader, writer = await said(address, b"no request " * 100)
            assert (await reader.read()).count(b"HTTP/1.1 ") == 1
            writer.close()
    assert [each.getMessage() for each in caplog.records] == ["Refused unread: MALFORMED."]


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this system has no such time")
def test_a_connection_ends_that_takes_nothing_for_a_minute() -> None:
    with (
        listen("127.0.0.1", 0) as sock,
        socket.create_connection(sock.getsockname()),
        sock.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 60_000
        assert accepted.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


async def test_what_is_no_request_is_said_once_in_the_log(
    anyio_backend: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection.Connection, "_told_s", -connection.NEVER)
    with caplog.at_level(logging.WARNING, logger="uvicorn.error"):
        async with served() as address:
            for _ in range(20):
                reader, writer = await said(address, b"no request\r\n\r\n")
                head, _, body = (await reader.read()).partition(b"\r\n\r\n")
                assert head.startswith(b"HTTP/1.1 400 ")
                assert json.loads(body)["code"] == "MALFORMED"
                writer.close()
    assert [each.getMessage() for each in caplog.records] == ["Refused unread: MALFORMED."]


@pytest.mark.parametrize(
    ("soft", "hard", "most", "then"), [(256, 4000, 65_536, 4000), (3000, 4000, 2000, 3000)]
)
def test_a_process_may_have_more_connections_than_it_begins_with(
    soft: int, hard: int, most: int, then: int
) -> None:
    program = (
        f"import resource as r; r.setrlimit(r.RLIMIT_NOFILE, ({soft}, {hard}))\n"
        "from edge.kit import descriptors as d\n"
        f"d.MOST = {most}; d.room_for_connections()\n"
        "print(r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert told.stdout == f"{then}\n"


def at_once(monkeypatch: pytest.MonkeyPatch, **but: float) -> None:
    """No time for anything (`but` what is said), and looked at without a pause."""
    for name in ("HEAD_S", "BODY_S", "LEFT_S"):
        monkeypatch.setattr(connection, name, but.get(name, 0.05))
    monkeypatch.setattr(edge.kit.serve, "_SWEEP_S", 0.01)


async def ended(reader: asyncio.StreamReader) -> bool:
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def asks_much(address: tuple[str, int]) -> socket.socket:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    client.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(client, address)
    await loop.sock_sendall(client, b"GET /much HTTP/1.1\r\nHost: here\r\n\r\n")
    return client
