"""httpx's client as far as the agent uses it: one signed request, and its answer as it comes in.

The real one also follows redirects, keeps cookies, asks the environment for proxies and takes addresses apart: a
fifth of a story's time, about an internet that is not here. Request, response and authentication stay httpx's own.
"""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any, Final

import httpx

_HUB: Final = httpx.URL("http://hub.test")


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
        said: Any = {"timeout": timeout.as_dict()}
        request = httpx.Request(method, _address(url), headers=headers, content=content, extensions=said)
        request = next(auth.auth_flow(request))
        response = await self._line.handle_async_request(request)
        try:
            yield response
        finally:
            await response.aclose()


@lru_cache(maxsize=4096)
def _address(target: str) -> httpx.URL:
    """The agent writes its targets as they go over the line: there is nothing in them to be quoted or resolved."""
    path, asked, query = target.partition("?")
    address = httpx.URL.__new__(httpx.URL)
    address._uri_reference = _HUB._uri_reference._replace(path=path, query=query if asked else None)
    return address
