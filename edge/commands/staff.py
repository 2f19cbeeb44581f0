"""`welkom staff`: who may sign in on the tablets."""

import argparse
import getpass
import sys
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection, IntegrityError

from edge.commands import UNCHANGED
from edge.config import Config, credentials_folder, load
from edge.files import prepare
from edge.keys import read_keys
from edge.kit.clock import SystemClock
from edge.kit.errors import WelkomError, WordsError
from edge.kit.ids import uuid7_source
from edge.kit.log import said_to_nobody
from edge.kit.sqlite import open_reader, open_writer
from edge.staff import acts, roster, tables
from edge.staff.pins import hash_pin
from edge.staff.rules import StaffRole, is_guessed, is_pin
from edge.staff.tables import Staff


def add(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="act", metavar="ACT", required=True)
    new = words.add_parser(
        "add", help="someone who may sign in with a PIN; the first PIN of whom headquarters sent"
    )
    pin = words.add_parser("pin", help="another PIN for someone who may sign in, and new tries")
    for each in (new, pin):
        each.add_argument("--config", type=Path, required=True, help="welkom.toml")
        each.add_argument("--name", required=True, help="as on the tile of the sign-in page")
        each.add_argument("--pin-stdin", action="store_true", help="read the PIN from standard input")
        each.add_argument("--dry-run", action="store_true", help="check everything and change nothing")
    new.add_argument("--role", choices=("staff", "manager"), default="staff")
    new.add_argument("--language", choices=("nl", "en"), help="the shop's language when not given")


def run(words: argparse.Namespace) -> int:
    config = load(words.config)
    keys = read_keys(credentials_folder(config))
    name = words.name.strip()
    if not name:
        raise WordsError("the name is empty", code="W02", hint="--name as on the tile of the sign-in page")
    pin_hash = hash_pin(keys.pin_pepper, _pin(by_hand=sys.stdin.isatty() and not words.pin_stdin))
    if words.dry_run:
        return _tried(config, words.act, name)
    journal = prepare(config.store.state, log=said_to_nobody).journal
    with closing(open_writer(journal)) as conn:
        if words.act == "pin":
            if not acts.change_pin(conn, name, pin_hash):
                raise _nobody(name)
            print(f"{name} signs in with the new PIN.")
            return 0
        if not roster.give_pin(conn, name, pin_hash):
            _added(conn, name, words.role, words.language or config.shop.language, pin_hash)
    print(f"{name} can sign in.")
    return 0


def _pin(*, by_hand: bool) -> str:
    """A PIN that may be used, asked for twice at a terminal; raises WordsError."""
    pin = getpass.getpass("PIN, 4 to 6 digits: ") if by_hand else sys.stdin.readline().strip()
    if not is_pin(pin):
        raise WordsError("that is no PIN", code="C07", hint="choose 4 to 6 digits")
    if is_guessed(pin):
        raise WordsError(
            "that PIN is among the first that anybody tries",
            code="C07",
            hint="choose digits that do not run or repeat",
        )
    if by_hand and getpass.getpass("The same PIN again: ") != pin:
        raise WordsError("the two PINs differ", code="C07", hint="nothing was changed; try again")
    return pin


def _tried(config: Config, act: str, name: str) -> int:
    """Say what would happen; raises what the act itself would."""
    journal = config.store.state / "journal.db"
    known: Staff | None = None
    if journal.exists():
        with closing(open_reader(journal)) as conn:
            known = tables.by_name(conn, name)
    if act == "pin" and known is None:
        raise _nobody(name)
    if act == "add" and known is not None and known.pin_hash:
        raise _somebody(name)
    print(f"{name} would {'sign in with the new PIN' if act == 'pin' else 'be able to sign in'}. {UNCHANGED}")
    return 0


def _nobody(name: str) -> WelkomError:
    return WelkomError(
        f"nobody is called {name}",
        code="C08",
        hint=f"`welkom staff add --name {name!r} --config welkom.toml` makes somebody known",
    )


def _somebody(name: str) -> WelkomError:
    return WelkomError(
        f"{name} is there already",
        code="C08",
        hint=f"another PIN: `welkom staff pin --name {name!r} --config welkom.toml`; somebody else: add an initial",
    )


def _added(conn: Connection, name: str, role: StaffRole, language: str, pin_hash: str) -> None:
    new_id = uuid7_source(SystemClock())()
    try:
        acts.add_staff(conn, name, staff_id=new_id, role=role, language=language, pin_hash=pin_hash)
    except IntegrityError:
        raise _somebody(name) from None
