"""`welkom customer`: one customer at headquarters, without a name: found, seen, a card blocked, forgotten."""

import argparse
import asyncio
import sys
from pathlib import Path
from typing import Any, Final, cast

import msgspec

from edge.at_hub import at_hub, customer_id, tried
from edge.commands import UNCHANGED
from edge.kit.clock import rfc3339
from edge.kit.errors import WordsError
from edge.recognition.rules import CredentialKind
from sync.hub import lost
from sync.hub.app import Hub
from sync.hub.hq import cards, outline, shapes
from sync.hub.tables import wallet

_CARD: Final = (
    "KIND:VALUE, such as number:LOYALTY-0001 or uid:04a1b2c3d4e5f6; - reads that from standard input"
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "One customer at headquarters. What it prints is a line of JSON with ids, shops, consents and kinds of "
        "cards: no name, no number and no balance; those the customer sees on their own page (`welkom page`)."
    )
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    find = words.add_parser("find", help="the id behind headquarters' own number, or behind a card")
    show = words.add_parser("show", help="shops, consents, kinds of cards, and which traits are kept")
    block = words.add_parser("block", help="a lost card opens nothing any more, in every shop, at once")
    forget = words.add_parser("forget", help="everywhere and for good: no backup brings them back")
    for each in (find, show, forget):
        who = each.add_mutually_exclusive_group(required=True)
        who.add_argument("--ref", metavar="NUMBER", help="headquarters' own number of the customer")
        who.add_argument("--card", metavar="CARD", help=_CARD)
        if each is not find:
            who.add_argument("--id", metavar="ID", help="32 hex digits, as `find` prints it")
    block.add_argument("--card", metavar="CARD", required=True, help=_CARD)
    for each in (block, forget):
        each.add_argument("--dry-run", action="store_true", help="check everything and change nothing")
    for each in (find, show, block, forget):
        each.add_argument("--config", type=Path, required=True, help="hub.toml")


def run(words: argparse.Namespace) -> int:
    card = _card(words.card) if words.card else None
    id_ = customer_id(words.id) if getattr(words, "id", None) else None
    asyncio.run(_do(words, card, id_))
    return 0


async def _do(words: argparse.Namespace, card: tuple[CredentialKind, str] | None, id_: bytes | None) -> None:
    reads = words.act in ("find", "show") or words.dry_run
    async with at_hub(words.config, only_reads=reads) as hub:
        if words.act == "block":
            assert card is not None  # its option is required
            await _block(hub, card, dry_run=words.dry_run)
            return
        customer = id_
        if customer is None:
            customer = await hub.db.read(outline.find, hub.keys, ref=words.ref or "", card=card)
        match words.act:
            case "find":
                _print({"id": customer.hex()})
            case "show":
                seen = await hub.db.read(outline.outline, customer)
                kept = await hub.db.read(wallet.traits, customer)
                _print(_told(seen) | {"traits": sorted(each.name for each in kept)})
            case _:
                shops = (await hub.db.read(outline.outline, customer)).shops
                if words.dry_run:
                    print(f"They would be forgotten. {UNCHANGED}", file=sys.stderr)
                else:
                    await hub.erase(customer)
                done = _done("forget", "forgotten", dry_run=words.dry_run)
                _print({"id": customer.hex(), "shops": shops, **done})


async def _block(hub: Hub, card: tuple[CredentialKind, str], *, dry_run: bool) -> None:
    kind, value = card
    now_ms = hub.now_ms()
    if dry_run:
        await tried(hub, lost.block, hub.keys, kind=kind, value=value, now_ms=now_ms)
        print(f"That card would be blocked. {UNCHANGED}", file=sys.stderr)
    else:
        await hub.change(lost.block, hub.keys, kind=kind, value=value, now_ms=now_ms)
    _print(_done("block", "blocked", dry_run=dry_run))


def _done(act: str, done: str, *, dry_run: bool) -> dict[str, bool]:
    """As a program reads it: a dry run did nothing, and no "false" of it is a failure."""
    return {done: False, f"would_{act}": True} if dry_run else {done: True}


def _told(seen: shapes.Customer) -> dict[str, Any]:
    """As a program reads it, each instant also as RFC 3339."""
    told: dict[str, Any] = msgspec.to_builtins(seen)
    for its, name in (("consents", "until"), ("cards", "bound")):
        for each in told[its]:
            at_ms: int | None = each[f"{name}_ms"]
            each[name] = None if at_ms is None else rfc3339(at_ms)
    return told


def _card(text: str) -> tuple[CredentialKind, str]:
    """Kind and value of a card; its text stands in no error, for it may be a person's number."""
    kind, colon, value = (sys.stdin.readline().strip() if text == "-" else text).partition(":")
    if kind not in cards.KINDS or not colon or not value:
        kinds = " or ".join(f"{each}:…" for each in cards.KINDS)
        raise WordsError("--card is no card", code="W02", hint=f"{kinds}, as it is read")
    return cast("CredentialKind", kind), value


def _print(told: object) -> None:
    print(msgspec.json.encode(told).decode(), flush=True)
