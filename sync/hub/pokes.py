"""The stream of pokes to one shop: where its partitions stand, and that the hub is still there."""

import asyncio
from collections.abc import AsyncGenerator

from sync import wire
from sync.hub.feed import Bell
from sync.hub.store import Store
from sync.hub.tables import feed
from sync.pokes import BEAT, BEAT_S, Poke, encode


async def stream(db: Store, bell: Bell, shop_id: str) -> AsyncGenerator[bytes, None]:
    """Pokes until the shop or the hub goes. What stands already is said first, so that none is missed."""
    urgent = wire.urgent_part(shop_id)
    parts = (urgent, wire.main_part(shop_id))
    said = dict.fromkeys(parts, -1)
    with bell.following(parts) as rung:
        while not bell.closed:
            rung.clear()
            grown = b""
            for part in parts:
                last = await db.read(feed.last, part)
                if last != said[part]:
                    said[part] = last
                    grown += encode(Poke(part, last, "urgent" if part == urgent else "rows"))
            if grown:
                yield grown
            try:
                async with asyncio.timeout(BEAT_S):
                    await rung.wait()
            except TimeoutError:
                yield BEAT
