"""`welkom staff`: who may sign in, and which browsers are the shop's tablets."""

import argparse
import getpass
import sys
from contextlib import closing
from pathlib import Path
from sqlite3 import IntegrityError

from edge.config import Config, credentials_folder, load
from edge.files import prepare
from edge.keys import read_keys
from edge.kit.clock import SystemClock
from edge.kit.errors import ConfigError
from edge.kit.ids import uuid7_source
from edge.kit.log import json_log
from edge.kit.sqlite import open_writer
from edge.staff import acts
from edge.staff.pins import hash_pin
from edge.staff.rules import is_pin


def add(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    new = words.add_parser("add", help="someone who may sign in with a PIN")
    new.add_argument("--name", required=True, help="as on the tile of the sign-in page")
    new.add_argument("--role", choices=("staff", "manager"), default="staff")
    new.add_argument("--language", choices=("nl", "en"), help="the shop's language when not given")
    new.add_argument("--pin-stdin", action="store_true", help="read the PIN from standard input")
    pair = words.add_parser("pair", help="a link that makes the browser which opens it a tablet, once")
    pair.add_argument("--name", default="tablet", help="where the tablet stands")
    for each in (new, pair):
        each.add_argument("--config", type=Path, required=True, help="welkom.toml")
        each.add_argument("--dry-run", action="store_true", help="check everything and change nothing")


def run(words: argparse.Namespace) -> int:
    config = load(words.config)
    return _add(config, words) if words.act == "add" else _pair(config, words)


def _add(config: Config, words: argparse.Namespace) -> int:
    keys = read_keys(credentials_folder(config))
    pin = sys.stdin.readline().strip() if words.pin_stdin else getpass.getpass("PIN, 4 to 6 digits: ")
    if not is_pin(pin):
        raise ConfigError("that is no PIN", code="C07", hint="choose 4 to 6 digits")
    if words.dry_run:
        return 0
    with closing(open_writer(_journal(config))) as conn:
        try:
            acts.add_staff(
                conn,
                words.name,
                staff_id=uuid7_source(SystemClock())(),
                role=words.role,
                language=words.language or config.shop.language,
                pin_hash=hash_pin(keys.pin_pepper, pin),
            )
        except IntegrityError:
            raise ConfigError(
                f"there is a {words.name} already", code="C08", hint="add an initial to tell them apart"
            ) from None
    print(f"{words.name} can sign in.")
    return 0


def _pair(config: Config, words: argparse.Namespace) -> int:
    if words.dry_run:
        return 0
    with closing(open_writer(_journal(config))) as conn:
        code = acts.pair_code(conn, words.name, now_ms=SystemClock().wall_ms())
    scheme = "https" if config.server.secure_cookies else "http"
    print(
        f"Open within 5 minutes on the tablet: {scheme}://{config.server.host}:{config.server.port}/pair/{code}"
    )
    return 0


def _journal(config: Config) -> Path:
    return prepare(config.store.state, log=json_log(now_ms=SystemClock().wall_ms)).journal
