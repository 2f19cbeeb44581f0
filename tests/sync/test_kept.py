"""Every line of the table of what is kept that names a period is true: what is older goes, what is younger stays."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

import pytest

from edge import jobs, pruning
from edge.consent.retention import DAY_MS, HOUR_MS, KEPT, Kept, Where, keep_ms
from edge.consent.rules import PURPOSES, TRAITS
from edge.guests import acts as guests
from edge.kit.sql import Connection
from edge.recognition import tables as recognition
from edge.staff.rules import SESSION_MS
from sync.hub import retention
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from tests.sync.centre import ANNA, BRAM, HERE, open_centre
from tests.tables.floor import RECIPIENT, open_floor

pytestmark = pytest.mark.anyio
SHORT: Final = 60_000  # how much older and younger than its period the two rows are, at least
Row = Mapping[str, Any]


def _id(at_ms: int) -> bytes:
    return at_ms.to_bytes(6, "big") + os.urandom(10)


@dataclass(frozen=True)
class Aged:
    """A row of a table, from when it is. `kept`: which rows still say something, where they all stay."""

    row: Callable[[int], Row]
    kept: str = ""


IN: Final[dict[Where, dict[str, Aged]]] = {
    "shop": {
        "visit": Aged(lambda at: {"id": _id(at), "started_ms": at, "ended_ms": at}),
        "view_log": Aged(lambda at: {"visit_id": _id(at), "at_ms": at}),
        "look": Aged(lambda at: {"n": at // 1_000, "at_ms": at}),
        "look_alarm": Aged(lambda at: {"n": at // 1_000, "at_ms": at}),
        "outbox": Aged(lambda at: {"seq": at // 1_000, "at_ms": at}),
        "outbox_past": Aged(lambda at: {"seq": at // 1_000, "at_ms": at}),
        "refusal": Aged(lambda at: {"at_ms": at}),
        "suggestion": Aged(lambda at: {"shown_ms": at}),
        "mark": Aged(lambda at: {"at_ms": at}),
        "deed": Aged(lambda at: {"at_ms": at}),
        "draft": Aged(lambda at: {"session_hash": b"open", "form": str(at), "at_ms": at}),
        "feedback": Aged(lambda at: {"at_ms": at}),
        "staff_session": Aged(lambda at: {"token_hash": _id(at), "until_ms": at + SESSION_MS}),
        "tablet_try": Aged(lambda at: {"at_ms": at}),
    },
    "hub": {
        "event": Aged(
            lambda at: {"device_id": "box-1", "epoch": 1, "seq": at // 1_000, "at_ms": at, "received_ms": at},
            kept="body<>x'7b7d'",
        ),
        "happening": Aged(lambda at: {"at_ms": at}),
        "look": Aged(lambda at: {"n": at // 1_000, "at_ms": at}),
        "look_break": Aged(lambda at: {"branch": at // 1_000, "at_ms": at}),
        "api_answer": Aged(lambda at: {"at_ms": at}),
        "import_row": Aged(lambda at: {"number": at // 1_000}),
        "webhook_message": Aged(lambda at: {"webhook_id": str(at)}),
    },
}
# What is not deleted for its age alone has a test of its own below.
OWN: Final = {("shop", "guest")}
# What a row hangs on.
BESIDE: Final[dict[str, tuple[str, Callable[[int], Row]]]] = {
    "import_row": ("import_run", lambda at: {"number": at // 1_000, "at_ms": at, "state": "done"}),
    "webhook_message": ("webhook", lambda at: {"id": str(at), "ended_ms": at}),
}


def put(conn: Connection, table: str, row: Row) -> None:
    """A row with these values, and in every other column that asks for one something that is nobody's."""
    whole: dict[str, Any] = {}
    for _, name, kind, must, default, key in conn.execute(f"PRAGMA table_info({table})", {}).fetchall():
        if name in row:
            whole[name] = row[name]
        elif (must or key) and default is None:
            whole[name] = {"INTEGER": 1, "TEXT": "x"}.get(kind) or os.urandom(16)
    names = ", ".join(whole)
    conn.execute(f"INSERT INTO {table} ({names}) VALUES ({', '.join(f':{each}' for each in whole)})", whole)


def two(conn: Connection, where: Where, table: str, now_ms: int) -> None:
    """One row a little older than its period, and one a little younger."""
    period = keep_ms(where, table)
    for at_ms in (now_ms - period - SHORT, now_ms - period + SHORT):
        if table in BESIDE:
            beside, row = BESIDE[table]
            put(conn, beside, row(at_ms))
        put(conn, table, IN[where][table].row(at_ms))


def held(conn: Connection, where: Where, table: str) -> int:
    kept = IN[where][table].kept or "1=1"
    return int(conn.execute(f"SELECT count(*) FROM {table} WHERE {kept}", {}).fetchone()[0])


def periods(where: Where) -> list[tuple[Kept, str]]:
    return [(each, table) for each in KEPT if each.where == where and each.keep_ms for table in each.tables]


@pytest.mark.parametrize("where", ["shop", "hub"])
def test_every_table_with_a_period_is_walked(where: Where) -> None:
    assert {table for _, table in periods(where)} == IN[where].keys() | {t for w, t in OWN if w == where}


async def test_every_table_that_names_a_customer_says_how_long_it_is_kept(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor, open_centre(tmp_path) as centre:
        named = {
            ("shop", table) for schema in ("main", "replica") for table in naming(floor.db.reader, schema)
        }
        named |= {("hub", table) for table in naming(centre.hub.db.reader, "main")}
    told = {(each.where, table) for each in KEPT for table in each.tables}
    assert (named - told, ("shop", "own_request") in named) == (set(), True)


def naming(conn: Any, schema: str) -> list[str]:
    """The tables whose rows are of somebody."""
    tables = conn.execute(f"SELECT name FROM {schema}.sqlite_master WHERE type='table'", {}).fetchall()
    return [
        name
        for (name,) in tables
        if any(
            row[1] == "customer_id"
            for row in conn.execute(f"PRAGMA {schema}.table_info({name})", {}).fetchall()
        )
    ]


async def test_in_a_shop_what_is_older_than_its_period_goes_with_the_round_and_what_is_younger_stays(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        tables, now_ms = list(IN["shop"]), floor.now_ms

        def fill(conn: Any) -> None:
            for table in tables:
                two(conn, "shop", table, now_ms)
            put(conn, "staff_session", {"token_hash": b"open", "until_ms": now_ms + HOUR_MS})
            conn.execute("UPDATE outbox_head SET acked=?", (now_ms,))

        await floor.db.apply(fill)
        before = {table: held(floor.db.reader, "shop", table) for table in tables}
        await pruning.prune(floor.db, now_ms=now_ms, alone=True)
        after = {table: held(floor.db.reader, "shop", table) for table in tables}
        assert {table: before[table] - after[table] for table in tables} == dict.fromkeys(tables, 1)


async def test_a_guest_whose_visit_is_over_goes_within_the_day(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        now_ms = floor.now_ms
        ages = (keep_ms("shop", "guest") + SHORT, SHORT)

        def fill(conn: Any) -> None:
            for age in ages:
                conn.execute(
                    "INSERT INTO replica.guest (customer_id, since_ms) VALUES (?, ?)",
                    (_id(age), now_ms - age),
                )

        await floor.db.apply(fill)
        left = guests.leave(floor.db.reader, now_ms=now_ms)
        assert [each.customer_id[:6] for each in left] == [_id(ages[0])[:6]]


async def test_at_the_hub_what_is_older_than_its_period_goes_with_the_round_and_what_is_younger_stays(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub, tables = centre.hub, list(IN["hub"])
        now_ms = hub.now_ms()
        hub.sure_ms = lambda: now_ms  # type: ignore[method-assign]

        def fill(conn: Any) -> None:
            for table in tables:
                two(conn, "hub", table, now_ms)

        await hub.db.apply(fill)
        assert {table: held(hub.db.reader, "hub", table) for table in tables} == dict.fromkeys(tables, 2)
        await retention.tidy(hub)
        assert {table: held(hub.db.reader, "hub", table) for table in tables} == dict.fromkeys(tables, 1)


@pytest.mark.parametrize("how", ["stopped", "expired"])
async def test_a_day_after_a_yes_is_over_nothing_that_rested_on_it_alone_is_left(
    tmp_path: Path, how: str
) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        start_ms, values = hub.now_ms(), {name: {"x": name} for name in TRAITS if name != "age_band"}
        asked = [purpose for purpose, basis in PURPOSES.items() if basis == "consent"]
        until_ms = start_ms + HOUR_MS
        over = [NewConsent(purpose, HERE, until_ms) for purpose in asked]
        holds = [NewConsent(purpose, HERE) for purpose in asked]
        await hub.add_customers(
            ["s1"],
            [NewCustomer(ANNA, values, [], over), NewCustomer(BRAM, values, [], [*over, *_elsewhere(holds)])],
        )
        if how == "stopped":
            await hub.db.apply(_stop, ANNA, at_ms=until_ms)

        def fill(conn: Any) -> None:
            for whose in (ANNA, BRAM):
                for channel in ("web", "portal"):
                    put(conn, "happening", {"customer_id": whose, "channel": channel, "at_ms": start_ms})

        await hub.db.apply(fill)

        async def left(whose: bytes, now_ms: int) -> tuple[set[str], int]:
            hub.sure_ms = lambda: now_ms  # type: ignore[method-assign]
            await retention.tidy(hub)
            read = hub.db.reader.execute
            names = {name for (name,) in read("SELECT name FROM trait WHERE customer_id=?", (whose,))}
            ((count,),) = read("SELECT count(*) FROM happening WHERE customer_id=?", (whose,)).fetchall()
            return names, count

        rests = {name for name in values if PURPOSES[TRAITS[name].purpose] != "consent"}
        assert await left(ANNA, until_ms + DAY_MS - SHORT) == (set(values), 2)
        assert await left(ANNA, until_ms + DAY_MS + SHORT) == (rests, 1)
        assert await left(BRAM, until_ms + DAY_MS + SHORT) == (set(values), 2)


def _elsewhere(given: list[NewConsent]) -> list[NewConsent]:
    return [NewConsent(each.purpose, "partner:other", each.until_ms) for each in given]


def _stop(conn: Any, whose: bytes, *, at_ms: int) -> None:
    conn.execute(
        "UPDATE consent SET until_ms=NULL, state='withdrawn' WHERE customer_id=:id AND basis='consent'",
        {"id": whose},
    )
    rows = conn.execute(
        "SELECT purpose, recipient FROM consent WHERE customer_id=:id", {"id": whose}
    ).fetchall()
    for purpose, recipient in rows:
        said = {"customer_id": whose, "purpose": purpose, "recipient": recipient, "gen": 1, "granted": 0}
        put(conn, "consent_event", {**said, "state": "withdrawn", "at_ms": at_ms})


async def test_in_a_shop_without_a_hub_what_rested_on_a_yes_goes_a_day_after_it_is_over(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        start_ms = floor.now_ms
        everything = {name: {"x": name} for name in TRAITS}
        asked = {purpose: None for purpose, basis in PURPOSES.items() if basis == "consent"}
        rests = {name for name in everything if PURPOSES[TRAITS[name].purpose] != "consent"}
        stays = await floor.resident("1", traits=everything, consents=asked)
        expires = await floor.resident("2", traits=everything, consents=dict.fromkeys(asked, start_ms))
        stops = await floor.resident("3", traits=everything, consents=asked)
        again = await floor.resident("4", traits=everything, consents=asked)

        def said(conn: Any) -> None:
            for person, state, gen in ((stops, "withdrawn", 1), (again, "withdrawn", 1), (again, "given", 2)):
                for purpose in asked:
                    row = (person.customer_id, purpose, RECIPIENT, "consent", gen, state, start_ms)
                    conn.execute("REPLACE INTO main.consent VALUES (?, ?, ?, ?, ?, ?, ?, NULL, 0)", row)
            for person in (stays, expires, stops, again):
                for table in ("refusal", "suggestion"):
                    put(
                        conn,
                        table,
                        {"customer_id": person.customer_id, "at_ms": start_ms, "shown_ms": start_ms},
                    )

        await floor.db.apply(said)

        async def left(after_ms: int) -> list[set[str]]:
            await pruning.prune(floor.db, now_ms=start_ms + after_ms, alone=True)
            place: bytes | None = b""
            while place is not None:
                place = await floor.db.apply(
                    recognition.drop_stopped, place, before_ms=start_ms + after_ms - DAY_MS, most=2
                )
            sql = "SELECT name FROM replica.trait WHERE customer_id=?"
            people = (stays, expires, stops, again)
            return [
                {name for (name,) in floor.db.reader.execute(sql, (each.customer_id,))} for each in people
            ]

        whole = set(everything)
        assert await left(DAY_MS - SHORT) == [whole] * 4
        assert [floor.one(f"SELECT count(*) FROM {table}") for table in ("refusal", "suggestion")] == [4, 4]
        assert await left(DAY_MS) == [whole, rests, rests, whole]
        for table in ("refusal", "suggestion"):
            found = {whose for (whose,) in floor.db.reader.execute(f"SELECT customer_id FROM {table}")}
            assert found == {stays.customer_id, again.customer_id}


async def test_a_shop_without_a_hub_whose_clock_was_wrong_once_deletes_nothing_too_soon(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        clock, until_ms = floor.clock, floor.now_ms + 300 * DAY_MS
        await floor.resident(
            "1", traits={"last": {"what": "x"}}, consents={"saving": None, "profiling": until_ms}
        )
        await floor.db.apply(lambda conn: two(conn, "shop", "visit", clock.wall))
        house: Any = SimpleNamespace(
            db=floor.db, time=floor.time, health=SimpleNamespace(alone=True, store="")
        )

        async def left() -> list[int]:
            for minute in (jobs.EXPIRE_AFTER_MINUTES, jobs.PRUNE_EVERY_MINUTES):
                await jobs.drop_old(house, minute)
            return [floor.one(f"SELECT count(*) FROM {table}") for table in ("replica.trait", "visit")]

        clock.set_wall(clock.wall + 400 * DAY_MS)
        assert await left() == [1, 2]
        clock.set_wall(clock.wall - 400 * DAY_MS)
        clock.pass_ms(2 * DAY_MS)
        assert floor.time.now_ms() > until_ms
        assert (await left())[0] == 1
        clock.pass_ms(301 * DAY_MS)
        assert (await left())[0] == 0
