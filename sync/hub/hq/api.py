"""`/api/v1`: what headquarters' programs may ask; a token for each, ids without meaning in every address."""

from typing import TYPE_CHECKING, Final

from litestar.openapi.spec import Components, SecurityScheme

from sync.hub.bodies import Shallow
from sync.hub.hq import channels, customers, goods, runs, telling
from sync.hub.hq.asking import guard
from sync.hub.room import Room

if TYPE_CHECKING:
    from sync.hub.app import Hub

PATH: Final = "/api/v1"
BODY_BYTES: Final = 1 << 20
COMPONENTS: Final = Components(
    security_schemes={"token": SecurityScheme(type="http", scheme="bearer", description="`welkom token add`")}
)


def router(hub: "Hub") -> Room:
    """Everything below /api/v1, behind one guard."""
    return Room(
        path=PATH,
        route_handlers=[
            *customers.routes(hub),
            *channels.routes(hub),
            *goods.routes(hub),
            *runs.routes(hub),
            *telling.routes(hub),
        ],
        guards=[guard(hub)],
        request_class=Shallow,
        security=[{"token": []}],
        request_max_body_size=BODY_BYTES,
        cache_control=None,
        response_headers={"cache-control": "no-store"},
        tags=["headquarters"],
    )
