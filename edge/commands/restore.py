"""`welkom restore`: puts a copy that `welkom backup` made back in its place, with the keys that lie apart."""

import argparse
import asyncio
import json
import os
import socket
import sqlite3
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from edge.commands import UNCHANGED
from edge.hub_file import load_hub
from edge.kit.clock import SystemClock
from edge.kit.errors import ConfigError, WelkomError
from edge.kit.log import log_beside_words
from sync.hub import judging, putting_back
from sync.hub.app import open_hub
from sync.hub.config import Config
from sync.hub.putting_back import Found, Lay
from sync.hub.store import FILE

KNOCK_S = 1.0
_AGAIN = (
    "Such a box works on and holds what happened. Enrol it again as it is: `welkom enrol --config hub.toml --shop "
    "SHOP --device DEVICE`, and there `welkom enrol` with that code."
)


def add(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        f"{parser.description} The copy is one that `welkom backup` made, its keys the newest beside it. Stop the "
        "hub first, and start it again as always when this is done: shops then say again what the copy lacks, and "
        "whoever was erased since stays erased. What lay there is moved aside, not deleted."
    )
    parser.add_argument("--config", type=Path, required=True, help="hub.toml")
    parser.add_argument(
        "--from",
        dest="place",
        type=Path,
        required=True,
        metavar="DIR",
        help="the folder of the copies: the newest is taken; or one hub-….db in it",
    )
    parser.add_argument(
        "--dry-run",
        action="store_true",
        help="look at copy and keys, say what would be done, and change nothing",
    )
    parser.add_argument("--json", action="store_true", help="say it as one object of JSON")


def run(words: argparse.Namespace) -> int:
    settings = load_hub(words.config, environment=os.environ)
    config, named = settings.hub, {each.public_key for each in settings.shops}
    if config.database:
        raise ConfigError(
            "this hub keeps everything in PostgreSQL",
            code="X03",
            hint="put its base backup back, then start one hub with `welkom hub --restored` (sync/hub/README.md)",
        )
    found = putting_back.find(words.place, config)
    aside = config.state / f"{putting_back.ASIDE}{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}"
    moved = (config.state / FILE).exists()
    lay = putting_back.beside(found, config.state / FILE, named=named) if words.dry_run else None
    if not words.dry_run:
        _stopped(config)
        putting_back.refuse_open(config)
        moved = putting_back.lay(found, config, aside=aside)
        lay = putting_back.beside(found, aside / FILE, named=named)
        try:
            asyncio.run(_begin(config))
            if moved:
                with suppress(
                    OSError, sqlite3.Error
                ):  # a damaged one stays as it is; `welkom doctor` names it
                    putting_back.leave_keys_out(aside)
        except WelkomError as error:
            raise WelkomError(
                f"copy and keys lie there, and are not begun with: {error}",
                code=error.code,
                hint=f"{error.hint}; then once `welkom hub --restored`",
            ) from None
        finally:
            putting_back.hand_over(config.state)
    _say(words, found, aside if moved else None, lay)
    return 0


async def _begin(config: Config) -> None:
    """What the first start after a restore does, so that the next one is an ordinary one."""
    async with open_hub(config, log=log_beside_words(now_ms=SystemClock().wall_ms), put_back=True) as hub:
        await judging.judge(hub)


def _stopped(config: Config) -> None:
    """Raise WelkomError while something answers where this hub listens: it would write into what is moved away."""
    with suppress(OSError), closing(socket.create_connection((config.host, config.port), timeout=KNOCK_S)):
        raise WelkomError(
            f"something answers at {config.host}:{config.port}: the hub is not stopped",
            code="X07",
            hint="nothing was changed; stop it first (systemctl stop welkom-hub), then ask again",
        )


def _say(words: argparse.Namespace, found: Found, aside: Path | None, lay: Lay | None) -> None:
    if words.json:
        told = {"copy": str(found.copy), "keys": str(found.keys), "customers": found.customers}
        told |= {
            "forgotten": found.forgotten,
            "imports": found.imports,
            "aside": str(aside) if aside else None,
            "lay": asdict(lay) if lay else None,
            "done": not words.dry_run,
        }
        print(json.dumps(told))
        return
    would = "would be" if words.dry_run else "is"
    print(f"{found.copy} with the keys of {found.keys.name} {would} in place: {_has(found)}.")
    if found.forgotten:
        print(f"Erased since, and not put back: {found.forgotten}.")
    if aside:
        print(
            f"What lay there {would} moved to {aside}; it holds customers' keys: take it away once all is well."
        )
    if lay:
        print(f"What lay there has {_has(lay)}; customers whom the copy does not have: {lay.lost}.")
        if lay.imports > found.imports:
            print(
                f"The copy lacks every import above {found.imports}: take their files again; their numbers are "
                "given anew."
            )
        if lay.unknown:
            print(f"Enrolled since, and unknown to the copy: {', '.join(lay.unknown)}. {_AGAIN}")
    if words.dry_run:
        print(UNCHANGED)
        return
    print("Now start the hub as always: shops say again what the copy lacks.")
    if lay is None:
        print(
            "Boxes that were enrolled since the copy was made are unknown to it; /hq/fleet says when one knocks. "
            f"{_AGAIN}"
        )


def _has(side: Found | Lay) -> str:
    customers = "1 customer" if side.customers == 1 else f"{side.customers} customers"
    return f"{customers}, {f'imports up to {side.imports}' if side.imports else 'no import'}"
