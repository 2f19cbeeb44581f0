"""Webhooks as headquarters' programs make, change and end them."""

from typing import TYPE_CHECKING, Annotated

from litestar import delete, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from edge.kit.text import entire
from sync.hub.documented import refuses
from sync.hub.hq import shapes, webhooks
from sync.hub.tables import hooks as tables
from sync.hub.tables.hooks import Hook

if TYPE_CHECKING:
    from sync.hub.app import Hub

HookId = Annotated[str, PathParameter(pattern=entire("wh_[0-9A-Fa-f]{16}"))]


def routes(hub: "Hub") -> list[HTTPRouteHandler]:
    """The handlers, bound to one hub."""

    @get(
        "/webhooks",
        scope="webhooks",
        summary="Webhooks and what they are still to be told",
        responses=refuses(403),
    )
    async def listed() -> shapes.Hooks:
        waiting = await hub.db.read(tables.waiting)
        found = await hub.db.read(tables.every)
        return shapes.Hooks([_shape(each, waiting.get(each.id, 0)) for each in found])

    @post(
        "/webhooks",
        scope="webhooks",
        summary="Tell an address",
        status_code=201,
        responses=refuses(400, 403, 404, 413, 422),
    )
    async def make(data: JSONBody[shapes.NewHook]) -> shapes.Hook:
        kinds, allowed = frozenset(data.kinds), hub.config.hooks
        hook, secret = await hub.db.apply(webhooks.make, hub.keys, url=data.url, kinds=kinds, allowed=allowed)
        return _shape(hook, 0, secret)

    @post(
        "/webhooks/{hook:str}/rotate",
        scope="webhooks",
        summary="A new secret",
        status_code=200,
        responses=refuses(400, 403, 404),
    )
    async def rotate(hook: HookId) -> shapes.Hook:
        hook = hook.lower()
        secret = await hub.db.apply(webhooks.rotate, hub.keys, hook, now_ms=hub.now_ms())
        return _shape(await hub.db.read(webhooks.known, hook), 0, secret)

    @post(
        "/webhooks/{hook:str}/resume",
        scope="webhooks",
        summary="Tell it again",
        status_code=204,
        responses=refuses(400, 403, 404),
    )
    async def resume(hook: HookId) -> None:
        await hub.db.apply(webhooks.resume, hook.lower())

    @delete(
        "/webhooks/{hook:str}",
        scope="webhooks",
        summary="Tell it nothing any more",
        responses=refuses(400, 403, 404),
    )
    async def drop(hook: HookId) -> None:
        await hub.db.read(webhooks.known, hook.lower())
        await hub.db.apply(tables.drop, hook.lower())

    return [listed, make, rotate, resume, drop]


def _shape(hook: Hook, waiting: int, secret: str | None = None) -> shapes.Hook:
    kinds = sorted(hook.kinds)
    return shapes.Hook(hook.id, hook.url, kinds, waiting, hook.failing_ms, hook.ended_ms, secret)
