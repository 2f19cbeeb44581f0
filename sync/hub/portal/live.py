"""Says that something changed, never what: the page then asks for itself again."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final

from sync.hub.feed import Bell

# Proxies and sleeping phones drop silent connections after 30 s or more; a comment costs 8 bytes.
PING_S: Final = 15.0
REST_S: Final = 0.05  # a burst of changes is one poke
_PING: Final = b": ping\n\n"
_POKE: Final = b"event: changed\ndata:\n\n"
# A page that was away missed what happened meanwhile: it asks as soon as it is connected.
_FIRST: Final = b"retry: 1000\n" + _POKE


async def always() -> bool:
    return True


async def stream(
    bell: Bell, topic: bytes, *, alive: Callable[[], Awaitable[bool]] = always
) -> AsyncGenerator[bytes, None]:
    """Server-sent events (HTML Living Standard 9.2) until the page or the hub goes, or `alive` says no."""
    with bell.listening(topic) as changed:
        yield _FIRST
        while not bell.closed:
            poked = True
            try:
                async with asyncio.timeout(PING_S):
                    await changed.wait()
            except TimeoutError:
                poked = False
            changed.clear()
            if bell.closed or not await alive():
                return
            yield _POKE if poked else _PING
            await asyncio.sleep(REST_S)
