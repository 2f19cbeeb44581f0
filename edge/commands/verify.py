"""`welkom verify`: whether a customer's copy, or the receipt of an erasure, is as the hub signed it."""

import argparse
import json
import sys
from pathlib import Path

from edge.kit.errors import WelkomError, WordsError
from sync import bundle
from sync.wire import WireError


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", type=Path, help="what a customer downloaded from their own page"
    )
    parser.add_argument(
        "--key",
        action="append",
        required=True,
        metavar="HEX",
        help="a key of the hub, as its address /portal/keys shows it; once for each that may have signed",
    )
    parser.add_argument(
        "--print", action="store_true", dest="whole", help="print the content, not only what it is"
    )


def run(words: argparse.Namespace) -> int:
    try:
        file = words.file.read_bytes()
    except OSError as error:
        hint = "name the file that was downloaded"
        raise WordsError(f"{words.file}: cannot be read ({error.strerror})", code="W02", hint=hint) from None
    try:
        content = bundle.opened(file, [each.lower() for each in words.key])
    except WireError as error:
        raise WelkomError(f"{words.file}: {error}", code=error.code, hint=error.hint) from None
    made = content.get("made") or content.get("erased")
    print(f"Good: {content['schema']}, made {made} by {content['issuer']}.", file=sys.stderr)
    if words.whole:
        print(json.dumps(content, ensure_ascii=False, indent=2))
    return 0
