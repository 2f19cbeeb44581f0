"""Tells the webhooks: at least once, signed, again after a while, and never into our own network."""

import asyncio
import os
import random
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import httpx

from edge.kit.errors import Refused
from edge.kit.log import died
from edge.kit.seal import seal, unseal
from edge.kit.sql import Connection
from sync.hub.config import Keys
from sync.hub.hq import news, standard
from sync.hub.rounds import keep_on
from sync.hub.tables import hooks as tables
from sync.hub.tables.hooks import Hook, Message

if TYPE_CHECKING:
    from sync.hub.app import Hub

LOOK_S: Final = 1.0
AT_ONCE: Final = 200  # messages a look, of each webhook
TIMEOUT_S: Final = 15.0
LEASE_MS: Final = 60_000  # another hub on the same database goes on after this, should this one die
ROTATE_MS: Final = 24 * 3_600_000  # so long the former secret signs too
GONE: Final = 410
# No rest and no lease of now lasts longer, whatever the clock was set to meanwhile.
_MOST: Final[dict[str, Any]] = {"longest_ms": standard.LONGEST_MS, "leased_ms": LEASE_MS + standard.APART_MS}


def make(
    conn: Connection, keys: Keys, *, url: str, kinds: frozenset[str], allowed: tuple[str, ...]
) -> tuple[Hook, str]:
    """A new webhook and its secret, which nobody can show again; raises Refused for where it leads."""
    if unknown := sorted(kinds - set(news.KINDS)):
        hint = f"there are {', '.join(news.KINDS)}"
        raise Refused(f"no news is called {unknown[0]!r}", code="UNKNOWN_NEWS", hint=hint)
    if why := standard.refused_url(url, allowed=allowed):
        hint = "give a public https address, or name its origin in `hooks` of hub.toml"
        raise Refused(f"this address may not be told: {why}", code="BAD_URL", hint=hint)
    secret, id_ = standard.new_secret(), "wh_" + os.urandom(8).hex()
    wrapped = seal(keys.hub_kek, secret.encode(), _place(id_))
    hook = Hook(id_, url, kinds, wrapped, None, None, None, None)
    tables.add_hook(conn, hook)
    return hook, secret


def rotate(conn: Connection, keys: Keys, id_: str, *, now_ms: int) -> str:
    """A new secret; the one before it signs beside it for a day. Raises Refused for an unknown one."""
    secret = standard.new_secret()
    wrapped = seal(keys.hub_kek, secret.encode(), _place(id_))
    if not tables.rotate(conn, id_, wrapped=wrapped, former_ms=now_ms + ROTATE_MS):
        raise _unknown()
    return secret


def resume(conn: Connection, id_: str) -> None:
    """Tell a webhook again that was given up."""
    if not tables.resume(conn, id_):
        raise _unknown()


def is_gone(hook: Hook) -> bool:
    """Whether one that ended did so at once because it answered 410, and not after days of nothing."""
    return (hook.ended_ms or 0) - (hook.failing_ms or 0) <= standard.GIVE_UP_MS


def known(conn: Connection, id_: str) -> Hook:
    found = tables.hook(conn, id_)
    if found is None:
        raise _unknown()
    return found


def _unknown() -> Refused:
    return Refused("there is no such webhook", code="UNKNOWN_HOOK", hint="list the webhooks")


async def run(
    hub: "Hub",
    *,
    chance: Callable[[], float] = random.random,
    look_s: float = LOOK_S,
    timeout_s: float = TIMEOUT_S,
) -> None:
    """Tell what is due until cancelled; trouble with one address never holds up another."""
    telling: dict[str, asyncio.Task[int]] = {}

    async def look() -> None:
        ended = [telling.pop(id_) for id_ in list(telling) if telling[id_].done()]
        for id_ in await _to_tell(hub):
            if id_ not in telling:
                telling[id_] = asyncio.create_task(_tell(hub, asking, id_, chance))
        for each in ended:
            each.result()

    async with client(timeout_s) as asking:
        try:
            await keep_on(look, rest=lambda: look_s, log=hub.log, failed="telling_failed")
        finally:
            for task in telling.values():
                task.cancel()
            await asyncio.gather(*telling.values(), return_exceptions=True)


def client(timeout_s: float = TIMEOUT_S) -> httpx.AsyncClient:
    """Follows no redirect, goes through no proxy, and keeps nothing of an answer."""
    return httpx.AsyncClient(timeout=timeout_s, follow_redirects=False, trust_env=False)


async def once(hub: "Hub", asking: httpx.AsyncClient, *, chance: Callable[[], float] = random.random) -> int:
    """Tell what is due now; how many were taken."""
    return sum(await asyncio.gather(*(_tell(hub, asking, id_, chance) for id_ in await _to_tell(hub))))


async def _now_ms(hub: "Hub") -> int:
    """What rests and leases go by, of all hubs on one database."""
    return await hub.db.clock_ms(hub.now_ms())


async def _to_tell(hub: "Hub") -> list[str]:
    return await hub.db.read(tables.to_tell, now_ms=await _now_ms(hub), **_MOST)


async def _tell(hub: "Hub", asking: httpx.AsyncClient, id_: str, chance: Callable[[], float]) -> int:
    """One webhook's messages, in their order, until one is not taken; how many were.

    No other hub tells it meanwhile: the next message would pass the one that is not answered yet.
    """
    if not (mine_ms := await _leased(hub, id_, 0)):
        return 0
    try:
        taken = 0
        rested: dict[str, Any] = {"now_ms": await _now_ms(hub), "longest_ms": standard.LONGEST_MS}
        for message in await hub.db.read(tables.due, id_, most=AT_ONCE, **rested):
            if not (kept_ms := await _leased(hub, id_, mine_ms)):
                break
            mine_ms = kept_ms
            hook = await hub.db.read(tables.hook, id_)
            if hook is None or not await _took(hub, asking, hook, message, chance):
                break
            taken += 1
        return taken
    finally:
        await hub.db.apply(tables.release, id_, mine_ms=mine_ms)


async def _leased(hub: "Hub", id_: str, mine_ms: int) -> int:
    """Until when a webhook is ours to tell; 0 when it is not."""
    now_ms = await _now_ms(hub)
    until_ms = now_ms + LEASE_MS
    lease = {"mine_ms": mine_ms, "now_ms": now_ms, "until_ms": until_ms, **_MOST}
    return until_ms if await hub.db.apply(tables.lease, id_, **lease) else 0


async def _took(
    hub: "Hub", asking: httpx.AsyncClient, hook: Hook, message: Message, chance: Callable[[], float]
) -> bool:
    """Tell one message; whether it was taken. What was not comes again."""
    try:
        status = await _ask(hub, asking, hook, message)
    except Exception as error:
        # Such as a secret that does not open: it rests as one that does not answer.
        hub.log("telling_failed", **died(error))
        status = 0
    if 200 <= status < 300:
        await hub.db.apply(tables.told, hook.id, message.id)
        return True
    now_ms = await _now_ms(hub)
    # The message by its own tries, the webhook by all of them: one message that is never taken stops no other.
    next_ms, rest_ms = (
        now_ms + standard.pause_ms(tries + 1, chance=chance) for tries in (message.tries, hook.tries)
    )
    again = {"now_ms": now_ms, "next_ms": next_ms, "rest_ms": rest_ms, "tries": hook.tries + 1}
    if await hub.db.apply(failed, message, status=status, **again):
        hub.log("webhook_ended", status=status, hint="see the fleet page; POST …/resume tells it again")
    return False


def failed(
    conn: Connection, message: Message, *, status: int, now_ms: int, next_ms: int, rest_ms: int, tries: int
) -> bool:
    """It was not taken: later again, or never again where nothing was for days; whether the webhook ended by it.

    `tries` are all of the webhook since it last took something, this one too.
    """
    id_ = message.webhook_id
    tables.put_off(conn, id_, message.id, tries=message.tries + 1, next_ms=next_ms)
    since_ms = tables.failing(conn, id_, now_ms=now_ms, next_ms=rest_ms)
    if since_ms is None:
        return False
    for_days = now_ms - since_ms > standard.GIVE_UP_MS and tries >= standard.GIVE_UP_TRIES
    return (status == GONE or for_days) and tables.end(conn, id_, now_ms=now_ms)


async def _ask(hub: "Hub", asking: httpx.AsyncClient, hook: Hook, message: Message) -> int:
    """The status of one try; 0: there was no answer, or the address leads where nothing is sent."""
    at_s, signing = hub.now_ms() // 1000, await _signing(hub, hook)
    secrets = [standard.key_of(unseal(hub.keys.hub_kek, each, _place(hook.id)).decode()) for each in signing]
    headers = {
        "content-type": "application/json",
        "user-agent": "Welkom-Webhooks/1",
        "webhook-id": message.id,
        "webhook-timestamp": str(at_s),
        "webhook-signature": standard.signature(secrets, id_=message.id, at_s=at_s, body=message.body),
    }
    try:
        async with asyncio.timeout(asking.timeout.read):  # all of it together
            url, host = await _where(hook.url, allowed=hub.config.hooks)
            request = asking.build_request("POST", url, content=message.body, headers=headers)
            if host:
                request.headers["host"] = urlsplit(hook.url).netloc
                request.extensions["sni_hostname"] = host
            answer = await asking.send(request, stream=True)
            await answer.aclose()
    except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError, ValueError):
        return 0
    return answer.status_code


async def _signing(hub: "Hub", hook: Hook) -> list[bytes]:
    """The secrets that sign now, as they are kept."""
    now_ms, until_ms = hub.now_ms(), hook.former_ms or 0
    if hook.former is None or until_ms <= now_ms:
        return [hook.wrapped]
    if until_ms > now_ms + ROTATE_MS + standard.APART_MS:
        # Rotated by a clock that was ahead. Whoever is told had perhaps no day yet to take the new one.
        await hub.db.apply(tables.end_former, hook.id, former_ms=now_ms + ROTATE_MS)
    return [hook.wrapped, hook.former]


async def _where(url: str, *, allowed: tuple[str, ...]) -> tuple[str, str]:
    """The address to ask by number, and the name that its certificate must have.

    The number is looked up here and asked as it was looked at: a name that leads elsewhere a moment later
    leads nowhere. Raises ValueError for what leads into a private network.
    """
    if why := standard.refused_url(url, allowed=allowed):
        raise ValueError(why)
    if standard.is_of(url, allowed):
        return url, ""
    parts = urlsplit(url)
    host = parts.hostname or ""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, parts.port or 443, type=socket.SOCK_STREAM)
    numbers = [str(each[4][0]) for each in found]
    for number in numbers:
        if why := standard.refused_ip(number):
            raise ValueError(why)
    number = f"[{numbers[0]}]" if ":" in numbers[0] else numbers[0]
    return parts._replace(netloc=f"{number}:{parts.port or 443}").geturl(), host


def _place(id_: str) -> bytes:
    return b"webhook|" + id_.encode()
