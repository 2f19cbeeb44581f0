"""`welkom bench NAME`: a figure with its floor beside it."""

import argparse
import asyncio
import sys
import tempfile
from pathlib import Path

from edge.kit.errors import ConfigError


def add(parser: argparse.ArgumentParser) -> None:
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    tap = names.add_parser("tap", help="from a sighting to the refreshed fragment on every tablet")
    tap.add_argument("--customers", type=int, default=30_000, metavar="N", help="size of the shop (30000)")
    tap.add_argument("--taps", type=int, default=300, metavar="N", help="taps of each variant (300)")
    tap.add_argument("--seed", type=int, default=1)
    tap.add_argument("--state", type=Path, help="keep the invented shop here, to measure again sooner")
    tap.add_argument("--json", action="store_true", help="end with one JSON object")
    shelf = names.add_parser("catalogue", help="from typed text to products, beside a scan with SQL LIKE")
    shelf.add_argument(
        "--products", type=int, default=100_000, metavar="N", help="size of the catalogue (100000)"
    )
    shelf.add_argument("--searches", type=int, default=700, metavar="N", help="searches of each (700)")
    shelf.add_argument("--seed", type=int, default=1)
    shelf.add_argument("--json", action="store_true", help="end with one JSON object")
    radio = names.add_parser(
        "ble", help="rotating identifiers: windows, adverts a second, the loop meanwhile"
    )
    radio.add_argument(
        "--devices", type=int, default=1_000_000, metavar="N", help="keys in the shop (1000000)"
    )
    radio.add_argument("--adverts", type=int, default=200_000, metavar="N", help="adverts resolved (200000)")
    radio.add_argument("--windows", type=int, default=3, metavar="N", help="new windows made (3)")
    radio.add_argument("--seed", type=int, default=1)
    radio.add_argument("--state", type=Path, help="keep the invented shop here, to measure again sooner")
    radio.add_argument("--json", action="store_true", help="end with one JSON object")


def run(words: argparse.Namespace) -> int:
    if words.name == "catalogue":
        return _catalogue(words)
    if words.name == "ble":
        return _ble(words)
    from edge.bench import tap

    if words.customers < 1_000 or words.taps < 20:
        raise ConfigError("too little to measure", code="C09", hint="at least --customers 1000 and --taps 20")
    with tempfile.TemporaryDirectory(prefix="welkom-bench-") as temporary:
        state = words.state or Path(temporary)
        result = asyncio.run(
            tap.measure(
                state, customers=words.customers, taps=words.taps, seed=words.seed, tablets=tap.TABLETS
            )
        )
    sys.stdout.write((tap.dump(result) if words.json else tap.text(result)) + "\n")
    return 0


def _catalogue(words: argparse.Namespace) -> int:
    from edge.bench import catalogue

    if words.products < 100 or words.searches < 14:
        raise ConfigError(
            "too little to measure", code="C09", hint="at least --products 100 and --searches 14"
        )
    with tempfile.TemporaryDirectory(prefix="welkom-bench-") as temporary:
        result = catalogue.measure(
            Path(temporary), products=words.products, searches=words.searches, seed=words.seed
        )
    sys.stdout.write((catalogue.dump(result) if words.json else catalogue.text(result)) + "\n")
    return 0


def _ble(words: argparse.Namespace) -> int:
    from edge.bench import ble

    if words.devices < 1_000 or words.adverts < 1_000 or words.windows < 1:
        raise ConfigError(
            "too little to measure",
            code="C09",
            hint="at least --devices 1000, --adverts 1000 and --windows 1",
        )
    with tempfile.TemporaryDirectory(prefix="welkom-bench-") as temporary:
        result = asyncio.run(
            ble.measure(
                words.state or Path(temporary),
                devices=words.devices,
                adverts=words.adverts,
                windows=words.windows,
                seed=words.seed,
            )
        )
    sys.stdout.write((ble.dump(result) if words.json else ble.text(result)) + "\n")
    return 0
