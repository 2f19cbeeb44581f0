"""`welkom merge`: cards that became somebody's with all they had earned, and one of them taken back."""

import argparse
import asyncio
import json
import sys
from pathlib import Path

from edge.at_hub import at_hub
from edge.kit.clock import rfc3339
from edge.kit.errors import WordsError
from sync.hub import merging
from sync.hub.tables import merges as tables


def add(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    listed = words.add_parser("list", help="every merge, a line of JSON each")
    undo = words.add_parser("undo", help="card and balance go back, in every shop")
    undo.add_argument("id", metavar="ID", help="as `list` prints it")
    undo.add_argument("--dry-run", action="store_true", help="check everything and change nothing")
    for each in (listed, undo):
        each.add_argument("--config", type=Path, required=True, help="hub.toml")


def run(words: argparse.Namespace) -> int:
    asyncio.run(_do(words))
    return 0


async def _do(words: argparse.Namespace) -> None:
    async with at_hub(words.config, only_reads=words.act == "list" or words.dry_run) as hub:
        if words.act == "list":
            found = await hub.db.read(tables.every)
            for each in found:
                print(json.dumps(_told(each)))
            if not found:
                print("No card became somebody's yet.", file=sys.stderr)
            return
        try:
            merge_id = bytes.fromhex(words.id)
        except ValueError:
            hint = "`welkom merge list` names them"
            raise WordsError("an id is hex digits", code="W02", hint=hint) from None
        if words.dry_run:
            await hub.db.read(merging.undoable, hub.keys, merge_id)
        else:
            await hub.change(merging.undo, hub.keys, merge_id, now_ms=hub.now_ms())


def _told(each: tables.Merge) -> dict[str, object]:
    return {
        "id": each.id.hex(),
        "from": each.from_id.hex(),
        "into": each.into_id.hex(),
        "at": rfc3339(each.at_ms),
        "why": each.why,
        "shop": each.shop_id,
        "points": each.points,
        "stamps": each.stamps,
        "undone": None if each.undone_ms is None else rfc3339(each.undone_ms),
    }
