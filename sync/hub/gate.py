"""Before anything of a device's request is looked at: whoever was refused too often of late waits outside.

A refusal costs the hub a signature, an unfolding or a look into the tables; so only so many a second are worked out
of whoever earns them, and the rest is answered from the head of the request alone, a second late. A device that was
proven to ask from an address has its own measure there; all who were not share that of their address. Whoever only
names such a device at its address uses up nothing of it: from then on for a minute its requests are told from theirs
by their signature, here, which costs the hub a look at each. So whoever means ill takes a few hundredths of a core
and their own turn, and nobody else's.

Nor all at once: whoever was refused something of late, or has several requests under way, begins them one after
another (`sync.hub.pacing`), and those that were held are let go one by one. Thirty that begin together stand together
before the honest request that comes next, which is what its slowest hundredth consists of.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Any, Final, cast

from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from sync import signing, wire
from sync.hub import proving
from sync.hub.hq.limits import Buckets
from sync.hub.pacing import Turns
from sync.hub.problem import TOLD_MS

if TYPE_CHECKING:
    from sync.hub.app import Hub

PATHS: Final = "/sync/"
A_MINUTE: Final = 600  # refusals that are worked out, of one device or address
BURST: Final = 60  # at once: a box that was away, restored or new earns a handful
HOLD_S: Final = (
    1.0  # a refusal that cost nothing comes late, or asking again at once would cost the hub's turn
)
MOST_HELD: Final = 1_000  # so many at once; beyond that the answer is given at once
LET_GO_S: Final = 0.01  # between two that were held
REFUSED_S: Final = 0.025  # between two beginnings of whoever was refused something of late
TOGETHER: Final = 4  # requests under way: a box has an upload, two questions and a page
CROWD_S: Final = 0.002  # between two beginnings beyond that: all boxes of a chain that asks from one address
MOST_TURN_S: Final = 5.0  # whoever's turn is later is refused
MOST_PROVEN: Final = 20_000
UNPROVEN: Final = 401
_FAULTS: Final = frozenset((400, 401, 403, 404, 405, 409, 413, 415, 429))


class Gate:
    """An ASGI application before another."""

    def __init__(self, app: ASGIApp, hub: "Hub", *, now_ms: Callable[[], int] | None = None) -> None:
        self._app = app
        self._hub = hub
        self._now_ms = now_ms or hub.now_ms
        self._proxies = frozenset(hub.config.proxies)
        self._faults = Buckets(now_ms=self._now_ms, a_minute=A_MINUTE, burst=BURST)
        self._named = Buckets(now_ms=self._now_ms, a_minute=1, burst=1)  # by somebody who was not them
        self._proven: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._turns = Turns()
        self._begun: Counter[str] = Counter()
        self._held = 0
        self._let_go = Turns()
        self._told_ms = -TOLD_MS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].startswith(PATHS):  # lifespan and websockets are not served
            await self._app(scope, receive, send)
            return
        heads = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        address = source(scope, heads, proxies=self._proxies)
        who, doubted = await self._who(cast("HTTPScope", scope), heads, address)
        if wait_s := self._faults.wait_s(who) or await self._turn(who) or self._faults.wait_s(who):
            await self._refuse(send, wait_s)
            return

        async def answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._judge(scope, address, who, int(message["status"]), doubted=doubted)
            await send(message)

        self._begun[who] += 1
        try:
            await self._app(scope, receive, answered)
        finally:
            self._begun[who] -= 1
            if not self._begun[who]:
                del self._begun[who]

    async def _who(self, scope: HTTPScope, heads: dict[str, str], address: str) -> tuple[str, bool]:
        """By whose measure a request goes, and whether its signature was looked at for that."""
        named = signing.named(heads)
        if (address, named) not in self._proven:
            return address, False
        its = f"{address} {named}"
        if not self._named.taken(its):
            return its, False
        return (its if await proving.proves(self._hub, scope, heads) else address), True

    async def _turn(self, who: str) -> int:
        """Wait for the turn to begin; how many seconds to stay away where too many stand before."""
        apart_s = CROWD_S if self._begun[who] >= TOGETHER else 0.0
        if self._faults.taken(who):
            apart_s = REFUSED_S
        if not apart_s:
            return 0
        turn_s = self._turns.take(who, apart_s=apart_s, most_s=MOST_TURN_S)
        if turn_s is None:
            return int(MOST_TURN_S)
        if turn_s:
            await asyncio.sleep(turn_s)
        return 0

    def _judge(self, scope: Scope, address: str, who: str, status: int, *, doubted: bool) -> None:
        """Remember who was proven, and what was refused to whom."""
        state: dict[str, Any] = dict(scope.get("state") or {})
        if device := state.get("device"):
            who = f"{address} {device}"
            self._proven[address, device] = None
            self._proven.move_to_end((address, device))
            if len(self._proven) > MOST_PROVEN:
                self._proven.popitem(last=False)
        elif status == UNPROVEN and not doubted and who != address:
            self._named.take(who)
            who = address
        if status in _FAULTS:
            self._faults.take(who)

    async def _refuse(self, send: Send, wait_s: int) -> None:
        now_ms = self._now_ms()
        if now_ms - self._told_ms >= TOLD_MS:
            self._told_ms = now_ms
            self._hub.log("request_refused", code="TOO_OFTEN", state="unread")
        if self._held < MOST_HELD:
            self._held += 1
            try:
                await asyncio.sleep(HOLD_S + (self._let_go.take("", apart_s=LET_GO_S) or 0.0))
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
    return _network(address)


@lru_cache(maxsize=1024)
def _network(address: str) -> str:
    try:
        known = ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, IPv6Address):
        return known.ipv4_mapped.compressed if known.ipv4_mapped else known.exploded[:19]
    return known.compressed
