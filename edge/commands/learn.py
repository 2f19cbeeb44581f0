"""`welkom learn`: headquarters' ranking, from the purchases of whoever agreed to advice, sent to every shop.

No purchase leaves the hub's database: no file is written, and what is sent holds weights alone. A timer runs it each
week, by the law of the hub's `country`. With too few baskets the model that shops have stays.
"""

import argparse
import asyncio
import os
from pathlib import Path
from typing import Any

from edge.at_hub import knowing_shops
from edge.hub_file import load_hub
from edge.kit.sql import Connection
from sync import wire
from sync.hub import catalogue, models
from sync.hub.hq import histories


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="hub.toml")
    parser.add_argument("--dry-run", action="store_true", help="learn, say from how much, and send nothing")


def run(words: argparse.Namespace) -> int:
    asyncio.run(_do(words))
    return 0


async def _do(words: argparse.Namespace) -> None:
    from edge.advice.central import MOST_CUSTOMERS, learnt
    from edge.advice.ranking.packing import MODEL
    from edge.advice.rules import Item

    async with knowing_shops(load_hub(words.config, environment=os.environ)) as hub:

        def read(conn: Connection) -> tuple[list[tuple[bytes, Any]], dict[str, Item]]:
            asked = histories.Asked(hub.keys.hub_kek, hub.basis_ms(), MOST_CUSTOMERS, hub.log)
            items = {}
            for item, d in catalogue.bodies(conn).items():
                of = wire.decode_as(bytes(d), wire.Product)
                kind = f"{of.category} / {of.department}"
                items[item] = Item(item, of.title, kind, of.durable, of.sensitive, None)
            return list(histories.consented(conn, asked)), items

        people, items = await hub.db.view(read)
        found = learnt(people, items, country=hub.config.country, now_ms=hub.now_ms())
        people.clear()
        said = f"Learnt from {found.baskets} baskets of {found.customers} customers who agreed"
        if found.packed is None:
            print(f"{said}: too few, every shop keeps what it has.")
        elif words.dry_run:
            print(f"{said}; nothing was sent: this was a dry run.")
        elif moved := await hub.change(models.publish, MODEL, found.packed):
            print(f"{said}; sent to {len(moved)} shops.")
        else:
            print(f"{said}; every shop has this one.")
