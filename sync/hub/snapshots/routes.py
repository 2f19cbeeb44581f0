"""The bulk lane: snapshots for boxes that begin anew. None of it touches the lane of urgent rows."""

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, Final

from litestar import Request, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, QueryParameter

from sync import snapshot, wire
from sync.hub import admission, bodies
from sync.hub.documented import empty, refuses
from sync.hub.problem import Refusal
from sync.hub.tables.devices import Device

if TYPE_CHECKING:
    from sync.hub.app import Hub

AnyRequest = Request[Any, Any, Any]
_RANGE: Final = re.compile(r"bytes=(\d{1,15})-")
_ROWS: Final = "application/zstd"
_ID: Final = re.compile(r"[0-9a-f]{32}")
Wait = Annotated[int, QueryParameter(ge=0, le=wire.WAIT_S)]


def routes(hub: "Hub", signed: Callable[[AnyRequest], Awaitable[Device]]) -> list[HTTPRouteHandler]:
    """The handlers, bound to one hub; `signed` says whose request it is."""

    @get(
        snapshot.PATH,
        summary="Which snapshot to fetch",
        description="See sync/README.md.",
        responses=refuses(400, 403),
    )
    async def ticket(request: AnyRequest) -> Response[snapshot.Ticket]:
        device = await signed(request)
        answer = await hub.shelf.ticket(device.shop_id)
        return bodies.said(snapshot.encode_ticket(answer))

    @get(
        snapshot.PATH + "/{id_:str}",
        status_code=206,
        media_type=_ROWS,
        summary="Rows of a snapshot, from any byte on",
        description="`Range: bytes=N-`; 204 while there is nothing new, 416 after the last byte. See sync/README.md.",
        responses=refuses(400, 403, 404, 409)
        | empty(204, "nothing new yet")
        | empty(416, "that was the last byte"),
    )
    async def rows(request: AnyRequest, id_: FromPath[str], wait: Wait = 0) -> Response[bytes]:
        device = await signed(request)
        asked = _RANGE.fullmatch(request.headers.get("range", "bytes=0-"))
        if asked is None:
            raise _no("only one range with an open end is served", code="BAD_REQUEST", status=400)
        first = int(asked[1])
        piece = await hub.shelf.piece(device.shop_id, _known(id_), first=first, wait_s=wait)
        hub.admission.spent(device.shop_id, len(piece.content) / (4 * admission.PAGE_BYTES))  # only handed on
        if piece.content:
            last = first + len(piece.content) - 1
            span = f"bytes {first}-{last}/{'*' if piece.total is None else piece.total}"
            return _binary(piece.content, 206, {"content-range": span})
        if piece.total is None:
            return _binary(b"", 204, {})
        return _binary(b"", 416, {"content-range": f"bytes */{piece.total}"})

    @get(
        snapshot.PATH + "/{id_:str}/manifest",
        summary="What a snapshot holds, signed by the hub",
        responses=refuses(400, 403, 404, 409),
    )
    async def manifest(request: AnyRequest, id_: FromPath[str], wait: Wait = 0) -> Response[dict[str, Any]]:
        device = await signed(request)
        content = await hub.shelf.manifest(device.shop_id, _known(id_), wait_s=wait)
        return bodies.said(content)

    return [ticket, rows, manifest]


def _binary(content: bytes, status: int, headers: dict[str, str]) -> Response[bytes]:
    return Response(content, status_code=status, headers=headers, media_type=_ROWS if content else None)


def _known(id_: str) -> str:
    if not _ID.fullmatch(id_):
        raise _no("an id of a snapshot is 32 hex digits", code="SNAPSHOT_GONE", status=404)
    return id_


def _no(message: str, *, code: str, status: int) -> Refusal:
    return Refusal(message, code=code, hint="see sync/README.md", status=status)
