"""Imports as headquarters' programs see them, and the fleet."""

from typing import TYPE_CHECKING, Annotated

from litestar import get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from edge.kit.errors import Refused
from sync.hub.documented import refuses
from sync.hub.hq import fleet, imports, shapes
from sync.hub.hq.asking import Cursor, Limit, onward, since
from sync.hub.tables import imports as tables

if TYPE_CHECKING:
    from sync.hub.app import Hub

Number = Annotated[int, PathParameter(ge=1, le=2**53)]
SkipTouched = Annotated[bool, QueryParameter(description="leave rows that something newer changed")]


def routes(hub: "Hub") -> list[HTTPRouteHandler]:
    """The handlers, bound to one hub."""

    @get("/imports", scope="imports:read", summary="Imports, newest first", responses=refuses(400, 403))
    async def listed(limit: Limit = 50, cursor: Cursor = "") -> shapes.Imports:
        (below,) = since(cursor, tuple[int], (2**53,))
        found = await hub.db.read(tables.runs, below=max(0, min(below, 2**53)), most=limit + 1)
        more = onward(found[limit - 1].number) if len(found) > limit else None
        return shapes.Imports([_shape(each) for each in found[:limit]], more)

    @get(
        "/imports/{number:int}", scope="imports:read", summary="One import", responses=refuses(400, 403, 404)
    )
    async def read(number: Number) -> shapes.Import:
        found = await hub.db.read(tables.run, number)
        if found is None:
            raise Refused("there is no such import", code="UNKNOWN_IMPORT", hint="list the imports")
        return _shape(found)

    @post(
        "/imports/{number:int}/undo",
        scope="imports:write",
        summary="Take an import back",
        status_code=200,
        responses=refuses(400, 403, 404, 409),
    )
    async def undo(number: Number, skip_touched: SkipTouched = False) -> shapes.TakenBack:
        rows, left = await imports.take_back(hub, number, skip_touched=skip_touched)
        return shapes.TakenBack(
            number, rows, left.rows, [shapes.LeftRow(each.t, each.id) for each in left.first]
        )

    @get(
        "/fleet",
        scope="fleet:read",
        summary="Every shop's boxes, what needs somebody first",
        responses=refuses(403),
    )
    async def shops() -> shapes.Fleet:
        return shapes.Fleet([_box(each) for each in await fleet.boxes(hub)])

    return [listed, read, undo, shops]


def _box(box: fleet.Box) -> shapes.Box:
    return shapes.Box(
        id=box.id,
        shop=box.shop_id,
        mood=box.mood,
        why=list(box.why),
        connected=box.connected,
        last_contact_ms=box.contact_ms,
        facts=box.facts,
        dead_letters=box.dead,
        feed_lag_rows=box.lag_rows,
        open_receipts=box.receipts,
        clock_off_ms=box.clock_off_ms,
        status=box.status,
    )


def _shape(run: tables.Run) -> shapes.Import:
    return shapes.Import(run.number, run.kind, run.state, run.added, run.changed, run.gone, run.at_ms)
