"""Numbered plain SQL migrations; `PRAGMA user_version` is the number of the last one applied."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

from edge.kit.errors import Corrupt


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    sql: str


def load(folder: Traversable) -> list[Migration]:
    """The migrations of `folder` (files `0001_words.sql`), dense from 1."""
    found = [
        Migration(number=int(file.name[:4]), name=file.name, sql=file.read_text(encoding="utf-8"))
        for file in folder.iterdir()
        if file.name.endswith(".sql")
    ]
    found.sort(key=lambda migration: migration.number)
    if [migration.number for migration in found] != list(range(1, len(found) + 1)):
        raise ValueError(f"migrations are not dense from 1: {[migration.name for migration in found]}")
    return found


def migrate(
    conn: sqlite3.Connection, migrations: Sequence[Migration], *, file: str, upto: int | None = None
) -> tuple[int, int]:
    """Bring `conn`'s main database up to date, each step in its own transaction; (from, to) versions.

    Raises Corrupt when the file is newer than this program.
    """
    (before,) = conn.execute("PRAGMA user_version").fetchone()
    if before > len(migrations):
        raise Corrupt(
            f"{file} has schema {before}, this program knows {len(migrations)}",
            code="S03",
            hint="install the newer version again, or restore a backup of before the update",
        )
    target = len(migrations) if upto is None else upto
    for migration in migrations[before:target]:
        try:
            conn.executescript(
                f"BEGIN IMMEDIATE;\n{migration.sql}\nPRAGMA user_version={migration.number};\nCOMMIT;"
            )
        except sqlite3.Error:
            if conn.in_transaction:
                conn.execute("ROLLBACK")
            raise
    return before, max(before, target)
