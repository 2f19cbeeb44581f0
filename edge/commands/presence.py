"""`welkom presence`: sightings on standard input, presence on standard output, a line of JSON each, as they come."""

import argparse
import gzip
import io
import sys
import zlib
from collections.abc import Iterable, Iterator
from itertools import count
from pathlib import Path
from typing import Final, TextIO

from edge.kit.errors import WelkomError
from edge.presence.devices import Device, parse_keys
from edge.presence.files import opened, read_floor
from edge.presence.fingerprints import Fingerprint, read_fingerprints
from edge.presence.floor import Floor
from edge.presence.resolver import Here
from edge.presence.strongest import Strongest

GZIP: Final = b"\x1f\x8b"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--floor", type=Path, required=True, metavar="F.toml", help="zones and scanners")
    parser.add_argument(
        "--calibration",
        type=Path,
        required=True,
        metavar="C.jsonl",
        help="fingerprints; an empty file: the strongest scanner decides",
    )
    parser.add_argument(
        "--keys", type=Path, metavar="K.jsonl", help="keys of devices whose identifiers change"
    )


def run(words: argparse.Namespace) -> int:
    floor = read_floor(words.floor)
    with opened(words.calibration, code="P12") as lines:
        fingerprints = read_fingerprints(lines, floor, file=str(words.calibration))
    _answer(_stdin(), floor, fingerprints, _keys(words.keys))
    return 0


def _answer(
    lines: Iterable[str],
    floor: Floor,
    fingerprints: tuple[Fingerprint, ...],
    devices: list[Device] | None,
) -> None:
    from edge.presence.belief import Belief
    from edge.presence.radio_map import build
    from edge.presence.stream import LineError, Stream
    from edge.presence.tracker import Tracker

    radio_map = build(floor, fingerprints)
    if radio_map is None and fingerprints:
        _complain(WelkomError("the calibration knows one zone only", code="P12", hint="walk the others too"))
    numbers = count(1)
    tracker = Tracker(
        floor,
        locate=lambda: Strongest(floor) if radio_map is None else Belief(radio_map),
        new_visit=lambda: f"visit-{next(numbers)}",
    )

    def refuse(number: int, error: LineError) -> None:
        _complain(WelkomError(f"input line {number}: {error}", code="P13", hint="it was left out"))

    stream = Stream(tracker, resolve=None if devices is None else Here(devices), refuse=refuse)
    try:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                _say(stream.take(line, number))
            except LineError as error:
                refuse(number, error)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise WelkomError(
            "the packed input is damaged or cut",
            code="P13",
            hint="pack it again; what came before is answered",
        ) from None
    finally:
        _say(stream.end())


def _complain(trouble: WelkomError) -> None:
    print(f"welkom: {trouble.sentence()}", file=sys.stderr)


def _say(lines: Iterator[str]) -> None:
    said = False
    for line in lines:
        sys.stdout.write(line + "\n")
        said = True
    if said:
        sys.stdout.flush()


def _keys(path: Path | None) -> list[Device] | None:
    if path is None:
        return None
    with opened(path, code="P01") as lines:
        return parse_keys(lines, where=str(path))


def _stdin() -> TextIO:
    """Standard input, packed or not. Damaged UTF-8 is a bad line, not an end."""
    source = open(0, "rb", closefd=False)  # noqa: SIM115 - it ends with the process
    packed = source.peek(2)[:2] == GZIP
    return io.TextIOWrapper(
        gzip.GzipFile(fileobj=source) if packed else source, encoding="utf-8", errors="replace"
    )
