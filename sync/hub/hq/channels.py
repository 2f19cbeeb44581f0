"""The other channels: orders and wish lists come in from the web and other tills, one time line goes out."""

import hmac
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import msgspec
from litestar import get, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from edge.kit.errors import Corrupt, Refused
from edge.kit.seal import derive, seal, unseal
from edge.kit.sql import Connection
from sync.hub import books, wallet
from sync.hub.config import Keys
from sync.hub.devices import shop_key_of
from sync.hub.documented import refuses
from sync.hub.hq import news, pickups, shapes, whom
from sync.hub.hq import put as imports
from sync.hub.hq.asking import Cursor, CustomerId, Limit, onward, since
from sync.hub.problem import Refusal
from sync.hub.tables import catalogue as goods
from sync.hub.tables import feed as partitions
from sync.hub.tables import happenings as tables
from sync.hub.tables import reading
from sync.hub.tables import wallet as purses
from sync.hub.tables.feed import Moved

if TYPE_CHECKING:
    from sync.hub.app import Hub

OURS: Final = "hq"  # the channel of what headquarters itself moved
_BASIS: Final = "saving"  # what an order rests on: it is part of the agreement
_END_MS: Final = 253_402_300_799_000


def routes(hub: "Hub") -> list[HTTPRouteHandler]:
    """The handlers, bound to one hub."""

    @put(
        "/customers/{customer_id:str}/orders",
        scope="channels:write",
        summary="Report an order or a purchase",
        responses=refuses(400, 403, 404, 409, 413, 422),
    )
    async def order(customer_id: CustomerId, data: JSONBody[shapes.Order]) -> shapes.Moment:
        customer = bytes.fromhex(customer_id)
        await hub.change(take_order, hub.keys, customer, data=data, now_ms=hub.now_ms())
        kept = await hub.db.read(tables.happening, _id(hub.keys, data.channel, data.number))
        if kept is None:  # erased since
            return shapes.Moment(data.at_ms, data.channel, data.state, data.shop)
        return shapes.Moment(kept.at_ms, kept.channel, kept.kind, kept.shop_id)

    @put(
        "/customers/{customer_id:str}/wishlist",
        scope="channels:write",
        summary="Set the wish list",
        responses=refuses(400, 403, 404, 413),
    )
    async def wishes(customer_id: CustomerId, data: JSONBody[shapes.WishList]) -> shapes.WishList:
        customer = bytes.fromhex(customer_id)
        await hub.change(take_wishes, hub.keys, customer, data=data, now_ms=hub.now_ms())
        return data

    @get(
        "/customers/{customer_id:str}/timeline",
        scope="customers:read",
        summary="Everything, newest first",
        responses=refuses(400, 403, 404),
    )
    async def line(customer_id: CustomerId, limit: Limit = 50, cursor: Cursor = "") -> shapes.TimeLine:
        customer = bytes.fromhex(customer_id)
        upto_ms, skip = since(cursor, tuple[int, int], (_END_MS, 0))
        upto_ms, skip = max(0, min(upto_ms, _END_MS)), max(0, min(skip, 10_000))
        most = skip + limit + 1

        def look(conn: Connection) -> list[shapes.Moment]:
            whom.known(conn, customer)
            whole = timeline(conn, hub.keys, customer, upto_ms=upto_ms, most=most, now_ms=hub.basis_ms())
            return list(islice(whole, skip, most))

        moments = await hub.db.view(look)
        found, more = moments[:limit], None
        if len(moments) > limit:
            last_ms = found[-1].at_ms
            same = sum(each.at_ms == last_ms for each in found) + (skip if last_ms == upto_ms else 0)
            more = onward(last_ms, same)
        return shapes.TimeLine(found, more)

    return [order, wishes, line]


def take_order(
    conn: Connection, keys: Keys, customer: bytes, *, data: shapes.Order, now_ms: int
) -> list[Moved]:
    """Keep an order of another channel, sealed; what lies ready in a shop goes to that customer's shops.

    A report that is older than the kept one changes nothing; one that says the same is no news.
    """
    if data.state == "ready" and data.shop is None:
        hint = "$.shop: an order that is `ready` names the shop where it lies; see /schema/openapi.json"
        raise Refusal("the request is not as the contract says", code="BAD_REQUEST", hint=hint, status=400)
    whom.hold(conn, [customer])
    if data.shop is not None:
        shop_key_of(conn, keys, data.shop)
    id_ = _id(keys, data.channel, data.number)
    before = tables.happening(conn, id_)
    if before and before.customer_id == customer and before.at_ms > data.at_ms:
        return []
    key = whom.key_of(conn, keys, customer)
    about: dict[str, Any] = {"number": data.number, "total_cents": data.total_cents}
    about |= {"lines": [msgspec.to_builtins(each) for each in data.lines]}
    if data.place:
        about |= {"place": data.place}
    sealed = seal(key, msgspec.json.encode(about), place(customer, id_))
    kept = tables.Happening(id_, customer, data.channel, data.state, data.shop, data.at_ms, sealed)
    if not tables.put(conn, kept):
        hint = "a number is of one customer, in one channel"
        raise Refused("the order is another customer's", code="CUSTOMER_TAKEN", hint=hint)
    if before is None or before._replace(sealed=sealed) != kept or opened(key, before) != about:
        news.tell(conn, [news.News("order.reported", now_ms, customer, data.shop)])
    held = purses.trait(conn, customer, "pickup")
    value = whom.value_of(key, customer, held) if held else None
    orders = value.get("orders", []) if isinstance(value, dict) else []
    ready = pickups.told(orders, data, before)
    if ready == orders:
        return []
    imports.put_traits(conn, keys, customer, {"pickup": {"orders": ready}}, now_ms=now_ms)
    return partitions.publish(conn, wallet.rows(conn, [customer]))


def take_wishes(
    conn: Connection, keys: Keys, customer: bytes, *, data: shapes.WishList, now_ms: int
) -> list[Moved]:
    """Set what a customer saved for later; raises Refused for a product that nobody knows."""
    whom.hold(conn, [customer])
    items = list(dict.fromkeys(data.items))
    for item in items:
        held = goods.product(conn, item)
        if held is None or held[1] is None:
            raise Refused(
                f"no product is called {item!r}", code="UNKNOWN_PRODUCT", hint="import products first"
            )
    before = purses.trait(conn, customer, "wishlist")
    if before and whom.value_of(whom.key_of(conn, keys, customer), customer, before) == {"items": items}:
        return []
    news.tell(conn, [news.News("wishlist.changed", now_ms, customer)])
    imports.put_traits(conn, keys, customer, {"wishlist": {"items": items}}, now_ms=now_ms)
    return partitions.publish(conn, wallet.rows(conn, [customer]))


def timeline(
    conn: Connection, keys: Keys, customer: bytes, *, upto_ms: int, most: int, now_ms: int
) -> Iterator[shapes.Moment]:
    """What the shops reported, what the other channels told and what headquarters moved, newest first."""
    open_ = reading.has_basis(conn, customer, _BASIS, now_ms=now_ms)
    key = whom.key_of(conn, keys, customer) if open_ else b""
    told = (
        shapes.Moment(each.at_ms, "store", each.kind, each.shop_id, _moved(each) if open_ else None)
        for each in tables.told(conn, customer, upto_ms=upto_ms, most=most)
    )
    happened = (
        shapes.Moment(each.at_ms, each.channel, each.kind, each.shop_id, opened(key, each) if open_ else None)
        for each in tables.happened(conn, customer, upto_ms=upto_ms, most=most)
    )
    moved = (
        shapes.Moment(each.at_ms, OURS, "wallet_moved", about=_line(each) if open_ else None)
        for each in purses.entries(conn, customer, device_ids=books.EVERY, upto_ms=upto_ms, most=most)
    )
    return merge(told, happened, moved, key=lambda each: -each.at_ms)


def _moved(told: tables.Told) -> dict[str, Any] | None:
    """Of a line in a ledger what moved; of other facts the kind says enough."""
    if told.kind != "wallet_moved":
        return None
    body = msgspec.json.decode(told.body)
    return {name: body[name] for name in ("instrument", "delta", "why") if name in body}


def _line(entry: purses.Entry) -> dict[str, Any]:
    return {"instrument": entry.instrument, "delta": entry.delta, "why": entry.why}


def opened(key: bytes, each: tables.Happening) -> dict[str, Any] | None:
    """What a happening was, with the customer's own key; None where it does not open."""
    try:
        about = msgspec.json.decode(unseal(key, each.sealed, place(each.customer_id, each.id)))
    except Corrupt:
        return None
    return about if isinstance(about, dict) else None


def _id(keys: Keys, channel: str, number: str) -> bytes:
    """One order, by channel and number."""
    name = f"{channel}|{number}".encode()
    return hmac.digest(derive(keys.hub_kek, "happening"), name, "sha256")[:16]


def place(customer: bytes, id_: bytes) -> bytes:
    """Associated data of a happening."""
    return b"happening|" + customer + b"|" + id_
