"""Visits in the tables: one open at a time, one greeting, and nothing shown without a basis."""

import asyncio
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest

from edge.consent.tables import FOREVER_MS
from edge.visits import acts, tables
from edge.visits.facts import VisitEnded, VisitStarted
from edge.visits.here import Arrival, arrival, arrivals
from edge.visits.rules import QUIET_MS
from tests.kit.clocks import START_MS
from tests.tables.floor import RECIPIENT, Floor, open_floor

pytestmark = pytest.mark.anyio
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def here(floor: Floor) -> list[Arrival]:
    return arrivals(floor.db.reader, recipient=RECIPIENT, now_ms=floor.now_ms, most=20)


async def test_the_database_itself_refuses_a_second_open_visit(tmp_path: Path) -> None:
    def start(conn: Connection, number: int) -> list[VisitStarted]:
        return [VisitStarted(number.to_bytes(16), b"c" * 16, "door", "tap", "weak", START_MS)]

    async with open_floor(tmp_path) as floor:
        await floor.db.write(start, 1)
        with pytest.raises(IntegrityError):
            await floor.db.write(start, 2)
        assert floor.one("SELECT count(*) FROM visit") == 1
        assert floor.one("SELECT seq FROM outbox_head") == 1
        await floor.db.write(lambda conn: [VisitEnded((1).to_bytes(16), "quiet", START_MS)])
        await floor.db.write(start, 2)
        assert tables.count_open(floor.db.reader) == 1


async def test_many_readers_at_once_start_one_visit_and_greet_once(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await asyncio.gather(*(floor.tap(reader=f"counter-{number}") for number in range(30)))
        kinds = [kind for (kind,) in floor.db.reader.execute("SELECT kind FROM outbox ORDER BY seq")]
        assert kinds.count("visit_started") == kinds.count("greeted") == 1
        assert kinds.count("seen_again") == 29
        assert tables.count_open(floor.db.reader) == 1


async def test_arrivals_are_newest_first_with_the_end_of_showing(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        first = await floor.resident("1", consents={"recognition": START_MS + HOUR_MS})
        second = await floor.resident("2")
        for number in ("1", "2"):
            await floor.tap(number)
            floor.clock.pass_ms(10)
        both = here(floor)
        assert [each.customer_id for each in both] == [second.customer_id, first.customer_id]
        assert [each.until_ms for each in both] == [FOREVER_MS, START_MS + HOUR_MS]
        assert first.customer_id.hex() not in repr(both)


async def test_a_visit_without_a_basis_is_hidden_before_anything_ends_it(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        visit_id = here(floor)[0].visit_id
        await floor.apply(floor.feed.consent(person, gen=1, ver=2, state="withdrawn"))
        assert here(floor) == []
        assert arrival(floor.db.reader, visit_id, recipient=RECIPIENT, now_ms=floor.now_ms) is None
        assert tables.count_open(floor.db.reader) == 1
        done = await floor.db.write(acts.end_without_basis, now_ms=floor.now_ms, recipient=RECIPIENT)
        assert [type(fact) for fact in done.facts] == [VisitEnded]
        assert tables.count_open(floor.db.reader) == 0


async def test_the_next_expiry_is_the_first_end_of_an_open_visit(tmp_path: Path) -> None:
    def next_ms(floor: Floor) -> int:
        return tables.next_expiry_ms(floor.db.reader, recipient=RECIPIENT, now_ms=floor.now_ms)

    async with open_floor(tmp_path) as floor:
        assert next_ms(floor) == FOREVER_MS
        await floor.resident("1", consents={"recognition": START_MS + HOUR_MS})
        await floor.resident("2")
        await floor.tap("2")
        assert next_ms(floor) == FOREVER_MS
        await floor.tap("1")
        assert next_ms(floor) == START_MS + HOUR_MS


async def test_a_quiet_visit_ends_at_the_quiet_period_and_not_before(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap()
        floor.clock.pass_ms(QUIET_MS - 1)
        assert (await floor.db.write(acts.end_quiet, now_ms=floor.now_ms, quiet_ms=QUIET_MS)).facts == []
        floor.clock.pass_ms(1)
        assert len((await floor.db.write(acts.end_quiet, now_ms=floor.now_ms, quiet_ms=QUIET_MS)).facts) == 1
        await floor.tap()
        assert floor.one("SELECT count(*) FROM visit") == 2


async def test_visits_of_a_week_are_counted_for_one_customer_alone(tmp_path: Path) -> None:
    def lately(floor: Floor) -> int:
        visit_id = here(floor)[0].visit_id
        return tables.lately(floor.db.reader, visit_id, within_ms=7 * DAY_MS, now_ms=floor.now_ms)

    async with open_floor(tmp_path) as floor:
        await floor.resident("1")
        await floor.resident("2")
        counted = []
        for _ in range(9):
            await floor.tap("2")
            await floor.tap("1")
            counted.append(lately(floor))
            floor.clock.pass_ms(DAY_MS)
            await floor.db.write(acts.end_quiet, now_ms=floor.now_ms, quiet_ms=QUIET_MS)
        assert counted == [1, 2, 3, 4, 5, 6, 7, 8, 8]


async def test_a_card_is_one_line_of_the_view_log_for_each_role(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap()
        visit_id = here(floor)[0].visit_id

        async def show(role: str) -> int:
            done = await floor.db.write(
                acts.show, visit_id, role=role, recipient=RECIPIENT, now_ms=floor.now_ms
            )
            return len(done.facts)

        assert [await show(role) for role in ("staff", "staff", "manager", "staff")] == [1, 0, 1, 0]
        assert floor.one("SELECT count(*) FROM view_log") == 2


async def test_a_card_that_may_not_be_shown_is_no_line_of_the_view_log(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        visit_id = here(floor)[0].visit_id
        await floor.apply(floor.feed.consent(person, gen=1, ver=2, state="withdrawn"))
        done = await floor.db.write(
            acts.show, visit_id, role="staff", recipient=RECIPIENT, now_ms=floor.now_ms
        )
        assert done.facts == []


async def test_nobody_is_recognised_when_the_consent_went_between_reading_and_writing(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        withdrawn = floor.feed.consent(person, gen=1, ver=2, state="withdrawn")
        await asyncio.gather(floor.apply(withdrawn), floor.tap())
        assert tables.count_open(floor.db.reader) == 0
        assert floor.one("SELECT count(*) FROM outbox") == 0
