"""What shops ask all the time goes to its handler at once, and the framework before it is left out.

That is a request as the contract has it. Whatever is not (another method or address, a word that is wrong, a body
that is too long or comes in pieces) the framework reads and answers, as it does all else; what a handler raises is
answered by the framework's table of errors, and what it adds to each answer is added here.
"""

import re
from typing import Any, Final

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import Message, Receive, Scope, Send
from msgspec import ValidationError, convert

from sync import standing, wire
from sync.receipt import RECEIPT_PATH

OFTEN: Final = (wire.EVENTS_PATH, wire.FEED_PATH, wire.GUEST_PATH, standing.DEVICE_PATH, RECEIPT_PATH)
_HOST: Final = re.compile(r"[0-9A-Za-z.:\[\]_-]*")  # whether any other is one the framework says


class Often:
    """An ASGI application before `app`."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._handlers: dict[tuple[Any, str], HTTPRouteHandler] = {
            (method, route.path): handler
            for route in app.routes
            if isinstance(route, HTTPRoute) and route.path in OFTEN
            for handler in route.route_handlers
            for method in handler.http_methods - {"OPTIONS"}
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        handler = self._handlers.get((scope.get("method"), scope["path"]))
        if handler is None or (given := _given(handler, asked := _Asked(handler, scope, receive))) is None:
            await self._app(scope, receive, send)
            return
        # As much as the framework leaves in it for whoever stands before.
        scope["path_template"] = scope["path"]
        scope["route_handler"] = handler
        scope["litestar_app"] = self._app
        try:
            answer = await handler.fn(**given)
        except Exception as error:
            answer = self._trouble(asked, error)
        for message in _said(answer, handler):
            for hook in self._app.before_send:
                await hook(message, scope)
            await send(message)

    def _trouble(self, asked: "_Asked", error: Exception) -> Response[Any]:
        """What the hub says of an error, by the nearest of its kinds."""
        kinds: Any = self._app.exception_handlers
        said: Response[Any] = next(kinds[kind] for kind in type(error).__mro__ if kind in kinds)(asked, error)
        return said


class _Asked:
    """As much of a request as these handlers look at."""

    __slots__ = ("_body", "_most", "headers", "receive", "scope", "state")

    def __init__(self, handler: HTTPRouteHandler, scope: Scope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        # Of a name that stands there twice the first counts, as in the framework.
        fields = reversed([*scope["headers"]])
        self.headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in fields}
        self.state = State(scope.setdefault("state", {}))
        self._most = handler.resolve_request_max_body_size() or 0
        self._body: bytes | None = None

    async def body(self) -> bytes:
        if self._body is None:
            self._body = await self._read()
        return self._body

    async def _read(self) -> bytes:
        """As a rule it came whole; any other is read, or refused, by the framework."""
        length = self.headers.get("content-length", "0")
        came: list[Any] = []
        if length.isdecimal() and int(length) <= self._most:
            first: Any = await self.receive()
            body = first.get("body", b"")
            if first["type"] == "http.request" and not first.get("more_body") and len(body) <= self._most:
                return bytes(body)
            came.append(first)

        async def receive() -> Any:
            return came.pop() if came else await self.receive()

        return await Request[Any, Any, Any](self.scope, receive).body()


def _given(handler: HTTPRouteHandler, asked: _Asked) -> dict[str, Any] | None:
    """What a handler is called with; None where the framework is to say what is wrong."""
    if not _HOST.fullmatch(asked.headers.get("host", "")):
        return None
    words: dict[str, Any] = {}
    if asked.scope["query_string"]:
        words |= Request[Any, Any, Any](asked.scope).query_params.items()
    try:
        return convert(words | {"request": asked}, handler.signature_model, strict=False).to_dict()
    except ValidationError:
        return None


def _said(answer: Response[Any], handler: HTTPRouteHandler) -> tuple[Message, Message]:
    """An answer in the words of the framework."""
    content: bytes = answer.content
    kind = answer.media_type or handler.media_type
    head = answer.headers | {"content-type": kind, "content-length": str(len(content))}
    fields = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in head.items()]
    status = answer.status_code or handler.status_code
    return (
        {"type": "http.response.start", "status": status, "headers": fields},
        {"type": "http.response.body", "body": content, "more_body": False},
    )
