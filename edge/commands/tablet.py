"""`welkom tablet`: which browsers are the shop's tablets, and which phone is the display at the counter."""

import argparse
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

from edge.config import load
from edge.files import prepare
from edge.kit.clock import SystemClock
from edge.kit.log import json_log
from edge.kit.sqlite import open_writer
from edge.staff import acts
from edge.staff.tables import DeviceKind

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def add(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    pair = words.add_parser("pair", help="a link that makes the browser which opens it a tablet, once")
    pair.add_argument("--config", type=Path, required=True, help="welkom.toml")
    pair.add_argument("--name", default="tablet", help="where the tablet stands")
    pair.add_argument("--dry-run", action="store_true", help="check everything and change nothing")
    display = words.add_parser("display", help="a link that makes any phone the two-line display, once")
    display.add_argument("name", nargs="?", default="balie", help="where the display stands")
    display.add_argument("--config", type=Path, required=True, help="welkom.toml")
    display.add_argument("--reader", default="", help="the reader it stands beside; without it all of them")
    display.add_argument("--dry-run", action="store_true", help="check everything and change nothing")


def run(words: argparse.Namespace) -> int:
    config = load(words.config)
    if words.dry_run:
        return 0
    clock = SystemClock()
    journal = prepare(config.store.state, log=json_log(now_ms=clock.wall_ms)).journal
    kind: DeviceKind = "display" if words.act == "display" else "tablet"
    with closing(open_writer(journal)) as conn:
        code = acts.pair_code(conn, words.name, now_ms=clock.wall_ms(), kind=kind)
    scheme = "https" if config.server.secure_cookies else "http"
    address = f"{scheme}://{config.server.host}:{config.server.port}"
    beside = f"?reader={quote(words.reader)}" if kind == "display" and words.reader else ""
    print(f"Open within 5 minutes on the {kind}: {address}/pair/{code}{beside}")
    if config.server.host in LOOPBACK:
        print("Only this machine can open it: set server.host to its address on the tablets' network.")
    return 0
