"""A small database for tests of the store itself: pairs of rows, and a diary of facts beside them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from sqlite3 import Connection

from edge.kit.sqlite import Database, open_reader, open_writer

SCHEMA = """
    CREATE TABLE pair (number INTEGER, half TEXT, UNIQUE (number, half));
    CREATE TABLE diary (seq INTEGER PRIMARY KEY, fact TEXT NOT NULL);
"""


def make(path: Path) -> Path:
    with closing(open_writer(path)) as conn:
        conn.executescript(SCHEMA)
    return path


def note(conn: Connection, facts: list[str]) -> int:
    """The `record` of this small house: one row a fact."""
    conn.executemany("INSERT INTO diary (fact) VALUES (?)", [(fact,) for fact in facts])
    (seq,) = conn.execute("SELECT max(seq) FROM diary").fetchone()
    return int(seq)


def both(conn: Connection, number: int) -> list[str]:
    """An act of two statements: whoever sees one half and not the other saw inside a transaction."""
    conn.execute("INSERT INTO pair VALUES (?, 'left')", (number,))
    conn.execute("INSERT INTO pair VALUES (?, 'right')", (number,))
    return [f"pair {number}"]


def halves(path: Path) -> dict[int, int]:
    """How many halves each pair has, as another program would read them."""
    with closing(open_reader(path)) as conn:
        return dict(conn.execute("SELECT number, count(*) FROM pair GROUP BY number").fetchall())


def diary(path: Path) -> list[str]:
    with closing(open_reader(path)) as conn:
        return [fact for (fact,) in conn.execute("SELECT fact FROM diary ORDER BY seq")]


def free_to_write(path: Path) -> bool:
    """Whether no other connection holds a transaction that writes."""
    with closing(open_writer(path)) as conn:
        conn.execute("PRAGMA busy_timeout=0")
        conn.execute("BEGIN IMMEDIATE")
        conn.execute("ROLLBACK")
        return True


def checkpoint(path: Path) -> None:
    """Move everything from the write-ahead log into the file, and empty the log."""
    with closing(open_writer(path)) as conn:
        conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def files_with(needle: bytes, folder: Path) -> list[str]:
    """Names of the files below `folder` in which these bytes stand."""
    return [
        str(file.relative_to(folder))
        for file in folder.rglob("*")
        if file.is_file() and needle in file.read_bytes()
    ]


@asynccontextmanager
async def opened(folder: Path) -> AsyncIterator[Database[str]]:
    """The small house on two files in `folder`."""
    replica = folder / "replica.db"
    with closing(open_writer(replica)) as conn:
        conn.execute("CREATE TABLE copied (id INTEGER)")
    db: Database[str] = await Database.open(
        make(folder / "journal.db"), attach={"replica": replica}, record=note
    )
    try:
        yield db
    finally:
        await db.close()
