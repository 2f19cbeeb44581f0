"""`welkom tablet`: which browsers are the shop's tablets."""

import argparse
from contextlib import closing
from pathlib import Path

from edge.config import load
from edge.files import prepare
from edge.kit.clock import SystemClock
from edge.kit.log import json_log
from edge.kit.sqlite import open_writer
from edge.staff import acts

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    pair = words.add_parser("pair", help="a link that makes the browser which opens it a tablet, once")
    pair.add_argument("--config", type=Path, required=True, help="welkom.toml")
    pair.add_argument("--name", default="tablet", help="where the tablet stands")
    pair.add_argument("--dry-run", action="store_true", help="check everything and change nothing")


def run(words: argparse.Namespace) -> int:
    config = load(words.config)
    if words.dry_run:
        return 0
    clock = SystemClock()
    journal = prepare(config.store.state, log=json_log(now_ms=clock.wall_ms)).journal
    with closing(open_writer(journal)) as conn:
        code = acts.pair_code(conn, words.name, now_ms=clock.wall_ms())
    scheme = "https" if config.server.secure_cookies else "http"
    address = f"{scheme}://{config.server.host}:{config.server.port}"
    print(f"Open within 5 minutes on the tablet: {address}/pair/{code}")
    if config.server.host in LOOPBACK:
        print("Only this machine can open it: set server.host to its address on the tablets' network.")
    return 0
