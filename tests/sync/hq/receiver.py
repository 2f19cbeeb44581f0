"""Somebody's server that is told of news, and a desk that tells it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import httpx

from sync.hub import consents
from sync.hub.hq import webhooks
from tests.sync.centre import ANNA, HERE
from tests.sync.hq.desk import Desk


@dataclass
class Receiver:
    """Somebody's server on this machine: keeps what it is told, and answers as it is set to."""

    origin: str = ""
    status: int = 204
    answers: asyncio.Event = field(default_factory=asyncio.Event)  # cleared: whoever tells it waits
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@asynccontextmanager
async def receiver() -> AsyncGenerator[Receiver, None]:
    here = Receiver()
    here.answers.set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        plain = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        here.told.append(({name.lower(): value for name, value in plain.items()}, body))
        await here.answers.wait()
        writer.write(f"HTTP/1.1 {here.status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    here.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield here


@asynccontextmanager
async def told(desk: Desk) -> AsyncGenerator[tuple[Receiver, dict[str, Any], httpx.AsyncClient], None]:
    """A receiver that the settings allow, its webhook, and a client to tell it with."""
    async with receiver() as here, webhooks.client() as asking:
        desk.hub.config = replace(desk.hub.config, hooks=(here.origin,))
        made = await desk.ask("POST", "/api/v1/webhooks", json={"url": f"{here.origin}/in"})
        yield here, made, asking


async def stop(desk: Desk, purpose: str = "recognition") -> None:
    await desk.hub.change(consents.withdraw, ANNA, purpose=purpose, recipient=HERE, now_ms=desk.hub.now_ms())
