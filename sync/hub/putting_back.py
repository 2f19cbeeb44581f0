"""A copy of the hub's database back in its place: chosen, looked at before anything is touched, and laid there."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.kit.errors import WelkomError
from edge.kit.migrate import load
from edge.kit.sqlite import open_reader
from sync.hub import keys_apart, people, restored
from sync.hub.config import Config
from sync.hub.store import FILE, MIGRATIONS
from sync.hub.tables import people as tables

COPIES: Final = "hub-*.db"  # as `welkom backup` names them: the newest is the last by name
KEYS: Final = "hub-*.keys"


@dataclass(frozen=True, slots=True)
class Found:
    """What would be put back."""

    copy: Path
    keys: Path
    customers: int
    forgotten: int  # of these, who was erased since and is not put back


def find(place: Path, config: Config) -> Found:
    """The copy at `place`, or the newest in that folder, with the newest keys beside it; raises WelkomError for what
    is no whole copy of this hub's."""
    folder = place if place.is_dir() else place.parent
    copies, keys = sorted(folder.glob(COPIES)), sorted(folder.glob(KEYS))
    copy = place if place.is_file() else copies[-1] if copies else None
    if copy is None:
        raise _no(
            f"{place} holds no copy of a hub ({COPIES})", "name the folder that `welkom backup` wrote to"
        )
    if not keys:
        hint = "put the newest of them there: without keys nobody in the copy can be opened"
        raise _no(f"{folder} holds no file of customers' keys ({KEYS})", hint)
    try:
        with closing(open_reader(copy)) as conn:
            return _looked_at(conn, copy, keys[-1], config)
    except (sqlite3.Error, OSError) as error:
        raise _no(f"{copy} cannot be read ({type(error).__name__})", "take another copy") from None


def lay(found: Found, config: Config, *, aside: Path) -> bool:
    """Put copy and keys into the state folder, after what lies there went `aside`; whether anything did.

    Raises OSError. The keys come first: where they lie no hub starts before all is done.
    """
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    _put(found.keys, config.state / keys_apart.FILE)
    former = sorted(config.state.glob(f"{FILE}*"))
    if former:
        aside.mkdir(mode=0o700)
    for each in former:
        each.rename(aside / each.name)
    _put(found.copy, config.state / FILE)
    return bool(former)


def _looked_at(conn: sqlite3.Connection, copy: Path, keys: Path, config: Config) -> Found:
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    if not 0 < version <= len(load(MIGRATIONS)):
        raise _no(
            f"{copy} is no copy of a hub, or of a newer version", "take another, or install that version"
        )
    if conn.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise _no(f"{copy} is damaged", "take the copy of another night")
    marks = restored.remembered(config.state / restored.FILE)
    gone = {each for each in tables.ids(conn) if marks and people.mark(config.keys, each) in marks}
    if lacking := keys_apart.lacking(conn, config.keys, keys, but=gone):
        hint = "put the newest of hub-….keys there, of this night or a later one"
        raise _no(f"{keys} lacks the keys of {lacking} customers in {copy.name}", hint)
    return Found(copy, keys, sum(1 for _ in tables.ids(conn)), len(gone))


def _put(file: Path, there: Path) -> None:
    """Copy a file, on the disk under its name when this returns."""
    part = there.with_name(there.name + ".part")
    with (
        file.open("rb") as old,
        open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as new,
    ):
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())
    part.replace(there)
    opened = os.open(there.parent, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def hand_over(folder: Path) -> None:
    """Give what root made in a folder of somebody else's to whoever owns that."""
    owner = folder.stat()
    if os.geteuid() == 0 != owner.st_uid:
        for each in folder.rglob("*"):
            os.chown(each, owner.st_uid, owner.st_gid)


def _no(message: str, hint: str) -> WelkomError:
    return WelkomError(message, code="X06", hint=f"nothing was changed; {hint}")
