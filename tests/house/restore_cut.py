"""Cuts `welkom restore` short before each of its steps, and says what lies there afterwards.

`python -m tests.house.restore_cut FOLDER`: FOLDER holds a hub of three customers and a copy of two. Each try is a
process of its own on a copy of that folder. A line of JSON a try.
"""

import asyncio
import contextlib
import errno
import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.cli import main
from edge.hub_file import load_hub
from edge.kit.errors import StoreError
from sync.hub import app
from sync.hub.tables import devices
from tests.sync.centre import Said

STEPS = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "sqlite3.connect"}
DIED = 99


def cut(at: int, folder: Path, how: Callable[[], None]) -> None:
    """Before the step `at` of what is done in `folder` (counted from 1) call `how`."""
    count = 0

    def step(event: str, given: tuple[Any, ...]) -> None:
        nonlocal count
        if event in STEPS and any(f"{each}/".startswith(f"{folder}/") for each in given[:2]):
            count += 1
            if count == at:
                how()

    sys.addaudithook(step)


def die() -> None:
    os._exit(DIED)


def be_full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def restored(folder: Path, at: int, how: Callable[[], None]) -> tuple[int, str]:
    """How a `welkom restore` ended that was cut short, and what it said."""
    (folder / "said").touch()
    child = os.fork()
    if child == 0:
        with (
            (folder / "said").open("w") as said,
            contextlib.redirect_stderr(said),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            cut(at, folder / "hub", how)
            code = main(["restore", "--config", str(folder / "hub.toml"), "--from", str(folder / "copies")])
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), (folder / "said").read_text()


def hub(folder: Path) -> list[Any]:
    """Customers, keys and the epoch of what starts there, or the code of the refusal."""

    async def opened() -> list[Any]:
        settings = load_hub(folder / "hub.toml", environment={}).hub
        async with app.open_hub(settings, log=Said()) as there:
            read = there.db.reader.execute
            (people,) = read("SELECT count(*) FROM customer").fetchone()
            (keys,) = read("SELECT count(*) FROM customer_key").fetchone()
            return [people, keys, await there.db.read(devices.hub_epoch) > 1]

    try:
        return asyncio.run(opened())
    except StoreError as error:
        return [error.code]


def lying(folder: Path) -> dict[str, bytes]:
    """Every file of a hub that could be started, but for what was moved aside."""
    return {each.name: each.read_bytes() for each in (folder / "hub").iterdir() if each.is_file()}


def every(start: Path) -> None:
    """A crash before every step until all is done; a full disk until copy and keys lie there."""
    seen = [(lying(start), hub(start), list[Any]())]
    for how in (die, be_full):
        ends, at = False, 0
        while not ends:
            at += 1
            folder = start.parent / f"{how.__name__}-{at}"
            shutil.copytree(start, folder)
            code, said = restored(folder, at, how)
            names = sorted(each.name for each in (folder / "hub").iterdir())
            lies = lying(folder)
            same = next((each for each in seen if each[0] == lies), None)
            if same is None:
                plain = hub(folder)
                again = [restored(folder, 0, die)[0], *hub(folder)] if len(plain) == 1 else []
                seen.append(same := (lies, plain, again))
            told = {"how": how.__name__, "at": at, "code": code, "said": said, "names": names}
            sys.stdout.write(json.dumps(told | {"plain": same[1], "again": same[2]}) + "\n")
            ends = code == 0 if how is die else "hub.keys" in names
            shutil.rmtree(folder)


if __name__ == "__main__":
    every(Path(sys.argv[1]))
