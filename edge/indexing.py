"""The indexes in memory by which staff find customers and products: built in slices, and kept as the replica is."""

import asyncio
from collections.abc import Sequence
from typing import Final

from edge.catalogue import tables as catalogue
from edge.files import whole_again
from edge.house import House
from edge.kit.errors import Corrupt
from edge.recognition import profile, tables

# Between two slices of names the loop serves taps; 100 names take some 2 ms.
NAMES_SLICE: Final = 100
# As long for the loop as a slice of names.
PRODUCTS_SLICE: Final = 50
# How soon an appliance without a hub sees that `welkom import` filled its own replica.
LOOK_S: Final = 1.0


async def fill_search(house: House) -> None:
    """Build the search index from the sealed names, in slices, while the house already serves.

    Once another replica took the place of the one that was read, all of it is built again.
    """
    while True:
        house.names_stale.clear()
        house.health.search_ready = False
        house.search.clear()
        await _fill_search(house)
        if not house.names_stale.is_set():
            house.search.settle()
            house.health.search_ready = True
            house.log("search_ready", customers=len(house.search))
            await house.names_stale.wait()


async def _fill_search(house: House) -> None:
    after = b""
    while not house.names_stale.is_set():
        rows = tables.names_after(
            house.db.reader,
            after,
            recipient=house.config.shop.recipient,
            now_ms=house.time.now_ms(),
            most=NAMES_SLICE,
        )
        if not rows:
            break
        _add_names(house, rows)
        after = rows[-1][0]
        await asyncio.sleep(0.004)


async def index_names(house: House, customer_ids: Sequence[bytes]) -> None:
    """Put customers that came down the feed into the search index too."""
    for start in range(0, len(customer_ids), NAMES_SLICE):
        for customer_id in customer_ids[start : start + NAMES_SLICE]:
            row = tables.name_of(
                house.db.reader,
                customer_id,
                recipient=house.config.shop.recipient,
                now_ms=house.time.now_ms(),
            )
            _add_names(house, [row] if row else [])
        await asyncio.sleep(0)


def _add_names(house: House, rows: Sequence[tables.SealedName]) -> None:
    for customer_id, sealed, ver, wrapped in rows:
        try:
            key = profile.unwrap(house.keys.kek, customer_id, wrapped)
            name = profile.unseal_trait(key, customer_id, name="name", ver=ver, sealed=sealed)
        except Corrupt as error:
            house.log("name_unreadable", code=error.code, hint=error.hint)
            continue
        if isinstance(name, dict) and (words := name.get("full") or name.get("call")):
            house.search.add(customer_id, str(words))


async def fill_products(house: House) -> None:
    """Build the index of products in slices; without a hub, build it again when the catalogue is another."""
    mark = catalogue.mark(house.db.reader)
    await _fill_products(house)
    house.log("products_ready", count=len(house.products))
    while not house.health.alone:
        await house.products_stale.wait()
        house.products_stale.clear()
        await _fill_products_anew(house)
        house.live.tell("products")
    version = -1
    while True:
        await asyncio.sleep(LOOK_S)
        (now,) = house.db.reader.execute("PRAGMA replica.data_version").fetchone()
        if now == version:
            continue
        version = now
        if (here := catalogue.mark(house.db.reader)) != mark:
            mark = here
            if house.health.fetching:
                house.health.fetching = False
                whole_again(house.config.store.state)
                house.log("replica_whole_again")
                house.live.tell("visits")
            await _fill_products_anew(house)
        house.live.tell("products")


async def _fill_products_anew(house: House) -> None:
    """Another catalogue: what was indexed of the old one goes."""
    house.products.clear()
    await _fill_products(house)


async def _fill_products(house: House) -> None:
    after = ""
    while some := catalogue.after(house.db.reader, after, most=PRODUCTS_SLICE):
        for product in some:
            house.products.put(product)
        after = some[-1].item
        await asyncio.sleep(0.004)
    house.products.ready = True


async def index_products(house: House, items: Sequence[str]) -> None:
    """Put products that came down the feed into the index too, and take out what went."""
    for start in range(0, len(items), PRODUCTS_SLICE):
        some = items[start : start + PRODUCTS_SLICE]
        held = {product.item: product for product in catalogue.products(house.db.reader, some)}
        for item in some:
            if product := held.get(item):
                house.products.put(product)
            else:
                house.products.remove(item)
        await asyncio.sleep(0)
    if house.products.worn:
        await _fill_products_anew(house)
