"""`welkom replay`: a recorded day played again, to programs or to an appliance, and then it ends."""

import argparse
import asyncio
import sys
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

from drivers import pipe
from drivers.codecs.sightings import to_line
from drivers.reader import Sighting
from drivers.replay import ReplayReader, recorded


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Plays a recorded day: the sightings of a file at the pace at which they came, with the time that it is "
        "now. They go to standard output, as `welkom watch` prints them, or into the socket of an appliance (a "
        "reader of kind pipe). An appliance that is to play one by itself has a reader of kind replay."
    )
    parser.add_argument("file", type=Path, metavar="FILE", help="day.jsonl, or day.jsonl.gz")
    parser.add_argument(
        "--pace", type=_pace, default=1.0, metavar="N", help="10: ten times as fast; 0: without waiting (1)"
    )
    parser.add_argument("--keep-at", action="store_true", help="with the times of the recording")
    parser.add_argument(
        "--pipe", type=Path, metavar="SOCKET", help="into this socket of an appliance instead"
    )


def run(words: argparse.Namespace) -> int:
    asyncio.run(_play(words))
    return 0


async def _play(words: argparse.Namespace) -> None:
    played = _sightings(words.file, pace=words.pace, keep_at=words.keep_at)
    async with aclosing(played):
        if words.pipe:
            await pipe.send(words.pipe, played)
            return
        async for each in played:
            sys.stdout.write(to_line(each) + "\n")
            sys.stdout.flush()


async def _sightings(file: Path, *, pace: float, keep_at: bool) -> AsyncGenerator[Sighting, None]:
    """All of a file; raises ReaderError for what cannot be played, before the first."""
    left: int | None = None
    async with aclosing(ReplayReader("replay", file, pace=pace, keep_at=keep_at).events()) as events:
        async for event in events:
            if left is None:  # the reader has looked at the whole file by now
                left = await asyncio.to_thread(lambda: sum(1 for _ in recorded(file)))
            if isinstance(event, Sighting):
                yield event
                left -= 1
            if left == 0:
                return


def _pace(text: str) -> float:
    try:
        pace = float(text)
    except ValueError:
        pace = -1.0
    if not 0 <= pace < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 0")
    return pace
