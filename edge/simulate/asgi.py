"""A request as an ASGI application hears it, and its answer as it says it: bit by bit, for a stream has no end."""

import asyncio
from collections import deque
from collections.abc import MutableMapping
from dataclasses import dataclass, field
from typing import Any

import httpx

Message = MutableMapping[str, Any]


@dataclass
class Exchange:
    """One request. `hear` what is said to it, bit by bit; `leave` hangs up."""

    request: httpx.Request
    _heard: deque[Message | None] = field(default_factory=deque)  # None: no more comes
    _waits: "asyncio.Future[None] | None" = None  # for the next bit
    _gone: asyncio.Event = field(default_factory=asyncio.Event)
    _asked: bool = False

    async def run(self, app: Any) -> None:
        """Let `app` answer."""
        try:
            await app(_scope(self.request), self._receive, self._send)
        finally:
            self._say(None)

    def leave(self) -> None:
        self._gone.set()

    async def hear(self) -> Message | None:
        """The next bit of the answer, None when no more comes."""
        while not self._heard:
            self._waits = asyncio.get_running_loop().create_future()
            await self._waits
        return self._heard.popleft()

    async def whole(self) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of an answer that ends; raises ReadError where it broke off."""
        status, headers = await self.head()
        body = bytearray()
        while (message := await self.hear()) is not None:
            body += message.get("body", b"")
            if not message.get("more_body"):
                return status, headers, bytes(body)
        raise httpx.ReadError("the hub is gone")

    async def head(self) -> tuple[int, dict[str, str]]:
        message = await self.hear()
        if message is None:
            raise httpx.ReadError("the hub is gone")
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in message["headers"]}
        return int(message["status"]), headers

    async def _receive(self) -> Message:
        if self._asked:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        self._asked = True
        return {"type": "http.request", "body": self.request.content, "more_body": False}

    async def _send(self, message: Message) -> None:
        self._say(message)

    def _say(self, message: Message | None) -> None:
        self._heard.append(message)
        if self._waits is not None and not self._waits.done():
            self._waits.set_result(None)


def _scope(request: httpx.Request) -> Message:
    address = request.url
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "headers": request.headers.raw,
        "scheme": "http",
        "path": address.path,
        "raw_path": address.raw_path.partition(b"?")[0],
        "query_string": address.query,
        "server": (request.headers["host"], 80),
        "client": ("127.0.0.1", 123),
        "root_path": "",
    }
