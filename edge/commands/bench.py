"""`welkom bench NAME`: a figure with its floor beside it."""

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Final

from edge.kit.errors import ConfigError, WordsError
from edge.numbers import whole


def add(parser: argparse.ArgumentParser) -> None:
    names = parser.add_subparsers(dest="name", metavar="NAME", required=True)
    tap = names.add_parser("tap", help="from a sighting to the refreshed fragment on every tablet")
    tap.add_argument("--customers", type=whole, default=30_000, metavar="N", help="size of the shop (30000)")
    tap.add_argument("--taps", type=whole, default=300, metavar="N", help="taps of each variant (300)")
    shelf = names.add_parser("catalogue", help="from typed text to products, beside a scan with SQL LIKE")
    shelf.add_argument(
        "--products", type=whole, default=100_000, metavar="N", help="size of the catalogue (100000)"
    )
    shelf.add_argument("--searches", type=whole, default=700, metavar="N", help="searches of each (700)")
    radio = names.add_parser(
        "ble", help="rotating identifiers: windows, adverts a second, the loop meanwhile"
    )
    radio.add_argument(
        "--devices", type=whole, default=1_000_000, metavar="N", help="keys in the shop (1000000)"
    )
    radio.add_argument(
        "--adverts", type=whole, default=200_000, metavar="N", help="adverts resolved (200000)"
    )
    radio.add_argument("--windows", type=whole, default=3, metavar="N", help="new windows made (3)")
    begun = names.add_parser("bootstrap", help="a new box and a big hub, until a tap is recognised")
    begun.add_argument("--customers", type=whole, default=30_000, metavar="N", help="at the hub (30000)")
    line = names.add_parser("sync", help='from a "no" at the hub to the tablets of many shops; facts up')
    line.add_argument("--appliances", type=whole, default=50, metavar="N", help="connected shops (50)")
    line.add_argument("--rounds", type=whole, default=20, metavar="N", help="withdrawals, and erasures (20)")
    line.add_argument("--facts", type=whole, default=20_000, metavar="N", help="facts that go up (20000)")
    line.add_argument(
        "--backlog", type=whole, default=3_000, metavar="N", help='rows that wait behind a "no" (3000)'
    )
    centre = names.add_parser("hub", help="many shops' facts into hubs on PostgreSQL, beside bare inserts")
    centre.add_argument("--shops", type=whole, default=500, metavar="N", help="shops (500)")
    centre.add_argument(
        "--customers", type=whole, default=40, metavar="N", help="customers of each shop (40)"
    )
    centre.add_argument("--facts", type=whole, default=500, metavar="N", help="facts of each shop (500)")
    centre.add_argument("--hubs", type=whole, default=2, metavar="N", help="processes on one database (2)")
    centre.add_argument(
        "--database",
        metavar="URL",
        help="a server to make databases on, and take them away (one of its own, made and removed)",
    )
    advise = names.add_parser(
        "advise",
        help="our ranking of products beside every tuned peer, customer by customer",
        description="Cuts a history, learns from what lies before, asks for everybody's next basket, and for the "
        "second half of it. Ratios and t compare ours with each peer: t of 2 is more than chance.",
    )
    advise.add_argument(
        "--history", type=Path, metavar="H.jsonl", help="customers' baskets; without it, those of --world"
    )
    advise.add_argument(
        "--catalogue", type=Path, metavar="C.jsonl", help="the products of H, for their categories"
    )
    advise.add_argument(
        "--world",
        choices=("grocer", "drugstore", "market"),
        default="market",
        help="the invented shop: dense, sparse, or without dates (market)",
    )
    advise.add_argument(
        "--cut",
        metavar="DATE",
        help="ask about what was bought from this day on (the day before which 80%% of all baskets lie)",
    )
    advise.add_argument("--seed", type=whole, default=0, help="of everything drawn (0)")
    for each in (tap, shelf, radio, begun, centre):
        each.add_argument("--seed", type=whole, default=1)
    for each in (tap, radio, begun):
        each.add_argument("--state", type=Path, help="keep what is invented here, to measure again sooner")
    for each in (tap, shelf, radio, begun, line, centre, advise):
        each.add_argument("--json", action="store_true", help="end with one JSON object")


def run(words: argparse.Namespace) -> int:
    return _RUN[words.name](words)


def _too_little(least: str) -> ConfigError:
    return ConfigError("too little to measure", code="C09", hint=f"at least {least}")


def _tap(words: argparse.Namespace) -> int:
    from edge.bench import tap

    if words.customers < 1_000 or words.taps < 20:
        raise _too_little("--customers 1000 and --taps 20")
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
        raise _too_little("--products 100 and --searches 14")
    with tempfile.TemporaryDirectory(prefix="welkom-bench-") as temporary:
        result = catalogue.measure(
            Path(temporary), products=words.products, searches=words.searches, seed=words.seed
        )
    sys.stdout.write((catalogue.dump(result) if words.json else catalogue.text(result)) + "\n")
    return 0


def _advise(words: argparse.Namespace) -> int:
    from edge.advice import lines
    from edge.bench import advise
    from edge.bench.worlds import WORLDS

    try:
        day = date.fromisoformat(words.cut).toordinal() if words.cut else None
    except ValueError:
        raise WordsError("--cut is no date", code="W01", hint="write it as 2026-03-31") from None
    kinds = lines.kinds(lines.products(words.catalogue)) if words.catalogue else None
    known = (
        {each.customer: each.visits for each in lines.histories(words.history)}
        if words.history
        else WORLDS[words.world]()
    )
    result = {"bench": "advise"} | advise.measure(known, kinds, day=day, seed=words.seed)
    sys.stdout.write((json.dumps(result) if words.json else advise.text(result)) + "\n")
    return 0


def _bootstrap(words: argparse.Namespace) -> int:
    from edge.bench import bootstrap

    if words.customers < 50:
        raise _too_little("--customers 50")
    with tempfile.TemporaryDirectory(prefix="welkom-bench-") as temporary:
        state = words.state or Path(temporary)
        result = asyncio.run(bootstrap.measure(state, customers=words.customers, seed=words.seed))
    sys.stdout.write((bootstrap.dump(result) if words.json else bootstrap.text(result)) + "\n")
    return 0


def _ble(words: argparse.Namespace) -> int:
    from edge.bench import ble

    if words.devices < 1_000 or words.adverts < 1_000 or words.windows < 1:
        raise _too_little("--devices 1000, --adverts 1000 and --windows 1")
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


def _hub(words: argparse.Namespace) -> int:
    from edge.bench import hub
    from edge.bench.cluster import cluster

    if words.shops < 2 or words.customers < 1 or words.facts < 50 or words.hubs < 1:
        raise _too_little("--shops 2, --customers 1 and --facts 50")
    if words.database:
        _is_server(words.database)
    sizes = {"shops": words.shops, "customers": words.customers, "facts": words.facts}
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="welkom-bench-"))
        server = words.database or stack.enter_context(cluster(hub.SETTINGS))
        result = asyncio.run(hub.measure(Path(folder), server, **sizes, hubs=words.hubs, seed=words.seed))
    sys.stdout.write((json.dumps(result) if words.json else hub.text(result)) + "\n")
    return 0 if hub.holds(result) else 1


def _is_server(url: str) -> None:
    from edge.kit.postgres_session import connector

    try:
        connector(url)
    except ValueError as error:
        hint = "such as postgresql:///postgres?host=/var/run/postgresql; a password stands in PGPASSFILE"
        raise WordsError(f"--database {error}", code="W01", hint=hint) from None


def _sync(words: argparse.Namespace) -> int:
    from edge.bench import sync

    if words.appliances < 1 or words.rounds < 1 or words.facts < 100 or words.backlog < 1:
        raise _too_little("--appliances 1, --rounds 1, --facts 100 and --backlog 1")
    sizes = {"appliances": words.appliances, "rounds": words.rounds}
    sizes |= {"facts": words.facts, "backlog": words.backlog}
    with tempfile.TemporaryDirectory(prefix="welkom-bench-") as temporary:
        result = asyncio.run(sync.measure(Path(temporary), **sizes))
    sys.stdout.write((sync.dump(result) if words.json else sync.text(result)) + "\n")
    return 0


_RUN: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "tap": _tap,
    "catalogue": _catalogue,
    "ble": _ble,
    "bootstrap": _bootstrap,
    "sync": _sync,
    "hub": _hub,
    "advise": _advise,
}
