"""`welkom demo`: a whole shop that plays by itself; what `make run` runs."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import IO

import uvloop

from edge.demo.world import STAFF, World, open_world
from edge.kit.clock import SystemClock
from edge.kit.dumps import no_core_dumps
from edge.kit.errors import ConfigError
from edge.kit.log import bridge_library_logs, json_log
from edge.kit.told import until_told


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--state", type=Path, help="where it keeps its files (your state folder)")
    parser.add_argument("--quiet", action="store_true", help="say only the address")
    parser.add_argument("--json", action="store_true", help="print one JSON object about it first")


def run(words: argparse.Namespace) -> int:
    no_core_dumps()
    state = words.state or _home()
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        stream = open(state / "welkom.log", "a", encoding="utf-8")  # noqa: SIM115 - closed below
    except OSError as error:
        raise ConfigError(
            f"{state} cannot be its state folder: {error.strerror}",
            code="C01",
            hint="choose a folder of your own with --state",
        ) from None
    with stream:
        uvloop.run(until_told(_play(state.absolute(), stream, as_json=words.json, quiet=words.quiet)))
    return 0


def _home() -> Path:
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(base) / "welkom-demo"


async def _play(state: Path, stream: IO[str], *, as_json: bool, quiet: bool) -> None:
    log = json_log(now_ms=SystemClock().wall_ms, stream=stream)
    bridge_library_logs(log)
    async with open_world(state, log=log) as world:

        def opened() -> None:
            text = json.dumps(about(world)) if as_json else for_people(world, state, quiet=quiet)
            sys.stdout.write(text + "\n")
            sys.stdout.flush()

        await world.run(opened)


def about(world: World) -> dict[str, object]:
    """The object of contract.md, section HTTP."""
    name, _, pin = STAFF[0]
    return {
        "stage": f"{world.address}/demo",
        "tablet": f"{world.address}/demo/tablet",
        "hub": world.hub_address,
        "portal": f"{world.address}/demo/phone",
        "staff": {"name": name, "pin": pin},
        # As the card addresses them, which is not always as their papers do.
        "customers": [
            {"name": each.traits["name"]["call"], "barcode": each.barcode} for each in world.people
        ],
        "counter": str(world.line.far),
    }


def for_people(world: World, state: Path, *, quiet: bool) -> str:
    if quiet:
        return f"{world.address}/demo"
    name, _, pin = STAFF[0]
    found = ", ".join(world.found) if world.found else "none plugged in; the simulated ones work"
    return (
        f"Welkom is open:   {world.address}/demo\n"
        f"Sign in as        {name}, PIN {pin} (demo only)\n"
        f"Scan a card       echo {world.people[0].barcode} > {world.line.far}\n"
        f"Central wallet    {world.hub_address}\n"
        f"Real NFC readers  {found}\n"
        f"Log               {state / 'welkom.log'}\n"
        "Stop with Ctrl+C."
    )
