"""`welkom decode`: a request a line on standard input, an answer a line on standard output."""

import argparse
import gzip
import io
import json
import sys
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from edge.decoding import Cannot, answer, id_in, refusal
from edge.kit.errors import WelkomError
from edge.kit.log import died

MAX_LINE: Final = 1 << 20  # bytes; the largest field, a Smart Tap bundle, has 128 KiB of hex
START: Final = 1 << 16  # bytes of a longer line in which its id is looked for
PIECE: Final = 1 << 16
GZIP: Final = b"\x1f\x8b"  # no request begins so: `welkom decode < requests.jsonl.gz`


def add(parser: argparse.ArgumentParser) -> None:
    parser.epilog = 'echo \'{"id": 1, "protocol": "gs1", "text": "4006381333931"}\' | welkom decode'


def run(words: argparse.Namespace) -> int:
    try:
        for line in answers(_opened(sys.stdin.buffer)):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise WelkomError(
            "the gzipped requests are damaged or cut",
            code="D01",
            hint="pack them again; those before are answered",
        ) from None
    return 0


def _opened(given: BinaryIO) -> BinaryIO:
    packed = isinstance(given, io.BufferedReader) and given.peek(2)[:2] == GZIP
    return cast("BinaryIO", gzip.GzipFile(fileobj=given)) if packed else given


def answers(lines: BinaryIO) -> Iterator[str]:
    """An answer for each line, in order, as each line comes; memory stays bounded however long a line is."""
    while line := lines.readline(MAX_LINE + 1):
        found = _too_long(line, lines) if len(line) > MAX_LINE else _answered(line)
        try:
            yield json.dumps(found, allow_nan=False)
        except RecursionError:  # an id just deep enough to be read and not to be written
            yield json.dumps({**found, "id": None})


def _answered(line: bytes) -> dict[str, object]:
    try:
        text = line.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        return refusal(None, Cannot("BAD_JSON", "write UTF-8"))
    try:
        return answer(text)
    except Exception as error:  # a mistake of ours in one line must not cost the lines after it
        print(f"welkom: {json.dumps(died(error))} [X00] report this line", file=sys.stderr, flush=True)
        return refusal(None, Cannot("BAD_FIELD", "this request cannot be computed; report it"))


def _too_long(start: bytes, lines: BinaryIO) -> dict[str, object]:
    while not start.endswith(b"\n") and (piece := lines.readline(PIECE)):
        if piece.endswith(b"\n"):
            break
    return refusal(
        id_in(start[:START].decode(errors="replace")),
        Cannot("TOO_LARGE", f"a line has at most {MAX_LINE} bytes"),
    )
