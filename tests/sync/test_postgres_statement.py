"""Statements on their way to a real PostgreSQL: which are prepared, and what becomes of those that are gone."""

import asyncio
import random
import sqlite3
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from edge.kit import postgres_statement
from edge.kit.errors import StoreError
from edge.kit.migrate import load
from edge.kit.postgres import Postgres
from edge.kit.postgres_session import Native, Session, connector
from edge.kit.sql import Connection
from sync.hub.store import MIGRATIONS
from tests.patience import PATIENT_S

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("postgresql")]
COLUMNS = "abcdefgh"
INSERT = f"INSERT INTO mixed ({', '.join(COLUMNS)}) VALUES ({', '.join(f':{each}' for each in COLUMNS)})"
HOT = "SELECT count(*) FROM one WHERE number=:number"


@pytest.fixture
def native(postgresql: str) -> Iterator[Native]:
    native = connector(postgresql)()
    session = Session(native)
    session.script(f"CREATE TEMP TABLE mixed ({', '.join(f'{each} BIGINT' for each in COLUMNS)})")
    session.script("CREATE TEMP TABLE one (number BIGINT)")
    yield native
    native.close()


def prepared(native: Native) -> list[tuple[str, int]]:
    """The text of each statement that the server keeps for this connection, and how often it was asked by name."""
    return native.execute(
        "SELECT statement, generic_plans + custom_plans FROM pg_prepared_statements"
    ).fetchall()


def test_inserts_of_whatever_mixture_of_nulls_are_a_statement_a_width(native: Native) -> None:
    session, chance = Session(native), random.Random(1)
    native.execute("BEGIN")
    rows = 0
    while rows < 60_000:
        several = [
            {each: chance.choice((None, rows)) for each in COLUMNS} for _ in range(chance.randint(1, 7))
        ]
        assert session.executemany(INSERT, several).rowcount == len(several)
        rows += len(several)
    texts = [text for text, _ in prepared(native)]
    # A few of the first ones are asked before each of their columns was something.
    assert len(set(texts)) == 7
    assert len(texts) <= 3 * 7
    native.execute("ROLLBACK")


CHANGE = "UPDATE kept SET body=:body, at=:at, share=:share WHERE whose=:whose AND name=:name"


def test_rows_that_are_changed_or_added_together_are_what_they_are_one_by_one(native: Native) -> None:
    session, chance = Session(native), random.Random(2)
    columns = '(whose BYTEA, name TEXT COLLATE "C", body BYTEA, at BIGINT, share DOUBLE PRECISION'
    columns += ", PRIMARY KEY (whose, name))"
    session.script(f"CREATE TEMP TABLE kept {columns}; CREATE TEMP TABLE alone {columns}")
    keys = [(bytes([number]), f"é {part}") for number in range(150) for part in "ab"]
    row = {"body": b"", "at": 0, "share": 0.0}
    rows = [row | {"whose": whose, "name": name} for whose, name in keys]
    for table in ("kept", "alone"):
        insert = (
            f"INSERT INTO {table} (whose, name, body, at, share) VALUES (:whose, :name, :body, :at, :share)"
        )
        first = 0
        while some := rows[first : first + chance.randint(1, 90)]:
            assert session.executemany(insert, some).rowcount == len(some)
            first += len(some)
    for number in (1, 2, 3, 7, 8, 40, 64, 65, 130, 3, 5):
        nobody = {"whose": b"nobody", "name": "a"}
        changed = [
            {
                "body": chance.randbytes(9),
                "at": chance.choice((None, number)),
                "share": chance.choice((None, 1, 0.5)),
            }
            | {"whose": whose, "name": name}
            for whose, name in chance.sample(keys, number)
        ]
        if number == 3:
            changed = [each | {"at": None, "share": None} for each in changed]  # of no type that is known
        if number == 5:
            changed += [each | {"at": 7} for each in changed[:2]]  # the later one counts
        changed.append({"body": b"", "at": 1, "share": None} | nobody)
        assert session.executemany(CHANGE, changed).rowcount == len(changed) - 1
        for each in changed:
            session.execute(CHANGE.replace("kept", "alone"), each)
        both = [
            native.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in ("kept", "alone")
        ]
        assert both[0] == both[1]
    assert len([text for text, _ in prepared(native) if text.startswith("INSERT")]) <= 22


def test_rows_that_are_found_by_null_are_none(native: Native) -> None:
    session = Session(native)
    session.script("CREATE TEMP TABLE seen (shop BIGINT, number BIGINT, at BIGINT)")
    native.execute("INSERT INTO seen VALUES (1, 1, 0), (1, 2, 0), (NULL, 1, 0)")
    change = "UPDATE seen SET at=:at WHERE number=:number AND shop=:shop"
    several = [{"at": 5, "number": number, "shop": None} for number in (1, 2)]
    assert session.executemany(change, several).rowcount == 0
    assert session.executemany(change, [*several, {"at": 7, "number": 2, "shop": 1}]).rowcount == 1
    assert native.execute("SELECT at FROM seen ORDER BY shop, number").fetchall() == [(0,), (7,), (0,)]


def test_rows_whose_own_key_is_changed_are_changed_one_after_another(native: Native) -> None:
    session = Session(native)
    session.script("CREATE TEMP TABLE place (name BIGINT)")
    native.execute("INSERT INTO place VALUES (1)")
    moves = [{"to": number + 1, "name": number} for number in (1, 2, 3)]
    assert session.executemany("UPDATE place SET name=:to WHERE name=:name", moves).rowcount == 3
    assert native.execute("SELECT name FROM place").fetchall() == [(4,)]


def test_a_hot_statement_is_prepared_again_after_any_number_of_rare_ones(
    native: Native, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_statement, "MOST", 20)
    monkeypatch.setattr(postgres_statement, "KEPT", 50)
    session = Session(native)
    for number in range(200):
        for _ in range(6):  # enough for a place
            session.execute(f"SELECT {number} WHERE :given = 1", {"given": 1})
        session.execute(f"SELECT {number + 1000}")  # not enough, and never asked again
    assert len(prepared(native)) == 20
    for _ in range(6):
        session.execute(HOT, {"number": 1})
    for number in range(200):
        session.execute(HOT, {"number": 1})
        for _ in range(6):
            session.execute(f"SELECT {number} WHERE :given = 1", {"given": 1})
    kept = dict(prepared(native))
    assert len(kept) == 20
    assert kept["SELECT count(*) FROM one WHERE number=$1"] > 200
    statements = native.statements
    assert len(statements._asked) <= 50
    assert len(statements._types) <= 50


def test_null_is_null_after_a_value_and_before_one(native: Native) -> None:
    session = Session(native)
    given: list[Any] = [None] * 6 + [b"x"] + [None] * 6 + [b"y"]
    for each in given:
        asked = "SELECT CAST(:given AS BYTEA), CAST(:given AS BYTEA) IS NULL"
        assert session.execute(asked, {"given": each}).fetchall() == [(each, each is None)]


def test_a_value_that_was_refused_says_nothing_of_what_null_is(native: Native) -> None:
    session = Session(native)
    with pytest.raises(sqlite3.DatabaseError):
        session.execute("INSERT INTO one VALUES (:number)", {"number": "three"})
    for _ in range(6):
        assert session.execute("INSERT INTO one VALUES (:number)", {"number": None}).rowcount == 1


def test_psycopg_prepares_nothing_beside_ours(native: Native) -> None:
    for _ in range(10):
        native.execute("SELECT 1")
    assert prepared(native) == []


def test_an_idle_connection_keeps_nothing_of_what_it_read(native: Native) -> None:
    assert Session(native).execute("SELECT 'Anna'").fetchall() == [("Anna",)]
    assert native.statements._rows.pgresult is None


def test_a_numeric_is_a_whole_number_or_refused(native: Native) -> None:
    session = Session(native)
    assert session.execute("SELECT CAST(7 AS NUMERIC(5, 2))").fetchall() == [(7,)]
    for each in ("1.5", "'NaN'", "'Infinity'"):
        with pytest.raises(Exception, match="DataError"):
            session.execute(f"SELECT CAST({each} AS NUMERIC)")


@pytest.mark.parametrize("way", ["apply", "read", "view"])
@pytest.mark.parametrize("behind", ["DEALLOCATE ALL", "ALTER TABLE kept ADD COLUMN more BIGINT"])
async def test_a_store_heals_of_what_is_done_to_its_prepared_statements(
    postgresql: str, way: str, behind: str
) -> None:
    store, _ = await Postgres.open(postgresql, load(MIGRATIONS), writers=1, readers=1)
    try:
        await store.apply(lambda conn: conn.execute("CREATE TABLE kept (number BIGINT)"))
        await store.apply(lambda conn: conn.execute("INSERT INTO kept VALUES (1)"))
        ask = getattr(store, way)

        def kept(conn: Connection) -> Any:
            return conn.execute("SELECT * FROM kept").fetchall()

        for _ in range(6):
            assert await ask(kept) == [(1,)]
        if behind.startswith("DEALLOCATE"):
            await ask(lambda conn: conn.execute(behind))
            healed = [(1,)]
        else:
            with connector(postgresql)() as other:
                other.execute(behind)
            healed = [(1, None)]
        for _ in range(6):
            assert await ask(kept) == healed
    finally:
        await store.close()


async def test_what_the_server_cannot_do_is_no_lost_connection(postgresql: str) -> None:
    store, _ = await Postgres.open(postgresql, load(MIGRATIONS), writers=1, readers=1)
    try:
        with pytest.raises(StoreError) as refused:
            await store.read(lambda conn: conn.execute("SELECT 1 FOR UPDATE OF other"))
        assert refused.value.code == "S00"
        with pytest.raises(StoreError) as refused:
            await store.apply(lambda conn: conn.execute("SELECT count(*) FROM schema_version FOR UPDATE"))
        assert refused.value.code == "S00"
    finally:
        await store.close()


@pytest.mark.parametrize("way", ["apply", "read"])
async def test_a_request_heals_while_others_use_connections_that_lost_theirs_as_well(
    postgresql: str, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    store, _ = await Postgres.open(postgresql, load(MIGRATIONS), writers=2, readers=2)
    ask, lane = getattr(store, way), store._writing if way == "apply" else store._reading
    both, begun, may_end, ended = threading.Barrier(2), *(threading.Event() for _ in range(3))

    def on_its_own(conn: Connection, sql: str, times: int) -> None:
        both.wait(PATIENT_S)  # each of the two has a connection now
        for _ in range(times):
            conn.execute(sql)

    def idle(conn: Connection) -> None:
        begun.set()
        may_end.wait(PATIENT_S)

    def give(native: Native | None, given: Callable[[Native | None], None] = lane.give) -> None:
        given(native)
        if native is not None and native.closed:  # the other comes back between the two tries of this one
            may_end.set()
            ended.wait(PATIENT_S)
        else:
            ended.set()

    try:
        for sql, times in (("SELECT count(*) FROM customer", 6), ("DEALLOCATE ALL", 1)):
            await asyncio.gather(*(ask(on_its_own, sql, times) for _ in range(2)))
        monkeypatch.setattr(lane, "give", give)
        other = asyncio.create_task(ask(idle))
        await asyncio.to_thread(begun.wait, PATIENT_S)
        assert await ask(lambda conn: conn.execute("SELECT count(*) FROM customer").fetchall()) == [(0,)]
        await other
    finally:
        await store.close()
