"""One signed request and its answer: what is good, what passes by itself, and what a person has to look at."""

import asyncio
import random
import re
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import httpx

from sync import packing, wire
from sync.signing import DeviceAuth

ASKED_LATER: Final = 5
TIMEOUT: Final = httpx.Timeout(10.0, read=wire.WAIT_S + 10.0)
# Refusals that pass by themselves: a request that the network doubled, a clock that was just learnt.
_PASSING: Final = frozenset({"REPLAYED", "CLOCK_SKEW"})
# Refusals for which a while is no help: who asked has gone on by then.
_TOO_LATE: Final = frozenset({"GUESTS_MANY"})
_NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
_RANGED: Final = frozenset({206, 416})  # good answers to who asked for a range

Sleep = Callable[[float], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Answered:
    """A good answer of the hub, unfolded."""

    status: int
    body: bytes
    headers: Mapping[str, str]


class Asking:
    """Asks the hub in this device's name. `plain`: as a version that packs nothing does."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        auth: DeviceAuth,
        *,
        wall_ms: Callable[[], int],
        sleep: Sleep = asyncio.sleep,
        chance: Callable[[], float] = random.random,
        plain: bool = False,
    ) -> None:
        self._client = client
        self._auth = auth
        self._wall_ms = wall_ms
        self._sleep = sleep
        self._chance = chance
        self._plain = plain
        self._takes_packed = False  # whether the hub has said so; an older one would not understand

    async def ask(self, method: str, target: str, *, most: int, content: bytes | None = None) -> bytes:
        """The body of a good answer, at most `most` bytes; raises Unreachable or Refused."""
        return (await self.answered(method, target, most=most, content=content)).body

    async def answered(
        self,
        method: str,
        target: str,
        *,
        most: int = wire.PAGE_BYTES,
        content: bytes | None = None,
        headers: Mapping[str, str] = _NOTHING,
    ) -> Answered:
        """A good answer, asked for again while the hub says later; raises Unreachable or Refused."""
        said = dict(headers)
        if content is not None and self._takes_packed and len(content) >= packing.WORTH_BYTES:
            content, said["content-encoding"] = packing.pack(content), packing.CODING
        for _ in range(ASKED_LATER):
            answer, later_s = await self._once(method, target, most=most, content=content, headers=said)
            if answer is not None:
                return answer
            await self._sleep(later_s * (1 + self._chance()))
        raise nonsense("the hub asks us to come back later, again and again", code="TOO_OFTEN")

    async def _once(
        self, method: str, target: str, *, most: int, content: bytes | None, headers: Mapping[str, str]
    ) -> tuple[Answered | None, float]:
        """A good answer, or nothing and after how many seconds to ask again."""
        async with self.opened(method, target, content=content, headers=headers) as response:
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > most:
                    raise nonsense("the answer is too long", code="TOO_LARGE")
        status = response.status_code
        if status == 429 and wire.decode_problem(bytes(body), status=status).code not in _TOO_LATE:
            return None, _seconds(response.headers.get("retry-after", ""))
        coding = response.headers.get("content-encoding", "")
        good = status in (200, 204) or (status in _RANGED and "range" in headers)
        if not good or (coding and (self._plain or coding != packing.CODING)):
            raise self.trouble(status, bytes(body))
        self._takes_packed = not self._plain and packing.accepts(response.headers.get("accept-encoding", ""))
        try:
            unfolded = packing.unpack(bytes(body), most=most) if coding else bytes(body)
        except wire.Malformed as error:
            raise nonsense(str(error), code=error.code) from None
        return Answered(status, unfolded, response.headers), 0.0

    @asynccontextmanager
    async def opened(
        self,
        method: str,
        target: str,
        *,
        content: bytes | None = None,
        headers: Mapping[str, str] = _NOTHING,
        timeout: httpx.Timeout = TIMEOUT,
    ) -> AsyncGenerator[httpx.Response, None]:
        """The answer as it comes in; raises Unreachable."""
        coding = "identity" if self._plain or "range" in headers else packing.CODING
        said = {"accept-encoding": coding, **headers}
        try:
            async with self._client.stream(
                method, target, content=content, headers=said, auth=self._auth, timeout=timeout
            ) as response:
                yield response
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise wire.Unreachable(
                f"no line to the hub ({type(error).__name__})",
                code="NO_LINE",
                hint="the shop goes on; check the internet line and the hub's address",
            ) from None

    def trouble(self, status: int, body: bytes) -> wire.WireError:
        """What an answer that is not good means."""
        problem = wire.decode_problem(body, status=status)
        if problem.code == "CLOCK_SKEW" and problem.hub_time_ms is not None:
            self._auth.offset_ms = problem.hub_time_ms - self._wall_ms()
        not_ours = problem.code.startswith("HTTP_")  # a proxy's or a hotspot's page, not the hub's word
        later = status == 429 and problem.code not in _TOO_LATE
        passing = not_ours or status >= 500 or later or problem.code in _PASSING
        kind = wire.Unreachable if passing else wire.Refused
        return kind(problem.title or f"the hub answered {status}", code=problem.code, hint=problem.hint)


def nonsense(message: str, *, code: str) -> wire.Unreachable:
    """As good as no line: it may be a proxy's or a hotspot's page."""
    return wire.Unreachable(message, code=code, hint="see what stands between the shop and the hub")


def fitting(batch: wire.Batch) -> wire.Batch:
    """As much of it as goes into one request."""
    with refusing():
        return wire.fit(batch)


def understood(decode: "Callable[[], wire.T]") -> "wire.T":
    """What the hub said; nonsense is as good as no line, for it may be a proxy's or a hotspot's page."""
    try:
        return decode()
    except wire.Malformed as error:
        raise nonsense(str(error), code=error.code) from None


def dense(page: wire.Page, part: str, *, after: int) -> None:
    """Raises Refused for a page that leaves a gap."""
    with refusing():
        wire.follows(page, part, after=after)


def takes_away(page: wire.Page, *, urgent: bool) -> bool:
    """Whether a page of the other lane that was fetched before this one may bring what is gone by now."""
    if urgent:
        return any(row.op != "put" or row.t != "key" for row in page.rows)
    return any(row.op != "put" and row.t == "customer" for row in page.rows)


@contextmanager
def refusing() -> Iterator[None]:
    """What is malformed in here is of the hub itself, and stops the lane."""
    try:
        yield
    except wire.Malformed as error:
        raise refusal(str(error), code=error.code, hint=error.hint) from None


def first(group: BaseExceptionGroup[wire.Unreachable]) -> wire.Unreachable:
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    assert isinstance(error, wire.Unreachable)
    return error


def refusal(message: str, *, code: str, hint: str) -> wire.Refused:
    return wire.Refused(message, code=code, hint=hint)


def _seconds(text: str) -> float:
    """A Retry-After in seconds, within reason (RFC 9110 section 10.2.3; dates are not ours)."""
    return min(60.0, max(0.1, float(text))) if re.fullmatch(r"\d{1,4}", text) else 1.0
