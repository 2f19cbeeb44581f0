"""What is kept goes when its time is over, at the hub and in the shops, and one table says so of everything."""

import re
from contextlib import closing
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from edge import outbox
from edge.consent.retention import DAY_MS, KEPT, LOOKS_MS, UNDO_MS, VISITS_MS, Kept, Where
from edge.guests import tables as guests
from edge.kit.clock import ShopTime
from edge.kit.errors import StoreError
from edge.kit.migrate import load, migrate
from edge.kit.sqlite import open_writer
from edge.looks import tables as looks
from edge.recognition import marks
from edge.recognition import tables as recognition
from edge.staff import deeds, drafts
from edge.visits import tables as visits
from edge.visits import view_log
from sync.hub import consents, retention
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer, erase
from sync.hub.tables import events, happenings, imports, people, reports, wallet
from sync.hub.tables import retention as tables
from sync.hub.tables.imports import Before
from tests.kit.clocks import HandClock
from tests.sync.canaries import files_hold
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, customer, open_centre
from tests.tables.floor import TRAITS, open_floor

PERSONAL = {"customer_id", "staff_id", "session_hash", "pin_hash"}


def of(table: str, where: Where = "shop") -> Kept:
    (kept,) = [each for each in KEPT if table in each.tables and each.where == where]
    return kept


@pytest.mark.parametrize(
    ("where", "folders"),
    [("shop", ("edge.schema/journal", "edge.schema/replica")), ("hub", ("sync.hub/schema",))],
)
def test_every_table_that_names_anybody_says_for_what_how_long_and_who_deletes_it(
    tmp_path: Path, where: Where, folders: tuple[str, ...]
) -> None:
    named = set()
    for number, folder in enumerate(folders):
        package, _, name = folder.partition("/")
        with closing(open_writer(tmp_path / f"{number}.db")) as conn:
            migrate(conn, load(files(package) / name), file="db")
            for (table,) in conn.execute("SELECT name FROM sqlite_schema WHERE type='table'").fetchall():
                columns = {each[1] for each in conn.execute(f"PRAGMA table_info({table})")}
                named |= {table} if columns & PERSONAL else set()
    told = [table for each in KEPT if each.where == where for table in each.tables]
    assert len(told) == len(set(told))
    assert named - set(told) == set()
    for each in KEPT:
        assert re.fullmatch(r"[\w.]+", each.by)
        assert each.until


def test_what_the_table_says_is_what_the_code_does() -> None:
    assert of("visit").keep_ms == visits.KEEP_MS
    assert of("mark").keep_ms == marks.KEEP_MS + marks.MONTH_MS
    assert of("view_log").keep_ms == view_log.VIEWS_MS == looks.KEEP_MS
    assert of("deed").keep_ms == deeds.KEEP_MS
    assert of("draft").keep_ms == drafts.KEEP_MS
    assert of("guest").keep_ms == guests.KEEP_MS
    assert of("outbox").keep_ms == outbox.KEEP_ACKED_MS


@pytest.mark.anyio
async def test_at_the_hub_facts_undo_and_expired_values_go_and_the_shops_hear_of_it(tmp_path: Path) -> None:
    start_ms = 1_700_000_000_000
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer(ANNA)])
        run = await hub.db.apply(imports.begin, kind="customers", now_ms=start_ms)
        await hub.db.apply(imports.note, run, [Before("customer", ANNA.hex(), 1, b"before")])
        await hub.db.apply(imports.leave, run, "done")
        await hub.db.apply(
            lambda conn: conn.execute(
                "UPDATE trait SET until_ms=:until WHERE name='points'", {"until": start_ms + 5}
            )
        )
        centre.box.happened(3, kind="card_shown", body=b'{"customer_id":"%s"}' % ANNA.hex().encode())
        await centre.agent.once()  # facts of 1970: a box whose clock stood still

        def rows(sql: str) -> list[object]:
            return [value for (value,) in hub.db.reader.execute(sql).fetchall()]

        async def at(now_ms: int) -> tuple[list[object], int, int]:
            hub.sure_ms = lambda: now_ms
            await retention.tidy(hub)
            bodies = rows("SELECT body FROM event")
            return rows("SELECT name FROM trait"), len(rows("SELECT 1 FROM import_row")), bodies.count(b"{}")

        assert await at(min(LOOKS_MS, start_ms)) == (["name", "points"], 1, 0)
        assert await at(start_ms + UNDO_MS) == (["name"], 1, 0)
        assert await at(start_ms + UNDO_MS + 1) == (["name"], 0, 0)
        # Facts of a clock that was never set are as old as their arrival says.
        (came_ms,) = set(rows("SELECT received_ms FROM event"))
        assert await at(came_ms + LOOKS_MS) == (["name"], 0, 0)
        assert await at(came_ms + LOOKS_MS + 1) == (["name"], 0, 3)
        assert VISITS_MS < LOOKS_MS
        (last,) = rows("SELECT max(ver) FROM feed WHERE t='customer' AND part='shop:s1'")
        assert last == 2


@pytest.mark.anyio
async def test_a_day_after_profiling_is_stopped_what_it_was_made_of_is_gone(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub, now_ms = centre.hub, centre.hub.now_ms()
        whole = customer(ANNA)
        for each, number in ((whole, "1"), (customer(BRAM, number="2"), "2")):
            traits = {**each.traits, "baskets": {"baskets": []}, "last": {"what": "x"}}
            new = type(each)(each.customer_id, traits, [("number", number)], each.consents)
            await hub.add_customers(["s1"], [new])
        await hub.change(consents.withdraw, ANNA, purpose="profiling", recipient=HERE, now_ms=now_ms)

        async def left(after_ms: int) -> int:
            hub.sure_ms = lambda: now_ms + after_ms
            await retention.tidy(hub)
            sql = "SELECT count(*) FROM trait WHERE customer_id=:id AND name IN ('baskets', 'last')"
            return int(hub.db.reader.execute(sql, {"id": ANNA}).fetchone()[0])

        assert await left(DAY_MS - 1_000) == 2
        assert await left(DAY_MS + 1_000) == 0
        assert hub.db.reader.execute("SELECT count(*) FROM trait").fetchone() == (2 + 4,)


@pytest.mark.anyio
async def test_in_a_shop_a_value_past_its_time_leaves_the_page_at_once_and_the_disk_with_the_next_round(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident("1", until={"last": floor.now_ms + 5_000})
        await floor.resident("2", traits=TRAITS)
        sealed = floor.one("SELECT sealed FROM replica.trait WHERE name='last' AND until_ms IS NOT NULL")
        place: bytes | None = b""
        for now_ms, count in ((floor.now_ms + 4_999, 2), (floor.now_ms + 5_000, 1)):
            place = b""
            while place is not None:
                place = await floor.db.apply(recognition.drop_expired, place, now_ms=now_ms, most=1)
            assert floor.one("SELECT count(*) FROM replica.trait WHERE name='last'") == count
        await floor.db.scrub()
        assert not files_hold(tmp_path, sealed)


@pytest.mark.anyio
async def test_a_fact_that_a_clock_ahead_dated_into_the_future_is_blanked_by_when_it_came(
    tmp_path: Path,
) -> None:
    start_ms = 1_700_000_000_000
    far_ms = start_ms + 50 * LOOKS_MS

    def kept(seq: int, at_ms: int) -> events.Kept:
        return events.Kept(seq, at_ms, "greeted", b'{"visit_id":"aa"}', b"", None, None)

    async with open_centre(tmp_path) as centre:
        db, box = centre.hub.db, "box-1"
        await db.apply(events.keep_all, [(box, 1, [kept(1, start_ms), kept(2, far_ms)])], now_ms=start_ms)
        await db.apply(events.keep_all, [(box, 1, [kept(3, start_ms)])], now_ms=start_ms + DAY_MS)

        async def blanked(before_ms: int) -> tuple[int, list[int]]:
            count = await db.apply(tables.blank_facts, box, 1, before_ms=before_ms)
            rows = db.reader.execute("SELECT seq FROM event WHERE body=x'7b7d' ORDER BY seq").fetchall()
            return count, [seq for (seq,) in rows]

        assert await blanked(start_ms) == (0, [])
        # The future date holds nothing up: neither itself nor what stands behind it.
        assert await blanked(start_ms + 1) == (3, [1, 2, 3])
        assert await blanked(far_ms) == (0, [1, 2, 3])
        # What comes after is young by both clocks, and stays until it is not.
        await db.apply(events.keep_all, [(box, 1, [kept(4, far_ms)])], now_ms=start_ms + 2 * DAY_MS)
        assert await blanked(start_ms + 2 * DAY_MS) == (0, [1, 2, 3])
        assert await blanked(start_ms + 2 * DAY_MS + 1) == (1, [1, 2, 3, 4])


@pytest.mark.anyio
async def test_a_report_counts_what_happened_since_the_yes_and_nothing_of_before(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub, box = centre.hub, "box-1"
        new = customer(ANNA)
        consents_ = [NewConsent("saving", HERE), NewConsent("profiling", HERE)]
        await hub.add_customers(["s1"], [type(new)(ANNA, new.traits, new.credentials, consents_)])
        ((yes_ms,),) = hub.db.reader.execute(
            "SELECT from_ms FROM consent WHERE purpose='profiling'"
        ).fetchall()

        def fill(conn: Any) -> None:
            facts = [
                events.Kept(seq, at_ms, "visit_started", b"{}", b"", None, ANNA)
                for seq, at_ms in enumerate((yes_ms - 2, yes_ms - 1, yes_ms, yes_ms + 1), start=1)
            ]
            events.keep_all(conn, [(box, 1, facts)], now_ms=yes_ms)
            for number, at_ms in enumerate((yes_ms - 1, yes_ms)):
                happenings.put(
                    conn, happenings.Happening(bytes([number]) * 16, ANNA, "web", "ready", None, at_ms, b"x")
                )

        await hub.db.apply(fill)
        (month,) = await hub.db.read(reports.months, from_ms=yes_ms - 10, until_ms=yes_ms + 10)
        assert (month.visits, month.channels) == (2, 1)


@pytest.mark.anyio
async def test_who_renews_a_yes_stays_in_the_report_and_who_stopped_between_counts_from_the_new_one(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub, start_ms = centre.hub, centre.hub.now_ms()
        for whose, number in ((ANNA, "1"), (BRAM, "2")):
            new = customer(whose, number=number)
            yes = [NewConsent("saving", HERE), NewConsent("profiling", HERE)]
            await hub.add_customers(["s1"], [type(new)(whose, new.traits, new.credentials, yes)])
        facts = [
            events.Kept(2 * day + number, start_ms + day * DAY_MS, "visit_started", b"{}", b"", None, whose)
            for day in range(1, 9)
            for number, whose in enumerate((ANNA, BRAM))
        ]
        await hub.db.apply(events.keep_all, [("box-1", 1, facts)], now_ms=start_ms)

        async def say(act: Any, whose: bytes, day: int, **more: Any) -> None:
            at_ms = start_ms + day * DAY_MS
            await hub.change(act, whose, purpose="profiling", recipient=HERE, now_ms=at_ms, **more)

        async def renew(whose: bytes, day: int) -> None:
            held = people.consent(hub.db.reader, whose, purpose="profiling", recipient=HERE)
            await say(consents.grant, whose, day, base=held and held.register)

        for day in (5, 9):
            await renew(ANNA, day)
        await say(consents.withdraw, BRAM, 3)
        await renew(BRAM, 6)
        months = await hub.db.read(reports.months, from_ms=start_ms, until_ms=start_ms + 10 * DAY_MS)
        assert sorted(each.visits for each in months) == [3, 8]


@pytest.mark.anyio
async def test_an_erasure_reaches_the_shop_of_whom_only_the_ledger_still_speaks(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers([], [customer(ANNA)])
        line = {"device_id": "box-1", "epoch": 1, "seq": 1, "line_id": b"l", "customer_id": ANNA}
        line |= {"instrument": "points", "delta": 1, "short": 0, "why": "x", "at_ms": 1}
        await hub.db.apply(wallet.add, line)
        moved = await hub.db.apply(erase, KEYS, customer_id=ANNA, now_ms=hub.now_ms())
        assert "shop:s1:urgent" in {each.part for each in moved}


@pytest.mark.anyio
async def test_a_hub_whose_clock_was_wrong_once_deletes_nothing_too_soon_forward_or_back(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        hub, clock = centre.hub, HandClock(wall=centre.hub.now_ms())
        hub._time, hub._wall_ms = ShopTime(clock), clock.wall_ms
        new = customer(ANNA)
        yes = [*new.consents, NewConsent("profiling", HERE, until_ms=clock.wall + 300 * DAY_MS)]
        await hub.add_customers(["s1"], [type(new)(ANNA, {"baskets": {"baskets": []}}, new.credentials, yes)])

        async def left() -> int:
            await retention.tidy(hub)
            return int(hub.db.reader.execute("SELECT count(*) FROM trait").fetchone()[0])

        assert await left() == 1
        clock.set_wall(clock.wall + 400 * DAY_MS)
        assert await left() == 1
        assert centre.said.count("retention_waits") == 1
        clock.set_wall(clock.wall - 400 * DAY_MS)
        clock.pass_ms(2 * DAY_MS)
        assert await left() == 1
        assert hub.basis_ms() > clock.wall + 300 * DAY_MS
        clock.pass_ms(300 * DAY_MS)
        assert await left() == 0


@pytest.mark.anyio
async def test_all_that_is_due_goes_in_one_round_also_of_customers_who_are_in_no_shop(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub, many = centre.hub, tables.SLICE // 5 + 1
        yes = [NewConsent("saving", HERE)]
        await hub.add_customers(
            [], [NewCustomer(n.to_bytes(16), {"name": "x", "points": 1}, [], yes) for n in range(1, many + 1)]
        )
        await hub.db.apply(lambda conn: conn.execute("UPDATE trait SET until_ms=1 WHERE name='name'"))
        await retention.tidy(hub)
        assert hub.db.reader.execute("SELECT name, count(*) FROM trait GROUP BY name").fetchall() == [
            ("points", many)
        ]


@pytest.mark.anyio
async def test_at_the_hub_nothing_goes_before_the_promise_of_a_sweep_is_on_the_disk(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        hub = centre.hub
        await hub.add_customers(["s1"], [customer(ANNA)])
        await hub.db.apply(lambda conn: conn.execute("UPDATE trait SET until_ms=1"))
        await hub.db.sweep_small()
        promise = hub.config.state / "hub.db-unswept"
        promise.symlink_to(hub.config.state / "nowhere" / "at_all")
        with pytest.raises(StoreError, match="cannot be written"):
            await retention.tidy(hub)
        assert hub.db.reader.execute("SELECT count(*) FROM trait").fetchone() != (0,)
        promise.unlink()
        await retention.tidy(hub)
        assert hub.db.reader.execute("SELECT count(*) FROM trait").fetchone() == (0,)
