"""`welkom tablet`: which browsers are the shop's tablets, and which phone is the display at the counter."""

import argparse
from contextlib import closing
from pathlib import Path
from urllib.parse import quote

import segno

from edge.commands import UNCHANGED
from edge.config import Config, credentials_folder, load
from edge.files import prepare
from edge.keys import read_keys
from edge.kit.clock import SystemClock, rfc3339
from edge.kit.errors import ConfigError
from edge.kit.log import said_to_nobody
from edge.kit.sqlite import open_reader, open_writer
from edge.staff import acts, tables
from edge.staff.rules import PAIRING_MS
from edge.staff.tables import DeviceKind
from edge.tls import addresses, places
from edge.tls.own import Own, open_own


def add(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    pair = words.add_parser("pair", help="a code that makes the browser which opens it a tablet, once")
    pair.add_argument("tablet", nargs="?", metavar="NAME", help="where the tablet stands")
    pair.add_argument("--name", default="tablet", help="the same, as an option")
    display = words.add_parser("display", help="a code that makes any phone the two-line display, once")
    display.add_argument(
        "tablet", nargs="?", metavar="NAME", default="balie", help="where the display stands"
    )
    display.add_argument("--reader", default="", help="the reader it stands beside; without it all of them")
    shown = words.add_parser("list", help="every tablet, since when, and whether it has a key of its own")
    gone = words.add_parser("remove", help="the tablet is none any more, at once")
    gone.add_argument("tablet", metavar="NAME", help="as `welkom tablet list` says it")
    for each in (pair, display, shown, gone):
        each.add_argument("--config", type=Path, required=True, help="welkom.toml")
    for each in (pair, display, gone):
        each.add_argument("--dry-run", action="store_true", help="check everything and change nothing")


def run(words: argparse.Namespace) -> int:
    config = load(words.config)
    keys = read_keys(credentials_folder(config)) if words.act in ("pair", "display") else None
    if getattr(words, "dry_run", False):
        return _tried(config, words)
    clock = SystemClock()
    journal = prepare(config.store.state, log=said_to_nobody).journal
    kind: DeviceKind = "display" if words.act == "display" else "tablet"
    with closing(open_writer(journal)) as conn:
        if words.act == "list":
            return _list(tables.tablets(conn))
        if words.act == "remove":
            return _removed(words.tablet, acts.remove_tablet(conn, words.tablet))
        name = words.tablet or words.name
        code = acts.pair_code(conn, name, now_ms=clock.wall_ms(), kind=kind)
    own = None
    if keys is not None and config.server.tls == "own":
        own = open_own(
            config.store.state / "tls",
            host=places.host_of(config),
            shop=config.shop.name,
            kek=keys.kek,
            now_ms=clock.wall_ms(),
        )
    beside = f"?reader={quote(words.reader)}" if kind == "display" and words.reader else ""
    _show(config, code + beside, own)
    return 0


def _show_here(config: Config, address: str) -> None:
    """Of a box that only itself can reach: no code that a camera would read in vain."""
    print(
        "Only this machine can open it: its pages listen here alone. For tablets, put this into welkom.toml "
        'and start Welkom again:\n\n[server]\nhost = "0.0.0.0"\n'
    )
    print(f"In a browser here, once, within {PAIRING_MS // 60_000} minutes:\n{address}")


def _show(config: Config, code: str, own: Own | None) -> None:
    if addresses.is_loopback(config.server):
        _show_here(config, f"{places.base(config)}/pair/{code}")
        return
    trust = places.enrolment(config) if own is not None else ""
    if own is not None:
        if trust:
            print(f"1. Let the tablet trust this box. Once a tablet; scan, or open {trust}\n")
            print(blocks(trust) + "\n")
        print("Fingerprint of the certificate (SHA-256). The tablet must show the same:")
        print(f"{own.fingerprint[:47]}\n{own.fingerprint[48:]}\n")
    address = f"{places.base(config)}/pair/{code}"
    step = "2. " if trust else ""
    print(
        f"{step}Pair it. Once, within {PAIRING_MS // 60_000} minutes; scan, or open on the tablet:\n{address}\n"
    )
    print(blocks(address) + "\n")
    if places.has_name(config):
        for each in places.bases_by_number(config):
            print(f"A tablet that does not find {places.host_of(config)}: {each}/pair/{code}")


def blocks(text: str) -> str:
    """`text` as a QR code for a dark terminal: two rows of modules a line, without colours that a pipe would lose."""
    rows = [list(map(bool, row)) for row in segno.make_qr(text, error="l").matrix_iter(border=2)]
    if len(rows) % 2:
        rows.append([False] * len(rows[0]))
    glyphs = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return "\n".join(
        "".join(glyphs[pair] for pair in zip(upper, lower, strict=True)) for upper, lower in pairs
    )


def _list(found: list[tables.TabletRow]) -> int:
    for each in found:
        print(f"{rfc3339(each.paired_ms)[:10]}  {'key   ' if each.bound else 'cookie'}  {each.name}")
    if not found:
        print("No tablet is paired: `welkom tablet pair NAME --config welkom.toml`.")
    return 0


def _tried(config: Config, words: argparse.Namespace) -> int:
    """Say what would happen; raises what the act itself would."""
    if words.act != "remove":
        print(f"A code for {words.tablet or words.name} would be made. {UNCHANGED}")
        return 0
    journal = config.store.state / "journal.db"
    known: list[str] = []
    if journal.exists():
        with closing(open_reader(journal)) as conn:
            known = [each.name for each in tables.tablets(conn)]
    if words.tablet not in known:
        raise _none(words.tablet)
    print(f"{words.tablet} would be no tablet any more ({known.count(words.tablet)} removed). {UNCHANGED}")
    return 0


def _none(name: str) -> ConfigError:
    return ConfigError(
        f"there is no tablet {name}", code="C10", hint="see `welkom tablet list --config welkom.toml`"
    )


def _removed(name: str, count: int) -> int:
    if not count:
        raise _none(name)
    print(f"{name} is no tablet any more ({count} removed). Whoever was signed in there is signed out.")
    return 0
