"""Before everything else: how long each request waits for its answer to begin, by its route."""

import re
import time
from collections.abc import Callable
from typing import Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from sync import wire
from sync.hub.tally import Tally

HELD: Final = f"{wire.FEED_PATH}?wait"  # until there is a row, or for 25 s: a measure of nothing that is slow
_WAITS: Final = re.compile(rb"\bwait=[1-9]")


class Meter:
    """An ASGI application before another."""

    def __init__(self, app: ASGIApp, tally: Tally, *, now_s: Callable[[], float] = time.perf_counter) -> None:
        self._app = app
        self._tally = tally
        self._now_s = now_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        began_s = self._now_s()

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._tally.answered(_route(scope), int(message["status"]), self._now_s() - began_s)
            await send(message)

        await self._app(scope, receive, answered)


def _route(scope: Scope) -> str:
    """As the table of addresses writes it, so with no value of any address; empty: the request came to none."""
    route = str(scope.get("path_template", ""))
    return HELD if route == wire.FEED_PATH and _WAITS.search(scope["query_string"]) else route
