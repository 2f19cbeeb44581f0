"""Products and stock as headquarters' programs see and change them."""

from typing import TYPE_CHECKING, Annotated

import msgspec
from litestar import delete, get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from edge.catalogue.rules import Product, Stock, gtin14
from edge.kit.errors import Refused
from edge.kit.text import entire
from sync import wire
from sync.hub import catalogue
from sync.hub.devices import shop_key_of
from sync.hub.documented import refuses
from sync.hub.hq import shapes
from sync.hub.hq.asking import Cursor, Limit, onward, since
from sync.hub.tables import catalogue as tables

if TYPE_CHECKING:
    from sync.hub.app import Hub

ItemId = Annotated[str, PathParameter(pattern=entire("[A-Za-z0-9._:+-]{1,64}"), description="item number")]
ShopId = Annotated[str, PathParameter(pattern=entire("[A-Za-z0-9._-]{1,48}"))]


def routes(hub: "Hub") -> list[HTTPRouteHandler]:
    """The handlers, bound to one hub."""

    @get(
        "/products", scope="goods:read", summary="Item numbers of the catalogue", responses=refuses(400, 403)
    )
    async def listed(limit: Limit = 50, cursor: Cursor = "") -> shapes.Page:
        (last,) = since(cursor, tuple[str], ("",))
        items = await hub.db.read(tables.items, after=last, most=limit + 1)
        return shapes.Page(items[:limit], onward(items[limit - 1]) if len(items) > limit else None)

    @get("/products/{item:str}", scope="goods:read", summary="One product", responses=refuses(400, 403, 404))
    async def read(item: ItemId) -> shapes.Product:
        held = await hub.db.read(tables.product, item)
        if held is None or held[1] is None:
            raise _unknown(item)
        return msgspec.convert(
            msgspec.to_builtins(wire.decode_as(bytes(held[1]), wire.Product)), shapes.Product
        )

    @put(
        "/products/{item:str}",
        scope="goods:write",
        summary="Add or change a product",
        responses=refuses(400, 403, 413, 422),
    )
    async def change(item: ItemId, data: JSONBody[shapes.Product]) -> shapes.Product:
        if data.gtin and gtin14(data.gtin) is None:
            hint = "its last digit is a check digit"
            raise Refused("the GTIN is none", code="BAD_GTIN", hint=hint)
        # As a file of products is read (edge.catalogue.importers.draft).
        data.colour, data.title = data.colour.lower(), " ".join(data.title.split())
        data.sizes = list(dict.fromkeys(each.strip() for each in data.sizes if each.strip()))
        data.alternatives = list(dict.fromkeys(each for each in data.alternatives if each != item))
        values = {name: getattr(data, name) for name in data.__struct_fields__}
        values |= {"sizes": tuple(data.sizes), "alternatives": tuple(data.alternatives)}
        await hub.change(catalogue.put_products, [Product(item=item, **values)])
        return data

    @delete(
        "/products/{item:str}",
        scope="goods:write",
        summary="Take a product out",
        responses=refuses(400, 403, 404),
    )
    async def drop(item: ItemId) -> None:
        held = await hub.db.read(tables.product, item)
        if held is None or held[1] is None:
            raise _unknown(item)
        await hub.change(catalogue.drop_products, [item])

    @get(
        "/shops/{shop:str}/stock/{item:str}",
        scope="goods:read",
        summary="A count in one shop",
        responses=refuses(400, 403, 404),
    )
    async def count(shop: ShopId, item: ItemId) -> shapes.Stock:
        await hub.db.read(shop_key_of, hub.keys, shop)
        held = await hub.db.read(tables.stock, shop, item)
        if held is None or held[1] is None:
            raise _unknown(item)
        found = wire.decode_as(bytes(held[1]), wire.Stock)
        return shapes.Stock(found.count, found.as_of_ms)

    @put(
        "/shops/{shop:str}/stock/{item:str}",
        scope="goods:write",
        summary="Set a count in one shop",
        responses=refuses(400, 403, 404, 413),
    )
    async def recount(shop: ShopId, item: ItemId, data: JSONBody[shapes.Stock]) -> shapes.Stock:
        now_ms = hub.now_ms()
        as_of_ms = now_ms if data.as_of_ms is None else min(data.as_of_ms, now_ms)
        stock = Stock(item, data.count, as_of_ms)
        await hub.change(catalogue.set_stock, [stock], shop_ids=[shop])
        return shapes.Stock(data.count, as_of_ms)

    return [listed, read, change, drop, count, recount]


def _unknown(item: str) -> Refused:
    return Refused(f"no product is called {item!r}", code="UNKNOWN_PRODUCT", hint="list the products")
