"""`welkom page`: lets somebody onto their own page whom headquarters knows, and who has no other way in."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from edge.at_hub import at_hub, customer_id, tried
from edge.commands import UNCHANGED
from edge.hub_file import load_hub
from edge.kit.errors import ConfigError
from sync.hub.hq import whom
from sync.hub.portal import sessions
from sync.hub.portal.sessions import CODE_MS


def add(parser: argparse.ArgumentParser) -> None:
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--ref", metavar="NUMBER", help="headquarters' own number of the customer")
    who.add_argument("--id", metavar="ID", help="32 hex digits, as `POST /api/v1/customers/find` answers")
    parser.add_argument("--config", type=Path, required=True, help="hub.toml")
    parser.add_argument("--dry-run", action="store_true", help="check everything and make no code")


def run(words: argparse.Namespace) -> int:
    address = asyncio.run(_address(words))
    if words.dry_run:
        print(f"A code for one phone would be made. {UNCHANGED}", file=sys.stderr)
        return 0
    sys.stdout.write(address)
    sys.stderr.write(
        f"For one phone, once, within {CODE_MS // 60_000} minutes. It opens everything of this customer: "
        "give it to nobody else, and only after you saw who they are.\n"
    )
    return 0


async def _address(words: argparse.Namespace) -> str:
    settings = load_hub(words.config, environment=os.environ)
    if not settings.hub.page:
        hint = f'set page = "https://…" under [hub] in {words.config}, then start the hub again'
        raise ConfigError("customers' pages have no address", code="C01", hint=hint)
    async with at_hub(words.config, only_reads=words.dry_run) as hub:
        customer = customer_id(words.id) if words.id else whom.customer_id(hub.keys, words.ref)
        if words.dry_run:
            return await tried(hub, sessions.make_code, customer, now_ms=hub.now_ms())
        return f"{settings.hub.page}/portal/link/{await hub.portal_code(customer)}\n"
