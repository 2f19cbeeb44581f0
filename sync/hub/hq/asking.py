"""What every request of a program passes: whose token, may it, not too often, once only; and where a list goes on."""

from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from litestar import Request, Response
from litestar.connection import ASGIConnection
from litestar.handlers.base import BaseRouteHandler
from litestar.params import HeaderParameter, PathParameter, QueryParameter

from edge.kit import base64url
from edge.kit.sql import Connection
from edge.kit.text import entire
from sync import wire
from sync.hub.hq import tokens
from sync.hub.hq.limits import Buckets
from sync.hub.problem import Refusal
from sync.hub.tables import tokens as tables
from sync.hub.tables.feed import Moved
from sync.hub.tables.tokens import Token

if TYPE_CHECKING:
    from sync.hub.app import Hub

AnyRequest = Request[Any, Any, Any]
DAY_MS: Final = 86_400_000
MOST: Final = 200
# What stands in addresses: ids that mean nothing to others, never a name or number of a person.
CustomerId = Annotated[
    str, PathParameter(pattern=entire("[0-9A-Fa-f]{32}"), description="opaque, 32 hex digits")
]
Limit = Annotated[int, QueryParameter(ge=1, le=MOST, description="how many at most")]
Cursor = Annotated[str, QueryParameter(max_length=200, description="`next` of the answer before")]
_KEY: Final = "Idempotency-Key"
_TWICE: Final = "the same key within a day: the first answer again, and nothing happens twice"
Key = Annotated[
    str | None,
    HeaderParameter(name=_KEY, min_length=1, max_length=64, required=False, description=_TWICE),
]
NeededKey = Annotated[str, HeaderParameter(name=_KEY, min_length=1, max_length=64, description=_TWICE)]
Act = Callable[[Connection], tuple[int, Any, list[Moved]]]


def guard(hub: "Hub") -> Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]:
    """Raises Refusal unless a living token with the handler's `scope` asks, and not too often."""
    buckets = Buckets(now_ms=hub.now_ms)
    living: set[bytes] = set()  # hashes of tokens that were good the last time

    async def check(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        if connection.scope.get("method") == "OPTIONS":
            return  # the framework's own answer, from what the document says to everybody
        kind, _, token = connection.headers.get("authorization", "").partition(" ")
        asked = tokens.hashed(token.strip()) if kind.lower() == "bearer" else b""
        # Whose token is not known to be good shares one bucket an address, before the database is asked: so
        # guessing is slow, and costs programs that share the address (a proxy's) nothing.
        if asked not in living:
            host = connection.client.host if connection.client else ""
            _pour(buckets, f"@{host}")
        who = await hub.db.read(tables.alive, asked) if asked else None
        (living.add if who else living.discard)(asked)
        if who is not None:
            _pour(buckets, who.id)
        if who is None:
            hint = "send `Authorization: Bearer …`; `welkom token add` makes one"
            raise Refusal("no living token", code="NO_TOKEN", hint=hint, status=401)
        if handler.opt["scope"] not in who.scopes:
            hint = f"it lacks the scope {handler.opt['scope']}"
            raise Refusal("the token may not do this", code="NO_SCOPE", hint=hint, status=403)
        connection.state.who = who

    return check


def keyed(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Raises Refusal NO_KEY where a request that may count once only carries no key."""
    if _KEY.lower() not in connection.headers:
        hint = "send the header, so that a request that is sent again counts once"
        raise Refusal(f"no {_KEY}", code="NO_KEY", hint=hint, status=400)


def _pour(buckets: Buckets, name: str) -> None:
    if wait_s := buckets.take(name):
        raise Refusal(
            "too many requests",
            code="TOO_OFTEN",
            hint=f"ask again in {wait_s} s",
            status=429,
            retry_s=wait_s,
        )


async def once(
    hub: "Hub", request: AnyRequest, key: str | None, act: Act, *, customer_id: bytes
) -> Response[Any]:
    """Run `act` about a customer and answer with what it made, as JSON that is kept.

    With a key its first answer is kept in the same transaction.
    """
    who: Token = request.state.who
    asked = sha256(f"{request.method} {request.url.path.lower()}\n".encode() + await request.body()).digest()
    now_ms = hub.now_ms()

    def whole(conn: Connection) -> tuple[int, bytes, list[Moved]]:
        key_hash = sha256((key or "").encode()).digest()
        if key and (held := tables.answer(conn, who.id, key_hash)):
            if held.request != asked:
                hint = "take a new key for another request"
                raise Refusal("the key was used for another request", code="KEY_USED", hint=hint, status=422)
            return held.status, held.body, []
        status, made, moved = act(conn)
        body = b"" if made is None else msgspec.json.encode(made)
        if key:
            given = tables.Answer(asked, status, body)
            times = {"now_ms": now_ms, "until_ms": now_ms - DAY_MS}
            tables.keep_answer(conn, who.id, key_hash, given, customer_id=customer_id, **times)
        return status, body, moved

    status, body, moved = await hub.db.apply(whole)
    hub.announce(moved)
    return Response(body, status_code=status, media_type="application/json")


def onward(*values: Any) -> str:
    """Where a list goes on; opaque to whoever gets it."""
    return base64url.encode(msgspec.json.encode(values))


def since(text: str, kind: type[wire.T], first: wire.T) -> wire.T:
    """What a cursor says; `first` for none. Raises Refusal for what we did not make."""
    if not text:
        return first
    try:
        return msgspec.json.decode(base64url.decode(text), type=kind)
    except (ValueError, msgspec.MsgspecError):
        raise Refusal(
            "the cursor is none of ours", code="BAD_CURSOR", hint="begin without one", status=400
        ) from None
