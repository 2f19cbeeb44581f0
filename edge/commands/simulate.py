"""`welkom simulate`: many shops and one hub through every fault, seed by seed; the same seed is the same story."""

import argparse
import json
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeVar

from edge.kit.errors import WordsError
from edge.numbers import whole

T = TypeVar("T")
HUNT: Final = 200  # seeds in which a planted bug has to be found


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seeds", type=whole, required=True, metavar="N", help="how many seeds are played")
    parser.add_argument("--first", type=whole, default=1, metavar="S", help="the first of them (1)")
    parser.add_argument("--shops", type=whole, default=3, metavar="N", help="shops beside the hub (3)")
    parser.add_argument(
        "--planted",
        action="store_true",
        help=f"also plant each known bug; it has to be found in {HUNT} seeds",
    )
    parser.add_argument("--json", action="store_true", help="end with one JSON object")


def run(words: argparse.Namespace) -> int:
    if words.seeds < 1 or words.shops < 1 or words.first < 0:
        raise WordsError(
            "there is nothing to play",
            code="W01",
            hint="give --seeds and --shops of at least 1, and a --first of 0 or more",
        )
    from edge.simulate.planted import PLANTED
    from edge.simulate.play import hunt_all, play_all

    began_s = time.monotonic()
    failed = []
    seeds = range(words.first, words.first + words.seeds)
    for report in _shown(play_all(seeds, shops=words.shops), len(seeds), "seeds"):
        if report.broken:
            failed.append(report.seed)
            _tell(report, alone=words.seeds == 1, shops=words.shops)
    result: dict[str, Any] = {"seeds": words.seeds, "failed": failed}
    if words.planted:
        hunted = range(words.first, words.first + HUNT)
        found = _shown(hunt_all(hunted, shops=words.shops), len(PLANTED), "planted bugs")
        result["planted"] = dict(found)
    if words.json:
        print(json.dumps(result), flush=True)
    else:
        _say(result, time.monotonic() - began_s)
    return 1 if failed or None in result.get("planted", {}).values() else 0


def _tell(report: Any, *, alone: bool, shops: int) -> None:
    """What did not hold, on standard error; of a seed that is played alone also every step to it."""
    if alone:
        print("\n".join(report.steps), file=sys.stderr)
    for each in report.broken[:5]:
        print(f"seed {report.seed}: {each.invariant}: {each.what}", file=sys.stderr)
    if not alone:
        again = f"welkom simulate --first {report.seed} --seeds 1 --shops {shops}"
        print(f"seed {report.seed}: every step: {again}", file=sys.stderr, flush=True)


def _say(result: dict[str, Any], took_s: float) -> None:
    failed = result["failed"]
    print(
        f"{result['seeds']} seeds, {len(failed)} failed{': ' if failed else ''}{', '.join(map(str, failed))}"
    )
    for name, seeds in result.get("planted", {}).items():
        print(f"planted {name}: {f'found in {seeds} seeds' if seeds else f'NOT found in {HUNT} seeds'}")
    print(f"{took_s:.0f} s")


def _shown(each: Iterable[T], total: int, what: str) -> Iterator[T]:
    """Pass everything on; a bar on a terminal, nothing in a pipe."""
    for done, one in enumerate(each, 1):
        yield one
        if sys.stderr.isatty():
            bar = "#" * (30 * done // total)
            print(f"\r[{bar:<30}] {done}/{total} {what}", end="\n" if done == total else "", file=sys.stderr)
