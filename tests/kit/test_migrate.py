"""From every former version to the newest, with rows in every table; and never a step halfway."""

import re
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from sqlite3 import Connection, DatabaseError

import pytest

from edge.files import prepare
from edge.kit.errors import Corrupt
from edge.kit.migrate import Migration, load, migrate
from edge.kit.sqlite import open_writer

FOLDERS = {name: load(files("edge.schema") / name) for name in ("journal", "replica")}
FROM_EACH = [(name, number) for name, steps in FOLDERS.items() for number in range(len(steps) + 1)]
ALLOWED = re.compile(r"(\w+)\s+TEXT[^,]*?CHECK \(\w+ IN \('(\w+)'")


ANOTHER = object()  # some value, and not the one of before
# What a migration makes coarser on purpose, by its number: of whom a counter is kept, no minute may say when they
# were here; a suggestion lets go of the visit and the minute in which a colleague made it.
COARSER: dict[str, tuple[int, dict[str, object]]] = {
    "mark": (13, {"at_ms": 0}),
    "suggestion": (23, {"visit_id": ANOTHER, "shown_ms": 0}),
}


def tables(conn: Connection) -> dict[str, str]:
    return dict(conn.execute("SELECT name, sql FROM sqlite_schema WHERE type='table'").fetchall())


def put_a_row_in_each(conn: Connection) -> None:
    """One row that the constraints allow in every table that the migration itself left empty."""
    for table, sql in tables(conn).items():
        if conn.execute(f"SELECT 1 FROM {table}").fetchone():
            continue
        allowed = dict(ALLOWED.findall(sql))
        values: list[object] = []
        for _, column, kind, *_ in conn.execute(f"PRAGMA table_info({table})").fetchall():
            by_kind = {"INTEGER": 7, "BLOB": b"\x07" * 32, "TEXT": f"some {column}"}
            values.append(allowed.get(column, by_kind[kind]))
        conn.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(values))})", values)


def content(conn: Connection) -> dict[str, list[dict[str, object]]]:
    found: dict[str, list[dict[str, object]]] = {}
    for table in tables(conn):
        rows = conn.execute(f"SELECT * FROM {table}")
        columns = [column for column, *_ in rows.description]
        found[table] = [dict(zip(columns, row, strict=True)) for row in rows]
    return found


@pytest.mark.parametrize(("folder", "number"), FROM_EACH)
def test_every_former_version_comes_up_to_date_with_its_rows(
    tmp_path: Path, folder: str, number: int
) -> None:
    steps = FOLDERS[folder]
    with closing(open_writer(tmp_path / "some.db")) as conn:
        assert migrate(conn, steps, file="some.db", upto=number) == (0, number)
        put_a_row_in_each(conn)
        before = content(conn)
        assert migrate(conn, steps, file="some.db") == (number, len(steps))
        after = content(conn)
        assert conn.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert conn.execute("PRAGMA user_version").fetchone() == (len(steps),)
    for table, rows in before.items():
        assert len(after.get(table, [])) == len(rows), f"rows of {table} were lost"
        for old, new in zip(rows, after[table], strict=True):
            kept = {name: value for name, value in old.items() if name in new}
            by, coarser = COARSER.get(table, (0, {}))
            wanted = kept | (coarser if number < by else {})
            assert {
                name for name, value in wanted.items() if value is ANOTHER and new[name] == old[name]
            } == set()
            plain = {name: value for name, value in wanted.items() if value is not ANOTHER}
            assert {name: new[name] for name in plain} == plain


@pytest.mark.parametrize("folder", FOLDERS)
def test_migrating_again_changes_nothing(tmp_path: Path, folder: str) -> None:
    with closing(open_writer(tmp_path / "some.db")) as conn:
        migrate(conn, FOLDERS[folder], file="some.db")
        put_a_row_in_each(conn)
        before = content(conn)
        assert migrate(conn, FOLDERS[folder], file="some.db")[0] == len(FOLDERS[folder])
        assert content(conn) == before


@pytest.mark.parametrize("name", ["journal.db", "replica.db"])
def test_a_file_of_a_newer_program_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    prepare(tmp_path, log=lambda event, **fields: None)
    with closing(open_writer(tmp_path / name)) as conn:
        conn.execute("PRAGMA user_version=99")
    with pytest.raises(Corrupt) as caught:
        prepare(tmp_path, log=lambda event, **fields: None)
    assert caught.value.code == "S03"
    assert "99" in str(caught.value)
    with closing(open_writer(tmp_path / name)) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (99,)


GOOD = Migration(1, "0001_good.sql", "CREATE TABLE kept (id INTEGER); INSERT INTO kept VALUES (5);")
BAD = [
    "CREATE TABLE half (id INTEGER); INSERT INTO kept VALUES (6); INSERT INTO nowhere VALUES (1);",
    "ALTER TABLE kept ADD COLUMN more TEXT; SELECT no_such_function(1);",
    "DROP TABLE kept; CREATE TABLE half (id INTEGER",
]


@pytest.mark.parametrize("sql", BAD)
def test_a_migration_that_fails_leaves_the_former_version_whole(tmp_path: Path, sql: str) -> None:
    with closing(open_writer(tmp_path / "some.db")) as conn:
        migrate(conn, [GOOD], file="some.db")
        with pytest.raises(DatabaseError):
            migrate(conn, [GOOD, Migration(2, "0002_bad.sql", sql)], file="some.db")
    with closing(open_writer(tmp_path / "some.db")) as conn:
        assert conn.execute("PRAGMA user_version").fetchone() == (1,)
        assert content(conn) == {"kept": [{"id": 5}]}


def test_a_migration_that_fails_leaves_no_transaction_open(tmp_path: Path) -> None:
    with closing(open_writer(tmp_path / "some.db")) as conn:
        with pytest.raises(DatabaseError):
            migrate(conn, [Migration(1, "0001_bad.sql", BAD[0])], file="some.db")
        assert not conn.in_transaction


def test_migrations_are_loaded_in_order_and_dense(tmp_path: Path) -> None:
    (tmp_path / "0002_second.sql").write_text("SELECT 2")
    (tmp_path / "0001_first.sql").write_text("SELECT 1")
    (tmp_path / "README.md").write_text("not one")
    assert [each.name for each in load(tmp_path)] == ["0001_first.sql", "0002_second.sql"]
    (tmp_path / "0004_fourth.sql").write_text("SELECT 4")
    with pytest.raises(ValueError, match="dense"):
        load(tmp_path)


def test_what_was_migrated_is_logged_once(tmp_path: Path) -> None:
    said: list[tuple[str, dict[str, object]]] = []
    for _ in range(2):
        prepare(tmp_path, log=lambda event, **fields: said.append((event, fields)))
    assert [fields["file"] for _, fields in said] == ["journal.db", "replica.db"]
    assert {event for event, _ in said} == {"migrated"}
