"""The hub's own handlers, asked without the framework that stands before them: that was an eighth of a story.

What shops ask all the time goes this way. Streams, whatever is not as the contract says, and all of one story in
sixteen go through the framework; `tests/sim` plays a seed both ways, to the same steps.
"""

from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import parse_qsl

from litestar import Litestar, Response
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute
from litestar.types import HTTPScope, Receive, Send
from msgspec import ValidationError, convert

from sync import standing, wire
from sync.receipt import RECEIPT_PATH

_OFTEN: Final = (wire.EVENTS_PATH, wire.FEED_PATH, wire.GUEST_PATH, standing.DEVICE_PATH, RECEIPT_PATH)


class _Asked:
    """As much of a request as these handlers look at."""

    __slots__ = ("_body", "headers", "receive", "scope", "state")

    def __init__(self, scope: HTTPScope, receive: Receive) -> None:
        self.scope = scope
        self.receive = receive
        self.headers = {name.decode("ascii"): value.decode("ascii") for name, value in scope["headers"]}
        self.state = SimpleNamespace()
        self._body: bytes | None = None

    async def body(self) -> bytes:
        if self._body is None:
            message: Any = await self.receive()
            self._body = message["body"]
        return self._body


class Handlers:
    """An ASGI application before `app`, which answers what is seldom asked."""

    def __init__(self, app: Litestar) -> None:
        self._app = app
        self._handlers: dict[tuple[str, str], HTTPRouteHandler] = {
            (method, route.path): handler
            for route in app.routes
            if isinstance(route, HTTPRoute) and route.path in _OFTEN
            for handler in route.route_handlers
            for method in handler.http_methods - {"OPTIONS"}
        }

    async def __call__(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        handler = self._handlers.get((scope["method"], scope["path"]))
        asked = _Asked(scope, receive)
        given = _given(handler, asked) if handler else None
        if handler is None or given is None:
            await self._app(scope, receive, send)
            return
        try:
            answer: Response[Any] = await handler.fn(**given)
        except Exception as error:
            answer = self._trouble(asked, error)
        head = {"content-type": answer.media_type or handler.media_type, **answer.headers}
        fields = [(name.encode("ascii"), value.encode("ascii")) for name, value in head.items()]
        status = answer.status_code or handler.status_code
        await send({"type": "http.response.start", "status": status, "headers": fields})
        await send({"type": "http.response.body", "body": answer.content, "more_body": False})

    def _trouble(self, asked: _Asked, error: Exception) -> Response[Any]:
        """What the hub says of an error, by the nearest of its kinds."""
        kinds: Any = self._app.exception_handlers
        said: Response[Any] = next(kinds[kind] for kind in type(error).__mro__ if kind in kinds)(asked, error)
        return said


def _given(handler: HTTPRouteHandler, asked: _Asked) -> dict[str, Any] | None:
    """What a handler is called with; None where the framework would refuse."""
    words = dict(parse_qsl(asked.scope["query_string"].decode("ascii")))
    try:
        return convert({"request": asked, **words}, handler.signature_model, strict=False).to_dict()
    except ValidationError:
        return None
