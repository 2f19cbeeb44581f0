"""`welkom backup`: a sound copy of the hub's database, beside it or elsewhere, while the hub works on.

Customers' keys are no part of it: they go into a file of their own, which is kept shorter.
"""

import argparse
import os
import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from edge.hub_file import load_hub
from edge.kit import sweeping
from edge.kit.clock import SystemClock
from edge.kit.errors import ConfigError, Corrupt, StoreError, WelkomError, WordsError
from edge.kit.sqlite import open_reader, store_error
from edge.numbers import whole
from sync.hub import copies, keys_apart, putting_back, restored
from sync.hub.store import FILE


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, help="hub.toml")
    parser.add_argument("--to", type=Path, required=True, metavar="DIR", help="the folder of the copies")
    parser.add_argument(
        "--keep", type=_count, default=14, metavar="N", help="so many copies stay; 14 when not given"
    )
    parser.add_argument(
        "--keep-keys",
        type=_count,
        default=2,
        metavar="N",
        help="so many files of keys stay; 2 when not given",
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would be written and taken away")


def _count(text: str) -> int:
    """A number from 1: the copy that is made now stays, whatever else goes."""
    found = whole(text)
    if found < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1")
    return found


def run(words: argparse.Namespace) -> int:
    settings = load_hub(words.config, environment=os.environ).hub
    if settings.database:
        raise ConfigError(
            "this hub keeps everything in PostgreSQL",
            code="X03",
            hint="back that up with pg_basebackup and its WAL (sync/hub/README.md)",
        )
    if words.to.resolve() == settings.state.resolve():
        hint = "name another folder, on another disk: what takes the one away takes the other"
        raise WordsError("--to is the folder of the database itself", code="W02", hint=hint)
    source = settings.state / FILE
    copy = words.to / f"hub-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.db"
    over = _over(words.to, "hub-*.db", keep=words.keep) + _over(words.to, "hub-*.keys", keep=words.keep_keys)
    _readable(source)
    if words.dry_run:
        print(f"{copy} would be written, {len(over)} older files taken away; nothing was done.")
        return 0
    try:
        words.to.mkdir(mode=0o700, parents=True, exist_ok=True)
        _copy(source, copy)
    except (OSError, sqlite3.Error) as error:
        if isinstance(error, sqlite3.Error) and isinstance(store_error(error, FILE), Corrupt):
            raise _damaged(source) from None  # pages are copied as they are, so the copy shows it
        raise WelkomError(
            f"{copy} cannot be written ({_why(error)})",
            code="X04",
            hint="the copies that are there stay; look at the room and the rights of that folder",
        ) from None
    for each in over:
        each.unlink(missing_ok=True)
    try:
        # A copy of the night before an erasure would keep, without a name, what somebody did here.
        marks = restored.remembered(settings.state / restored.FILE)
        now_ms = SystemClock().wall_ms()
        folders = [words.to, *settings.state.glob(f"{putting_back.ASIDE}*")]
        forgot = sum(copies.forget(each, settings.keys, marks=marks, now_ms=now_ms) for each in folders)
    except (OSError, ValueError, sqlite3.Error) as error:
        raise WelkomError(
            f"{copy} is there, but an older copy cannot forget who was erased ({_why(error)})",
            code="X05",
            hint="look at the room and the rights of that folder, and take away what is no copy of ours",
        ) from None
    if forgot:
        print(f"{forgot} older files held somebody who was erased since, and do no longer.")
    print(f"{copy}: {copy.stat().st_size >> 10} KiB, sound.")
    return 0


def _why(error: Exception) -> str:
    """The system's words, where it has any."""
    return getattr(error, "strerror", None) or type(error).__name__


def _readable(source: Path) -> None:
    """Raise StoreError where there is nothing to copy: the trouble is here then, not where the copies go."""
    if not source.exists():
        hint = "compare `state` in hub.toml; `welkom hub` makes the file at its first start"
        raise StoreError(f"{source} is not there", code="S02", hint=hint)
    try:
        with closing(open_reader(source)) as there:
            there.execute("SELECT count(*) FROM customer").fetchone()
    except sqlite3.Error as error:
        if isinstance(known := store_error(error, str(source)), Corrupt):
            raise _damaged(source) from None
        raise known from None


def _damaged(source: Path) -> Corrupt:
    hint = (
        "no copy was made, and none taken away; stop the hub, and put the newest back with `welkom restore`"
    )
    return Corrupt(f"{source} cannot be read: it is damaged", code="S02", hint=hint)


def _copy(source: Path, copy: Path) -> None:
    """All of the database as of one moment, checked before it takes its name."""
    part, keys = copy.with_suffix(".part"), copy.with_suffix(".keys")
    try:
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
        with closing(open_reader(source)) as there, closing(sqlite3.connect(part)) as here:
            there.backup(here)
            here.execute("PRAGMA journal_mode=DELETE")
            keys_apart.leave_out(here, keys)
            here.commit()
            sweeping.made_in(here, part.parent)
            here.execute("VACUUM")  # what was deleted would still stand on its pages
            if here.execute("PRAGMA quick_check").fetchone() != ("ok",):
                raise _damaged(source)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(copy)
    except BaseException:
        keys.unlink(missing_ok=True)
        raise
    finally:
        part.unlink(missing_ok=True)


def _over(folder: Path, names: str, *, keep: int) -> list[Path]:
    """Which files are one too many once another is there."""
    former = sorted(folder.glob(names))
    return former[: max(0, len(former) + 1 - keep)]
