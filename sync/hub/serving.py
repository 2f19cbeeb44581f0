"""What the hub answers over HTTP: every room of its addresses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from litestar import Litestar, Request, Response
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.routes import HTTPRoute
from litestar.types import ControllerRouterHandler, ExceptionHandlersMap, Message, Scope

from sync import wire
from sync.hub import api
from sync.hub.answers import problems
from sync.hub.hq import api as headquarters
from sync.hub.portal import routes as portal
from sync.hub.portal.security import AddHeaders

if TYPE_CHECKING:
    from sync.hub.app import Hub

_PAGES = ("/portal/", "/hq/")
_PROGRAMS = ("/api/", "/sync/", "/schema")


def everything(hub: "Hub") -> Litestar:
    return application(hub, [*api.routes(hub), headquarters.router(hub), portal.router(hub)])


def application(hub: "Hub", routes: Sequence[ControllerRouterHandler]) -> Litestar:
    """An application of these routes only."""
    return Litestar(
        routes,
        before_send=[
            AddHeaders(hub.config.frame_ancestors, https=hub.config.secure_cookies),
            _every_method,
        ],
        exception_handlers=_problems(hub),
        openapi_config=OpenAPIConfig(
            title="Welkom hub",
            version=str(wire.SCHEMA),
            path="/schema",
            components=headquarters.COMPONENTS,
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        request_max_body_size=wire.BATCH_BYTES,
        logging_config=None,
    )


async def _every_method(message: Message, scope: Scope) -> None:
    """What the framework answers OPTIONS with names the first handler of a path alone: here it names all."""
    if message["type"] != "http.response.start" or scope.get("method") != "OPTIONS":
        return
    here = scope.get("path_template")
    routes = (each for each in scope["litestar_app"].routes if isinstance(each, HTTPRoute))
    if found := next((each for each in routes if each.path_format == here), None):
        others = [each for each in message["headers"] if each[0].lower() != b"allow"]
        message["headers"] = [*others, (b"allow", ", ".join(sorted(found.methods)).encode())]


def _problems(hub: "Hub") -> ExceptionHandlersMap:
    """How errors become answers; to whoever looks for a page, what is no page of ours is one all the same."""
    handlers = problems(now_ms=hub.now_ms, log=hub.log, counted=hub.tally.refused)
    for_programs = handlers[HTTPException]

    def http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
        path, accepted = request.scope["path"], request.headers.get("accept", "")
        is_page = path.startswith(_PAGES) or ("text/html" in accepted and not path.startswith(_PROGRAMS))
        said = portal.trouble(hub.pages, request, error) if is_page else for_programs(request, error)
        said.headers |= error.headers or {}  # a 405 says what is allowed (RFC 9110, 15.5.6)
        return said

    return {**handlers, HTTPException: http}
