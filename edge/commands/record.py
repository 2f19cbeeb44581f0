"""`welkom record`: one reader's day as a file that may be kept and played again, without anybody in it."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from drivers.codecs.sightings import to_line
from drivers.reader import Sighting
from edge.commands.watch import add_reader, watched
from edge.kit.errors import WelkomError
from edge.redaction import Redaction


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        "Runs one reader as `welkom watch` does and writes each sighting down, a line of JSON, with a number in "
        "place of whose card it was. With --pipe the shop works on meanwhile: the appliance gets what was really "
        "seen. Ends with Ctrl-C; `welkom replay` plays it."
    )
    add_reader(parser, beside="too, as they are")
    parser.add_argument(
        "--out", type=Path, metavar="FILE", help="a new file, day.jsonl; standard output when not given"
    )


def run(words: argparse.Namespace) -> int:
    if words.out is None:
        return watched(words, state=None, noted=_to(sys.stdout))
    try:
        opened = os.open(words.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o640)
    except OSError as error:
        raise WelkomError(
            f"{words.out} cannot be made ({error.strerror})",
            code="X08",
            hint="nothing was recorded; give a name that is free, in a folder that may be written",
        ) from None
    with open(opened, "w", encoding="ascii") as file:
        return watched(words, state=None, noted=_to(file))


def _to(file: TextIO) -> Callable[[Sighting], None]:
    """Writes each sighting redacted; it is with the system when that returns."""
    redaction = Redaction()

    def write(sighting: Sighting) -> None:
        file.write(to_line(redaction.redacted(sighting)) + "\n")
        file.flush()

    return write
