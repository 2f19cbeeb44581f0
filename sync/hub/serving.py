"""What the hub answers over HTTP: every room of its addresses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from litestar import Litestar
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.types import ControllerRouterHandler

from sync import wire
from sync.hub import api
from sync.hub.answers import problems
from sync.hub.hq import api as headquarters
from sync.hub.portal import routes as portal
from sync.hub.portal.security import AddHeaders

if TYPE_CHECKING:
    from sync.hub.app import Hub


def everything(hub: "Hub") -> Litestar:
    return application(hub, [*api.routes(hub), headquarters.router(hub), portal.router(hub)])


def application(hub: "Hub", routes: Sequence[ControllerRouterHandler]) -> Litestar:
    """An application of these routes only."""
    return Litestar(
        routes,
        before_send=[AddHeaders(hub.config.frame_ancestors)],
        exception_handlers=problems(now_ms=hub.now_ms, log=hub.log),
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
