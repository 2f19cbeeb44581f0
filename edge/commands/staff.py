"""`welkom staff`: who may sign in on the tablets."""

import argparse
import getpass
import sys
from contextlib import closing
from pathlib import Path
from sqlite3 import IntegrityError

from edge.config import credentials_folder, load
from edge.files import prepare
from edge.keys import read_keys
from edge.kit.clock import SystemClock
from edge.kit.errors import WelkomError, WordsError
from edge.kit.ids import uuid7_source
from edge.kit.log import said_to_nobody
from edge.kit.sqlite import open_writer
from edge.staff import acts, roster
from edge.staff.pins import hash_pin
from edge.staff.rules import is_guessed, is_pin


def add(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    new = words.add_parser(
        "add", help="someone who may sign in with a PIN; the first PIN of whom headquarters sent"
    )
    new.add_argument("--config", type=Path, required=True, help="welkom.toml")
    new.add_argument("--name", required=True, help="as on the tile of the sign-in page")
    new.add_argument("--role", choices=("staff", "manager"), default="staff")
    new.add_argument("--language", choices=("nl", "en"), help="the shop's language when not given")
    new.add_argument("--pin-stdin", action="store_true", help="read the PIN from standard input")
    new.add_argument("--dry-run", action="store_true", help="check everything and change nothing")


def run(words: argparse.Namespace) -> int:
    config = load(words.config)
    keys = read_keys(credentials_folder(config))
    by_hand = sys.stdin.isatty() and not words.pin_stdin
    pin = getpass.getpass("PIN, 4 to 6 digits: ") if by_hand else sys.stdin.readline().strip()
    if not is_pin(pin):
        raise WordsError("that is no PIN", code="C07", hint="choose 4 to 6 digits")
    if is_guessed(pin):
        raise WordsError(
            "that PIN is among the first that anybody tries",
            code="C07",
            hint="choose digits that do not run or repeat",
        )
    if words.dry_run:
        return 0
    journal = prepare(config.store.state, log=said_to_nobody).journal
    pin_hash = hash_pin(keys.pin_pepper, pin)
    with closing(open_writer(journal)) as conn:
        if roster.give_pin(conn, words.name, pin_hash):
            print(f"{words.name} can sign in.")
            return 0
        try:
            acts.add_staff(
                conn,
                words.name,
                staff_id=uuid7_source(SystemClock())(),
                role=words.role,
                language=words.language or config.shop.language,
                pin_hash=pin_hash,
            )
        except IntegrityError:
            raise WelkomError(
                f"there is a {words.name} already", code="C08", hint="add an initial to tell them apart"
            ) from None
    print(f"{words.name} can sign in.")
    return 0
