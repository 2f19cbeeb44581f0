"""Copies of the hub's database forget too: with the next copy whoever was erased is taken out of the older ones.

Their key is gone from the files of keys in the same run, so that what a copy elsewhere still holds opens nothing.
"""

import os
import sqlite3
from collections.abc import Set
from contextlib import closing
from pathlib import Path

from edge.kit import sweeping
from edge.kit.migrate import load
from sync.hub import people
from sync.hub.config import Keys
from sync.hub.store import MIGRATIONS
from sync.hub.tables import people as tables


def forget(folder: Path, keys: Keys, *, marks: Set[bytes], now_ms: int) -> int:
    """Take those with these marks out of every copy and file of keys in `folder`; how many files held any of them.

    A copy of an older schema is left as it is: it goes when its nights are over, and no key opens it.
    """
    touched = sum(_forget_keys(file, keys, marks) for file in sorted(folder.glob("hub-*.keys")))
    return touched + sum(_forget_rows(file, keys, marks, now_ms) for file in sorted(folder.glob("hub-*.db")))


def _forget_keys(file: Path, keys: Keys, marks: Set[bytes]) -> bool:
    lines = file.read_text(encoding="ascii").splitlines(keepends=True)
    stay = [each for each in lines if people.mark(keys, bytes.fromhex(each.split(" ", 1)[0])) not in marks]
    if len(stay) == len(lines):
        return False
    waiting = file.with_suffix(".part")
    with open(os.open(waiting, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="ascii") as new:
        new.writelines(stay)
        new.flush()
        os.fsync(new.fileno())
    waiting.replace(file)
    return True


def _forget_rows(file: Path, keys: Keys, marks: Set[bytes], now_ms: int) -> bool:
    with closing(sqlite3.connect(file, isolation_level=None)) as conn:
        (version,) = conn.execute("PRAGMA user_version").fetchone()
        if version != len(load(MIGRATIONS)):
            return False
        back = [each for each in list(tables.ids(conn)) if people.mark(keys, each) in marks]
        if not back:
            return False
        conn.execute("PRAGMA secure_delete=ON")
        conn.execute("BEGIN IMMEDIATE")
        for customer_id in back:
            if tables.exists(conn, customer_id):  # one may have gone with another whose card they were
                people.erase(conn, keys, customer_id=customer_id, now_ms=now_ms)
        conn.execute("COMMIT")
        sweeping.made_in(conn, file.parent)
        conn.execute("VACUUM")
    return True
