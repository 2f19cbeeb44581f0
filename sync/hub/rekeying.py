"""A shop that is new here gets the key with which its box has worked: under a hub that was put back since.

What was laid ready for it meanwhile, under a key of this hub's own, no box has fetched: keys of customers are sealed
anew where they lie, and cards are told again under the hash that the box makes of them.
"""

import msgspec

from edge.kit.seal import derive, key_place, seal, unseal
from edge.kit.sql import Connection
from edge.recognition.rules import outer
from sync import wire
from sync.hub import devices, feed
from sync.hub.config import Keys
from sync.hub.tables import feed as partitions
from sync.hub.tables import keys as kept
from sync.hub.tables import people


def take(conn: Connection, keys: Keys, *, shop_id: str, shop_key: bytes) -> None:
    """Make `shop_key` (32 bytes) the key of a shop whose box has fetched nothing yet."""
    before, cards = devices.shop_key_of(conn, keys, shop_id), people.credentials_in(conn, shop_id)
    devices.put_shop_key(conn, keys, shop_id, shop_key)
    transport = derive(shop_key, "key-transport")
    for part in (wire.urgent_part(shop_id), wire.main_part(shop_id)):
        rows = []
        for each in kept.laid(conn, part):
            place = key_place(each.customer_id)
            key = unseal(keys.hub_kek, each.wrapped, place)
            rows.append((part, each.seq, msgspec.json.encode(wire.Key(seal(transport, key, place)))))
        kept.fill(conn, rows)
    lines = [feed.no_card(shop_id, card.customer_id, outer_hash=outer(before, card.hash)) for card in cards]
    for card in cards:
        lines += feed.credential(shop_id, card, outer_hash=outer(shop_key, card.hash))
    partitions.publish(conn, lines)
