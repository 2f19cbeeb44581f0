"""Before anything of a device's request is looked at: whoever was refused too often of late waits outside.

A refusal costs the hub a signature, an unfolding or a look into the tables; so only so many a second are worked out
of whoever earns them, and the rest is answered from the head of the request alone, a second late. A device that was
proven to ask from an address has its own measure there; all who were not share that of their address. So whoever
means ill takes a few hundredths of a core and their own turn, and nobody else's.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from ipaddress import IPv6Address, ip_address
from typing import Any, Final

from litestar.types import ASGIApp, Message, Receive, Scope, Send

from edge.kit.log import Log
from sync import signing, wire
from sync.hub.hq.limits import Buckets
from sync.hub.problem import TOLD_MS

PATHS: Final = "/sync/"
A_MINUTE: Final = 600  # refusals that are worked out, of one device or address
BURST: Final = 60  # at once: a box that was away, restored or new earns a handful
HOLD_S: Final = (
    1.0  # a refusal that cost nothing comes late, or asking again at once would cost the hub's turn
)
MOST_HELD: Final = 1_000  # so many at once; beyond that the answer is given at once
MOST_PROVEN: Final = 20_000
_FAULTS: Final = frozenset((400, 401, 403, 404, 405, 409, 413, 415, 429))


class Gate:
    """An ASGI application before another. `proxies`: addresses whose word about who asks is taken."""

    def __init__(
        self, app: ASGIApp, *, now_ms: Callable[[], int], log: Log, proxies: Sequence[str] = ()
    ) -> None:
        self._app = app
        self._now_ms = now_ms
        self._log = log
        self._proxies = frozenset(proxies)
        self._faults = Buckets(now_ms=now_ms, a_minute=A_MINUTE, burst=BURST)
        self._proven: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._held = 0
        self._told_ms = -TOLD_MS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(PATHS):  # lifespan and websockets are not served
            await self._app(scope, receive, send)
            return
        heads = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        address = source(scope, heads, proxies=self._proxies)
        named = signing.named(heads)
        who = f"{address} {named}" if (address, named) in self._proven else address
        if wait_s := self._faults.wait_s(who):
            await self._refuse(send, wait_s)
            return

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._judge(scope, address, who, int(message["status"]))
            await send(message)

        await self._app(scope, receive, answered)

    def _judge(self, scope: Scope, address: str, who: str, status: int) -> None:
        """Remember who was proven, and what was refused to whom."""
        state: dict[str, Any] = dict(scope.get("state") or {})
        if device := state.get("device"):
            who = f"{address} {device}"
            self._proven[address, device] = None
            self._proven.move_to_end((address, device))
            if len(self._proven) > MOST_PROVEN:
                self._proven.popitem(last=False)
        if status in _FAULTS:
            self._faults.take(who)

    async def _refuse(self, send: Send, wait_s: int) -> None:
        now_ms = self._now_ms()
        if now_ms - self._told_ms >= TOLD_MS:
            self._told_ms = now_ms
            self._log("request_refused", code="TOO_OFTEN", state="unread")
        if self._held < MOST_HELD:
            self._held += 1
            try:
                await asyncio.sleep(HOLD_S)
            finally:
                self._held -= 1
        problem = wire.Problem(
            title="too much of this was refused of late",
            status=429,
            code="TOO_OFTEN",
            hint="ask again later; the hub's log says what was wrong",
            hub_time_ms=self._now_ms(),
        )
        body = wire.encode_problem(problem)
        heads = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", b"%d" % len(body)),
            (b"retry-after", b"%d" % wait_s),
            (b"x-content-type-options", b"nosniff"),
            (b"connection", b"close"),  # what it still wants to send is not read
        ]
        await send({"type": "http.response.start", "status": 429, "headers": heads})
        await send({"type": "http.response.body", "body": body, "more_body": False})


def source(scope: Scope, heads: dict[str, str], *, proxies: frozenset[str]) -> str:
    """Whom a request comes from: an address, or the /64 of one of IPv6, which is one household or firm."""
    client = scope.get("client")
    address = client[0] if client else ""
    if address in proxies:
        address = heads.get("x-forwarded-for", address).rpartition(",")[2].strip()
    try:
        known = ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, IPv6Address):
        return known.ipv4_mapped.compressed if known.ipv4_mapped else known.exploded[:19]
    return known.compressed
