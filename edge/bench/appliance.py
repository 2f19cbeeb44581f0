"""The appliance under measurement, in a process of its own: the real composition with two readers of ours.

Lines on stdin: `tap BARCODE`, `tap-only BARCODE` (its commit is not forced to disk), `began` (when the last tap did,
in ns), `crowd N` (sightings a second of nobody beside it), `rss`, `whole` (is all of the replica there). Every answer
is one line on stdout.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import uvloop

from drivers.reader import Idle, Sighting, Token
from edge.app import Edge, open_edge
from edge.config import load
from edge.kit.clock import SystemClock
from edge.kit.dumps import no_core_dumps
from edge.kit.log import json_log
from edge.kit.serve import listen

# Sightings of the crowd come in slices of this length, as a radio hands them over.
SLICE_S: Final = 0.01


class Driven:
    """A reader that sees what it is told to, and notes the instant (ns) it handed the sighting over.

    It says that instant when it is asked: a line to whoever measures would wake them in the middle of a tap.
    """

    name = "counter-1"

    def __init__(self) -> None:
        self.began_ns = 0
        self.told: asyncio.Queue[str] = asyncio.Queue()

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        yield Idle(self.name)
        while True:
            value = await self.told.get()
            self.began_ns = time.monotonic_ns()
            yield Sighting(self.name, datetime.now(UTC), "scan", Token("barcode", value, "weak"))


class Crowd:
    """Radio full of passers-by: sightings that belong to nobody here."""

    name = "door-1"

    def __init__(self) -> None:
        self.per_s = 0
        self.seen = 0

    async def events(self) -> AsyncGenerator[Sighting | Idle, None]:
        yield Idle(self.name)
        due = 0.0
        last_s = time.monotonic()
        while True:
            await asyncio.sleep(SLICE_S)
            # What is due by the clock, also after the loop was late: a radio does not wait either.
            now_s = time.monotonic()
            due += self.per_s * (now_s - last_s)
            last_s = now_s
            while due >= 1:
                due -= 1
                self.seen += 1
                token = Token("uid", f"{self.seen:014x}", "weak")
                yield Sighting(self.name, datetime.now(UTC), "near", token)
            yield Idle(self.name)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def rss_mb() -> float:
    """Resident memory of this process in MB, from /proc/self/status (proc(5))."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


async def obey(edge: Edge, driven: Driven, crowd: Crowd) -> None:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    durable = True
    while line := (await lines.readline()).decode().split():
        match line:
            case ["tap", value]:
                if not durable:
                    await edge.house.db.force_commits(True)
                    durable = True
                driven.told.put_nowait(value)
            case ["tap-only", value]:
                if durable:
                    await edge.house.db.force_commits(False)
                    durable = False
                driven.told.put_nowait(value)
            case ["began"]:
                say(str(driven.began_ns))
            case ["crowd", number]:
                crowd.per_s = int(number)
                say("ok")
            case ["rss"]:
                say(f"{rss_mb():.1f} {int(edge.house.health.search_ready)} {crowd.seen}")
            case ["whole"]:
                # Whether the replica is all there, and how many visits there were: a tap that was recognised is one.
                (seen,) = edge.house.db.reader.execute("SELECT count(*) FROM visit").fetchone()
                say(f"{int(_is_whole(edge))} {seen}")
            case _:
                say("?")


def _is_whole(edge: Edge) -> bool:
    held = edge.house.db.reader.execute("SELECT 1 FROM replica.customer LIMIT 1").fetchone()
    return held is not None and not edge.house.health.fetching


async def main(config_file: Path) -> None:
    config = load(config_file)
    log = json_log(now_ms=SystemClock().wall_ms)
    driven, crowd = Driven(), Crowd()
    async with open_edge(config, log=log, readers=[driven, crowd]) as edge:
        with listen(config.server.host, config.server.port) as sock:
            say(f"ready {sock.getsockname()[1]}")
            serving = asyncio.create_task(edge.run(sock))
            obeying = asyncio.create_task(obey(edge, driven, crowd))
            await asyncio.wait([serving, obeying], return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                serving.result()  # a house that fell over must not look like a slow one
            serving.cancel()
            await asyncio.wait([serving])


if __name__ == "__main__":
    no_core_dumps()
    uvloop.run(main(Path(sys.argv[1])))
