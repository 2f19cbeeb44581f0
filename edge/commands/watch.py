"""`welkom watch`: one reader alone, a line of JSON for each sighting."""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

from drivers import catalogue, pipe, settings
from drivers.codecs.sightings import to_line
from drivers.nearby import nobody
from drivers.reader import Reader, ReaderGone, Sighting
from drivers.settings import KEYS, ReaderSettings, SettingsError, parse_reader
from drivers.wallet_settings import factory_keys
from edge.kit.clock import SystemClock
from edge.kit.dumps import no_core_dumps
from edge.kit.errors import ConfigError
from edge.kit.log import Log, bridge_library_logs, json_log
from edge.kit.told import until_told
from edge.kit.toml_file import read_toml
from edge.presence.devices import read_keys
from edge.presence.resolver import Here
from edge.replays import Replays
from edge.watch import keep

# The appliance restarts in 1 to 2 s. Whoever tapped meanwhile still stands there; whoever tapped long ago does not.
AGAIN_S: Final = 1.0
PAST: Final = timedelta(seconds=5)


def add(parser: argparse.ArgumentParser) -> None:
    either = add_reader(parser)
    either.add_argument(
        "--state", type=Path, help="remember here, beyond this run, which counters and passes were used up"
    )


def add_reader(
    parser: argparse.ArgumentParser, *, beside: str = "instead"
) -> argparse._MutuallyExclusiveGroup:
    """The words that name one reader, and where its sightings go; what else may stand in place of that."""
    parser.add_argument(
        "kind", nargs="?", metavar="KIND", choices=tuple(catalogue.KINDS), help=", ".join(catalogue.KINDS)
    )
    parser.add_argument("--device", help="overrides the device of the settings")
    parser.add_argument(
        "--settings", type=Path, help="file with [[readers]] tables; the first of KIND is taken"
    )
    parser.add_argument("--name", help="the reader of this name in the settings")
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--pipe", type=Path, help=f"send sightings to this socket of the appliance {beside}")
    return either


def run(words: argparse.Namespace) -> int:
    return watched(words, state=words.state)


def watched(
    words: argparse.Namespace, *, state: Path | None, noted: Callable[[Sighting], None] | None = None
) -> int:
    """Run the reader that the words name until told; `noted` hears of each sighting, and nothing is printed then."""
    no_core_dumps()
    chosen = choose(words.kind, words.device, words.settings, words.name)
    reader = catalogue.build(chosen, resolve=Here(read_keys(chosen.keys)) if chosen.keys else nobody)
    log = json_log(now_ms=SystemClock().wall_ms)
    bridge_library_logs(log)
    if weak := factory_keys(chosen.sun):
        log("test_keys", reader=chosen.name, hint=weak)
    # Other kinds carry what was judged where it was seen.
    makes_proofs = "sun" in KEYS[chosen.kind][1]
    replays = Replays(state) if state or (makes_proofs and not words.pipe) else None
    try:
        asyncio.run(
            until_told(
                _watch(reader, log, socket=words.pipe, replays=replays if makes_proofs else None, noted=noted)
            )
        )
    finally:
        if replays is not None:
            replays.close()
    return 0


def choose(kind: str | None, device: str | None, file: Path | None, name: str | None) -> ReaderSettings:
    """The reader to run: from the settings by name or kind, or of `kind` with its defaults."""
    if kind is None and name is None:
        raise ConfigError(
            "no reader was named", code="C05", hint=f"say a kind ({', '.join(catalogue.KINDS)}) or --name"
        )
    given = tables(file) if file else []
    wanted = [
        (number, table)
        for number, table in enumerate(given)
        if (kind is None or table.get("kind") == kind) and (name is None or table.get("name") == name)
    ]
    if file and not wanted:
        raise ConfigError(
            f"{file}: no reader of that kind or name", code="C05", hint="compare with its [[readers]] tables"
        )
    number, table = wanted[0] if wanted else (0, {"name": name or f"{kind}-1", "kind": kind})
    if device is not None:
        table = {**table, "device": device}
    try:
        return parse_reader(table, where=f"readers[{number}]", base=file.parent if file else Path())
    except SettingsError as error:
        raise ConfigError(
            str(error), code="C01", hint="see the reader settings in drivers/README.md"
        ) from None


def tables(file: Path) -> list[dict[str, object]]:
    """The [[readers]] of a file, unchecked; raises ConfigError, also where there is none."""
    try:
        found = settings.tables(read_toml(file, code="C01", hint="check the path"))
    except SettingsError as error:
        raise ConfigError(
            f"{file}: {error}", code="C01", hint="see the reader settings in drivers/README.md"
        ) from None
    if not found:
        raise ConfigError(f"{file}: names no reader", code="C05", hint="write a [[readers]] table in it")
    return found


async def _watch(
    reader: Reader,
    log: Log,
    *,
    socket: Path | None,
    replays: Replays | None,
    noted: Callable[[Sighting], None] | None,
) -> None:
    waiting: asyncio.Queue[Sighting] = asyncio.Queue(maxsize=16)
    told = waiting.put if socket else partial(_told, replays, noted or _print)

    async def both(sighting: Sighting) -> None:
        if socket and noted:
            noted(sighting)
        await told(sighting)

    async with asyncio.TaskGroup() as group:
        group.create_task(keep(reader, both, log=log))
        if socket:
            group.create_task(_forward(socket, waiting, log))


async def _told(replays: Replays | None, to: Callable[[Sighting], None], sighting: Sighting) -> None:
    if replays is not None:
        sighting = await asyncio.to_thread(replays.judge, sighting)  # a disk may take its time
    to(sighting)


def _print(sighting: Sighting) -> None:
    sys.stdout.write(to_line(sighting) + "\n")
    sys.stdout.flush()


async def _forward(socket: Path, waiting: asyncio.Queue[Sighting], log: Log) -> None:
    """Send what is seen to the appliance, over again when it restarts; one log line down and one up."""
    connected = True
    unsent: Sighting | None = None

    async def sightings() -> AsyncGenerator[Sighting, None]:
        nonlocal connected, unsent
        if not connected:
            connected = True
            log("pipe_up")
        while True:
            if unsent is None:
                unsent = await waiting.get()
            if datetime.now(UTC) - unsent.at < PAST:
                yield unsent
            unsent = None

    while True:
        with suppress(ReaderGone):
            await pipe.send(socket, sightings())
        if connected:
            connected = False
            log("pipe_down", hint="start the appliance that listens on that socket")
        await asyncio.sleep(AGAIN_S)
