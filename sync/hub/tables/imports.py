"""Imports by number, and how each row was before."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from edge.kit.sql import Connection, spread

State = Literal["running", "done", "undone"]


@dataclass(frozen=True, slots=True)
class Run:
    """One import: what it was of, how far it is, and how much it changed."""

    number: int
    kind: str
    state: State
    added: int
    changed: int
    gone: int
    at_ms: int


class Before(NamedTuple):
    """One row of an import: its version after it, and how it was before (None: not there).

    Taking another import back moves the version up with the row: it stays the one that nothing newer touched.
    """

    t: str
    id: str
    ver: int
    before: bytes | None


_COLUMNS = "number, kind, state, added, changed, gone, at_ms"


def begin(conn: Connection, *, kind: str, now_ms: int) -> int:
    """The number of a new import."""
    (number,) = conn.execute("SELECT coalesce(max(number), 0) + 1 FROM import_run").fetchone()
    conn.execute(
        """
        INSERT INTO import_run (number, kind, state, added, changed, gone, at_ms)
        VALUES (:number, :kind, 'running', 0, 0, 0, :now_ms)
        """,
        {"number": number, "kind": kind, "now_ms": now_ms},
    )
    return int(number)


def count(conn: Connection, number: int, *, added: int = 0, changed: int = 0, gone: int = 0) -> None:
    conn.execute(
        """
        UPDATE import_run SET added=added+:added, changed=changed+:changed, gone=gone+:gone
        WHERE number=:number
        """,
        {"number": number, "added": added, "changed": changed, "gone": gone},
    )


def goes_on(conn: Connection, number: int) -> bool:
    """Whether an import still runs, held until COMMIT: nobody ends it before this slice of it is in."""
    row = conn.execute(
        "SELECT state FROM import_run WHERE number=:number /*! FOR UPDATE */", {"number": number}
    ).fetchone()
    return row is not None and row[0] == "running"


def leave(conn: Connection, number: int, state: Literal["done", "undone"]) -> bool:
    """End an import that runs; False for one that does not. An `undone` one may have rows that are to go back yet."""
    done = conn.execute(
        "UPDATE import_run SET state=:state WHERE number=:number AND state='running'",
        {"number": number, "state": state},
    )
    return done.rowcount == 1


def set_undone(conn: Connection, number: int) -> None:
    conn.execute("UPDATE import_run SET state='undone' WHERE number=:number", {"number": number})


def run(conn: Connection, number: int) -> Run | None:
    row = conn.execute(
        f"SELECT {_COLUMNS} FROM import_run WHERE number=:number", {"number": number}
    ).fetchone()
    return Run(*row) if row else None


def runs(conn: Connection, *, below: int, most: int) -> list[Run]:
    """Imports with a number below `below`, newest first."""
    rows = conn.execute(
        f"SELECT {_COLUMNS} FROM import_run WHERE number<:below ORDER BY number DESC LIMIT :most",
        {"below": below, "most": most},
    )
    return [Run(*row) for row in rows]


def unfinished(conn: Connection) -> list[int]:
    """Numbers of imports that were begun and not ended, and of those that are not taken back whole yet."""
    rows = conn.execute(
        """
        SELECT number FROM import_run WHERE state='running' OR (state='undone' AND EXISTS (
            SELECT 1 FROM import_row WHERE import_row.number=import_run.number)) ORDER BY number
        """
    )
    return [number for (number,) in rows]


def note(conn: Connection, number: int, rows: Iterable[Before]) -> None:
    """Keep how rows were; of a row that one import touches twice the first holds, with the last version."""
    values: list[Mapping[str, Any]] = [{"number": number, **row._asdict()} for row in rows]
    conn.executemany(
        """
        INSERT INTO import_row (number, t, id, ver, before) VALUES (:number, :t, :id, :ver, :before)
        ON CONFLICT (number, t, id) DO UPDATE SET ver=excluded.ver
        """,
        values,
    )


def rows(conn: Connection, number: int, *, after: tuple[str, str], most: int) -> list[Before]:
    """Rows of an import after (t, id), in that order."""
    found = conn.execute(
        """
        SELECT t, id, ver, before FROM import_row
        WHERE number=:number AND (t>:t OR (t=:t AND id>:id)) ORDER BY t, id LIMIT :most
        """,
        {"number": number, "t": after[0], "id": after[1], "most": most},
    )
    return [Before(t, id_, ver, None if before is None else bytes(before)) for t, id_, ver, before in found]


class Raised(NamedTuple):
    """A row that is as it was again: how many versions the import had raised it, and how many taking it back did."""

    t: str
    id: str
    came: int
    back: int


def lift(conn: Connection, number: int, raised: Iterable[Raised]) -> None:
    """The versions that other imports noted of these rows, moved up as import `number` and its end moved the rows."""
    given = [{"number": number, **each._asdict()} for each in raised]
    for text, name in (
        ("UPDATE import_row SET ver=ver+:by WHERE id=:id AND t=:t AND number<:number", "came"),
        ("UPDATE import_row SET ver=ver+:by WHERE id=:id AND t=:t AND number<>:number", "back"),
    ):
        moved = [{key: each[key] for key in ("number", "t", "id")} | {"by": each[name]} for each in given]
        conn.executemany(text, [each for each in moved if each["by"]])


def left(conn: Connection, number: int, ids: Iterable[str]) -> set[str]:
    """Which of these ids an import still has rows of."""
    those, given = spread("id", ids)
    found = conn.execute(
        f"SELECT DISTINCT id FROM import_row WHERE number=:number AND id IN {those}",
        {"number": number, **given},
    )
    return {id_ for (id_,) in found}


def drop(conn: Connection, number: int) -> None:
    """Forget how the rows of an import were: it was taken back, or need not be any more."""
    conn.execute("DELETE FROM import_row WHERE number=:number", {"number": number})


def forget(conn: Connection, customer_id: bytes) -> None:
    """Forget how a customer's rows were, in every import."""
    conn.execute("DELETE FROM import_row WHERE id=:id", {"id": customer_id.hex()})


def drop_rows(conn: Connection, number: int, rows: Iterable[Before]) -> None:
    """These rows are as they were again."""
    conn.executemany(
        "DELETE FROM import_row WHERE number=:number AND t=:t AND id=:id",
        [{"number": number, "t": row.t, "id": row.id} for row in rows],
    )
