"""A browser without a socket: calls an ASGI application, keeps cookies, and leaves a stream after its first word."""

import asyncio
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Page:
    status: int
    location: str
    text: str = field(repr=False)


@dataclass(slots=True)
class Browser:
    app: Any
    host: str = "127.0.0.1:8443"
    cookies: dict[str, str] = field(default_factory=dict)
    own: str = ""  # what this browser's forms carry

    async def get(self, path: str, **headers: str) -> Page:
        return await self._ask("GET", path, b"", headers)

    async def post(self, path: str, **fields: str) -> Page:
        body = urlencode({"own": self.own, **fields}).encode()
        return await self._ask("POST", path, body, {"content-type": "application/x-www-form-urlencoded"})

    async def _ask(self, method: str, path: str, body: bytes, headers: dict[str, str]) -> Page:
        path, _, query = path.partition("?")
        given = {"host": self.host, "accept": "text/html", "content-length": str(len(body)), **headers}
        if self.cookies:
            given["cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": [(name.encode(), value.encode("latin-1")) for name, value in given.items()],
            "client": ("127.0.0.1", 50000),
            "server": ("127.0.0.1", 8443),
        }
        answer = _Answer(body)
        await self.app(scope, answer.receive, answer.send)
        for name, value in answer.headers:
            if name == "set-cookie":
                for one in SimpleCookie(value).values():
                    self.cookies[one.key] = one.value
        location = next((value for name, value in answer.headers if name == "location"), "")
        text = b"".join(answer.chunks).decode("utf-8", "replace")
        if 'name="own" value="' in text:
            self.own = text.split('name="own" value="', 1)[1].split('"', 1)[0]
        return Page(answer.status, location, text)


class _Answer:
    def __init__(self, body: bytes) -> None:
        self._body: bytes | None = body
        self.status = 0
        self.headers: list[tuple[str, str]] = []
        self.chunks: list[bytes] = []
        self._streams = False
        self._enough = asyncio.Event()  # the first word of a stream came: it never ends by itself

    async def receive(self) -> dict[str, Any]:
        body, self._body = self._body, None
        if body is None:
            await self._enough.wait()
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = [
                (name.decode().lower(), value.decode("latin-1")) for name, value in message["headers"]
            ]
            self._streams = any(value.startswith("text/event-stream") for _, value in self.headers)
            return
        self.chunks.append(bytes(message.get("body", b"")))
        if self.chunks[-1] or not self._streams:
            self._enough.set()
