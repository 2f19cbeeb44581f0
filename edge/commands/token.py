"""`welkom token`: the tokens with which headquarters' own programs ask the hub."""

import argparse
import asyncio
import json
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from edge.at_hub import at_hub, tried
from edge.commands import UNCHANGED
from edge.kit.clock import rfc3339
from edge.kit.errors import WordsError
from edge.numbers import whole
from sync.hub.hq import erasing, tokens
from sync.hub.tables import tokens as tables
from sync.hub.tables.tokens import Token


def add(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    new = words.add_parser("add", help="makes a token and prints it, this once")
    new.add_argument("name", metavar="NAME", help="of the program that will use it")
    new.add_argument(
        "--scope", action="append", default=[], choices=sorted(tokens.SCOPES), help="again for more"
    )
    new.add_argument("--dry-run", action="store_true", help="check everything and change nothing")
    listed = words.add_parser("list", help="every token, a line of JSON each; never the token itself")
    end = words.add_parser("end", help="a token may nothing any more, at once")
    end.add_argument("id", metavar="ID", help="as `list` prints it; or its name")
    end.add_argument("--dry-run", action="store_true", help="check everything and change nothing")
    allow = words.add_parser("allow", help="lets a token forget more customers than usual, for an hour")
    allow.add_argument("id", metavar="ID", help="as `list` prints it; or its name")
    allow.add_argument("--erase", type=whole, required=True, metavar="N", help="customers at most")
    allow.add_argument("--dry-run", action="store_true", help="check everything and change nothing")
    for each in (new, listed, end, allow):
        each.add_argument("--config", type=Path, required=True, help="hub.toml")


def run(words: argparse.Namespace) -> int:
    asyncio.run(_do(words))
    return 0


async def _do(words: argparse.Namespace) -> None:
    if words.act == "add" and not words.name.strip():
        raise WordsError("NAME is empty", code="W02", hint="name the program: `list` and `end` go by it")
    async with at_hub(words.config, only_reads=words.act == "list" or words.dry_run) as hub:
        match words.act:
            case "add":
                if not words.scope:
                    raise WordsError("no --scope", code="W02", hint="a token without a scope may do nothing")
                if not words.dry_run:
                    scopes, now_ms = words.scope, hub.now_ms()
                    print(await hub.db.apply(tokens.make, words.name, scopes=scopes, now_ms=now_ms))
                    print(
                        f'Token "{words.name}" may {", ".join(sorted(set(scopes)))}. '
                        "Shown this once: keep it now.",
                        file=sys.stderr,
                    )
            case "list":
                found = list(tables.every(hub.db.reader))
                if not found:
                    print("No token was made: `welkom token add NAME --scope SCOPE`.", file=sys.stderr)
                for each in found:
                    told = {"id": each.id, "name": each.name, "scopes": sorted(each.scopes)}
                    ended = None if each.ended_ms is None else rfc3339(each.ended_ms)
                    print(json.dumps(told | {"made": rfc3339(each.made_ms), "ended": ended}))
            case "allow":
                id_ = _named(words.id, tables.every(hub.db.reader))
                if not any(each.id == id_ and each.ended_ms is None for each in tables.every(hub.db.reader)):
                    raise _unknown()
                if not 1 <= words.erase <= erasing.MOST_ALLOWED:
                    hint = f"from 1 to {erasing.MOST_ALLOWED}"
                    raise WordsError("--erase is out of range", code="W02", hint=hint)
                if not words.dry_run:
                    await hub.db.apply(erasing.allow, id_, most=words.erase, now_ms=hub.now_ms())
            case _:
                id_ = _named(words.id, tables.every(hub.db.reader))
                act = partial(tables.end, id_=id_, now_ms=hub.now_ms())
                if not await (tried(hub, act) if words.dry_run else hub.db.apply(act)):
                    raise _unknown()
                if words.dry_run:
                    print(f"That token would be ended. {UNCHANGED}", file=sys.stderr)


def _unknown() -> WordsError:
    hint = "`welkom token list` names them"
    return WordsError("no valid token has this id or name", code="W02", hint=hint)


def _named(said: str, every: Iterable[Token]) -> str:
    """The id of the valid token that `said` means, by id or name; raises WordsError for a name that two have."""
    valid = [each for each in every if each.ended_ms is None]
    named = [each.id for each in valid if each.name == said]
    if any(each.id == said for each in valid) or not named:
        return said
    if len(named) > 1:
        raise WordsError(
            f"{len(named)} valid tokens have this name",
            code="W02",
            hint=f"end one by its id: {', '.join(named)}",
        )
    return named[0]
