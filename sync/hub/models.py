"""What headquarters learnt goes to every shop: a model is a row of the feed, signed with its page as all rows are."""

from hashlib import sha256

import msgspec

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync import wire
from sync.hub.tables import catalogue
from sync.hub.tables import feed as partitions
from sync.hub.tables import models as tables
from sync.hub.tables.feed import Line, Moved


def publish(conn: Connection, name: str, packed: bytes) -> list[Moved]:
    """Send a model to every shop, in place of the one of that name; the same one is not sent again."""
    catalogue.hold(conn)
    d = msgspec.json.encode(wire.Model(packed, sha256(packed).hexdigest()))
    if len(d) > wire.ROW_BYTES - 512:
        raise Refused("the model is over a row of the feed", code="TOO_LARGE", hint="learn a smaller one")
    held = tables.model(conn, name)
    if held is not None and bytes(held[1]) == d:
        return []
    ver = held[0] + 1 if held else 1
    tables.put(conn, name, ver=ver, d=d)
    return partitions.publish(
        conn, [_line(shop_id, name, ver=ver, d=d) for shop_id in catalogue.shop_ids(conn)]
    )


def greet(conn: Connection, shop_id: str) -> list[Moved]:
    """Send every model to a shop that is new."""
    return partitions.publish(
        conn, [_line(shop_id, name, ver=ver, d=bytes(d)) for name, ver, d in tables.models(conn)]
    )


def _line(shop_id: str, name: str, *, ver: int, d: bytes) -> Line:
    return Line(wire.main_part(shop_id), "put", "model", name, ver, d, None)
