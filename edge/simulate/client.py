"""httpx's client as far as the agent uses it: one signed request, and its answer as it comes in.

The real one also follows redirects, keeps cookies, asks the environment for proxies and takes addresses apart: a
fifth of a story's time, about an internet that is not here. Requests and answers are httpx's own with what is known
of them laid in place; its authentication signs them.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx


class Client(httpx.AsyncClient):
    """Speaks through one transport, and never beyond it."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._line = transport

    @asynccontextmanager
    async def stream(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        content: bytes | None,
        headers: Mapping[str, str],
        auth: httpx.Auth,
        timeout: httpx.Timeout,
    ) -> AsyncGenerator[httpx.Response, None]:
        request = httpx.Request.__new__(httpx.Request)
        request.method, request.url = method, Address(url)  # type: ignore[assignment]
        length = {} if content is None else {"content-length": str(len(content))}
        request.headers = Heads({"host": "hub.test", **headers, **length})  # type: ignore[assignment]
        request.extensions = {"timeout": timeout.as_dict()}
        request._content = content or b""
        request = next(auth.auth_flow(request))
        response = await self._line.handle_async_request(request)
        try:
            yield response
        finally:
            await response.aclose()


class Heads(dict[str, str]):
    """Header fields under lower-case names, each once, as both sides write them here."""

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        return [(name.encode("ascii"), value.encode("ascii")) for name, value in self.items()]


class Whole(httpx.Response):
    """An answer that came with all of its body."""

    def __init__(self, status_code: int, headers: Mapping[str, str], body: bytes) -> None:
        self.status_code = status_code
        self.headers = Heads(headers)  # type: ignore[assignment]
        self._body = body

    async def aiter_raw(self, chunk_size: int | None = None) -> AsyncIterator[bytes]:
        if self._body:
            yield self._body

    async def aclose(self) -> None:
        """Nothing is held open."""


class Address:
    """A target as the agent writes it, as it goes over the line: nothing in it is to be quoted or resolved."""

    __slots__ = ("path", "query", "raw_path")

    def __init__(self, target: str) -> None:
        self.path, _, query = target.partition("?")
        self.raw_path, self.query = target.encode("ascii"), query.encode("ascii")
