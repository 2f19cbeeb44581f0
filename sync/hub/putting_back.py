"""A copy of the hub's database back in its place: chosen, looked at before anything is touched, and laid there."""

import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator, Set
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from edge.kit import sweeping
from edge.kit.errors import WelkomError, disk_error
from edge.kit.migrate import load
from edge.kit.on_disk import settle
from edge.kit.sqlite import open_reader
from edge.kit.sqlite_alone import alone, fold
from sync.hub import keys_apart, people, restored
from sync.hub.config import Config
from sync.hub.store import FILE, MIGRATIONS
from sync.hub.tables import devices, imports
from sync.hub.tables import people as tables

COPIES: Final = "hub-*.db"  # as `welkom backup` names them: the newest is the last by name
KEYS: Final = "hub-*.keys"
ASIDE: Final = "replaced-"  # folders of what lay there before


@dataclass(frozen=True, slots=True)
class Found:
    """What would be put back."""

    copy: Path
    keys: Path
    customers: int
    forgotten: int  # of these, who was erased since and is not put back
    imports: int  # the number of its last import


@dataclass(frozen=True, slots=True)
class Lay:
    """What lies, or lay, where the copy goes."""

    customers: int
    imports: int
    lost: int  # of these customers, whom the copy does not have
    unknown: tuple[str, ...] = ()  # devices whose keys the copy does not have, as `DEVICE of SHOP`


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

    Raises WelkomError, which says whether the hub of before lies there or the copy. Both are written whole before
    anything else is touched, and at no instant there is no database: a hub that starts now, or after a crash at any
    step, is the one of before, or refuses as a copy whose keys are not there yet (KEYS_APART).
    """
    file, keys = config.state / FILE, config.state / keys_apart.FILE
    new, new_keys = (each.with_name(f"restoring-{each.name}") for each in (file, keys))
    done = False
    try:
        config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(found.copy, new)
        _write(found.keys, new_keys)
        former = file.exists()
        with _moved(file, aside) if former else nullcontext():
            new.replace(file)
            done = True
        settle(config.state)
        new_keys.replace(keys)
        settle(config.state)
        return former
    except OSError as error:
        raise _cut_short(error, config, done=done) from None
    finally:
        with suppress(OSError):
            new.unlink(missing_ok=True)
            new_keys.unlink(missing_ok=True)


def beside(found: Found, file: Path, *, named: Set[bytes] = frozenset()) -> Lay | None:
    """What the database `file` has beside the copy; None where there is none, or it cannot be read. `named`: keys of
    devices that are made known by the settings.

    Nothing is left beside a file that nobody has open, as an ordinary reader of SQLite would.
    """
    ahead, shared = (file.with_name(file.name + end) for end in ("-wal", "-shm"))
    if not file.exists() or (ahead.exists() and not shared.exists()):
        return None
    with (
        suppress(sqlite3.Error, OSError),
        closing(open_reader(found.copy)) as copy,
        closing(
            sqlite3.connect(
                f"{file.resolve().as_uri()}?{'mode=ro' if ahead.exists() else 'immutable=1'}", uri=True
            )
        ) as conn,
    ):
        there, here = set(tables.ids(conn)), set(tables.ids(copy))
        known = {each.public_key for each in devices.every(copy)} | named
        unknown = [each for each in devices.every(conn) if each.public_key not in known]
        names = tuple(f"{each.id} of {each.shop_id}" for each in unknown)
        return Lay(len(there), _imports(conn), len(there - here), names)
    return None


def _imports(conn: sqlite3.Connection) -> int:
    return next((run.number for run in imports.runs(conn, below=2**63 - 1, most=1)), 0)


def leave_keys_out(aside: Path) -> None:
    """Make of what was moved aside what `welkom backup` writes: a copy without keys, and those in a file beside it.
    So it can be put back, and whoever is erased later leaves it with the next backup.

    Raises OSError, sqlite3.Error; then, and where the file is damaged, it stays as it was.
    """
    stamp = aside.name.removeprefix(ASIDE).split(".", 1)[0].removesuffix("Z")
    copy = aside / f"hub-{stamp}Z.db"
    with closing(sqlite3.connect(aside / FILE)) as conn:
        conn.execute("PRAGMA secure_delete=ON")
        conn.execute("PRAGMA journal_mode=DELETE")
        keys_apart.leave_out(conn, copy.with_suffix(".keys"))
        conn.commit()
        sweeping.made_in(conn, aside)
        conn.execute("VACUUM")
    (aside / FILE).rename(copy)


def refuse_open(config: Config) -> None:
    """Raise WelkomError (X07) where another process has the database open: a hub, an import, `learn`."""
    try:
        with alone(config.state / FILE):
            pass
    except FileNotFoundError:
        return  # on a new machine nothing lies there yet
    except OSError as error:
        raise _cut_short(error, config, done=False) from None


@contextmanager
def _moved(file: Path, aside: Path) -> Iterator[None]:
    """Inside, the database also has its name in `aside`, and nobody has it open; raises OSError, StoreError, and then
    it lies where it lay."""
    fold(file)
    with alone(file):
        aside.mkdir(mode=0o700)
        rest = [each for end in ("-wal", "-shm") if (each := file.with_name(file.name + end)).exists()]
        try:
            os.link(file, aside / file.name, follow_symlinks=False)
            for each in rest:  # only of a damaged file: beside the copy it would be taken for the copy's
                each.rename(aside / each.name)
            settle(aside)
            yield
        except OSError:
            with suppress(OSError):
                for each in rest:
                    if (there := aside / each.name).exists():
                        there.rename(each)
                (aside / file.name).unlink(missing_ok=True)
                aside.rmdir()
            raise


def _cut_short(error: OSError, config: Config, *, done: bool) -> WelkomError:
    if isinstance(error, BlockingIOError):
        return WelkomError(
            f"another process has {config.state / FILE} open: the hub, or an import, is not stopped",
            code="X07",
            hint="nothing was changed; stop it first (systemctl stop welkom-hub), then ask again",
        )
    known = disk_error(error, str(error.filename or config.state))
    if not done and not (config.state / FILE).exists():
        hint = "nothing was changed, and nothing lay there; mend that, then ask again"
    elif done:
        hint = "the copy lies there, its keys do not, and no hub starts on it: mend that, then ask again"
    else:
        hint = "nothing was changed: the hub that lay there still does; mend that, then ask again"
    return type(known)(str(known), code=known.code, hint=hint)


def _looked_at(conn: sqlite3.Connection, copy: Path, keys: Path, config: Config) -> Found:
    (version,) = conn.execute("PRAGMA user_version").fetchone()
    if not 0 < version <= len(load(MIGRATIONS)):
        raise _no(
            f"{copy} is no copy of a hub, or of a newer version", "take another, or install that version"
        )
    if conn.execute("PRAGMA quick_check").fetchone() != ("ok",):
        raise _no(f"{copy} is damaged", "take the copy of another night")
    if keys_apart.holds_nobody(conn, keys):
        raise _no(
            f"{copy} has no customer, and {keys.name} has keys", "put the copy there that they belong to"
        )
    marks = restored.remembered(config.state / restored.FILE)
    gone = {each for each in tables.ids(conn) if marks and people.mark(config.keys, each) in marks}
    if lacking := keys_apart.lacking(conn, config.keys, keys, but=gone):
        hint = "put the newest of hub-….keys there, of this night or a later one"
        raise _no(f"{keys} lacks the keys of {lacking} customers in {copy.name}", hint)
    return Found(copy, keys, sum(1 for _ in tables.ids(conn)), len(gone), _imports(conn))


def _write(file: Path, there: Path) -> None:
    """Copy a file to a name that is made anew, on the disk when this returns; no link that lies there is followed."""
    there.unlink(missing_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with file.open("rb") as old, open(os.open(there, flags, 0o600), "wb") as new:
        shutil.copyfileobj(old, new)
        new.flush()
        os.fsync(new.fileno())


def hand_over(folder: Path) -> None:
    """Give what root made in a folder of somebody else's to whoever owns that.

    That owner may have laid links there: none is followed, and a file that has a second name is left.
    """
    owner = folder.stat()
    if not os.geteuid() == 0 != owner.st_uid:
        return
    for _, folders, files, at in os.fwalk(folder, follow_symlinks=False):
        for name in (*folders, *files):
            is_file = not stat.S_ISDIR((there := os.stat(name, dir_fd=at, follow_symlinks=False)).st_mode)
            if not (is_file and there.st_nlink > 1):
                os.chown(name, owner.st_uid, owner.st_gid, dir_fd=at, follow_symlinks=False)


def _no(message: str, hint: str) -> WelkomError:
    return WelkomError(message, code="X06", hint=f"nothing was changed; {hint}")
