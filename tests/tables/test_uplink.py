"""What comes down from the hub: once, whole, in order; the urgent lane outlives a rebuilt replica."""

import shutil
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge import centre, replica, uplink
from edge.consent import tables as consent
from edge.kit import sweeping
from edge.kit.errors import DiskFull, StoreError
from edge.kit.sqlite import open_reader
from edge.recognition import tables
from edge.recognition.rules import Found
from edge.uplink import Uplink
from sync import wire
from tests.kit.clocks import START_MS
from tests.tables.floor import KEYS, MAIN, RECIPIENT, TRAITS, URGENT, Feed, Floor, Person, open_floor, page

pytestmark = pytest.mark.anyio
TABLES = ("customer", "customer_key", "trait", "credential", "consent", "feed_cursor")


def snapshot(floor: Floor) -> dict[str, list[tuple[object, ...]]]:
    """Everything the replica holds, and the journal's own consents and credentials."""
    names = [f"replica.{table}" for table in TABLES] + ["main.consent", "main.credential"]
    return {name: floor.db.reader.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall() for name in names}


def may(floor: Floor, person: Person) -> Found | None:
    return tables.find(floor.db.reader, person.hash, recipient=RECIPIENT, now_ms=floor.now_ms)


def saves(floor: Floor, person: Person) -> bool:
    asked = {"purpose": "saving", "recipient": RECIPIENT}
    return consent.holds(floor.db.reader, person.customer_id, now_ms=floor.now_ms, **asked)


def lose_the_replica(folder: Path) -> None:
    for file in folder.glob("replica.db*"):
        file.unlink()


def replica_of(folder: Path) -> dict[str, bytes]:
    """The replica's files as they are on the disk now."""
    return {file.name: file.read_bytes() for file in folder.glob("replica.db*")}


def lay_replica(folder: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (folder / name).write_bytes(content)


async def test_a_page_that_comes_twice_changes_nothing(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = floor.feed.new_person("1")
        keys = page(floor.feed.key(person))
        rest = page(
            floor.feed.customer(person, TRAITS), floor.feed.credential(person), floor.feed.consent(person)
        )
        for each in (keys, rest):
            await floor.uplink.apply(each)
        before = snapshot(floor)
        for each in (rest, keys, rest):
            await floor.uplink.apply(each)
        assert snapshot(floor) == before
        assert (floor.uplink.cursor(MAIN), floor.uplink.cursor(URGENT)) == (3, 1)


async def test_an_unknown_partition_starts_at_nothing(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        assert floor.uplink.cursor(MAIN) == 0


async def test_a_row_of_an_older_version_does_not_undo_a_newer_one(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident("1")
        await floor.apply(
            floor.feed.consent(person, ver=5, gen=2, state="withdrawn"),
            floor.feed.credential(person, ver=5, state="blocked"),
            floor.feed.customer(person, {"since": {"year": 2020}}, ver=5),
        )
        before = snapshot(floor)
        await floor.apply(
            floor.feed.consent(person, ver=4, gen=3),
            floor.feed.credential(person, ver=4),
            floor.feed.customer(person, TRAITS, ver=4),
        )
        after = snapshot(floor)
        assert after.pop("replica.feed_cursor") != before.pop("replica.feed_cursor")
        assert after == before


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(versions=st.permutations([1, 2, 3, 4]))
async def test_the_highest_version_holds_in_whatever_order_rows_come(
    tmp_path_factory: pytest.TempPathFactory, versions: list[int]
) -> None:
    async with open_floor(tmp_path_factory.mktemp("order")) as floor:
        person = await floor.resident("1", consents={})
        for ver in versions:
            await floor.apply(floor.feed.consent(person, ver=ver, gen=ver, until_ms=START_MS + ver))
        assert floor.one("SELECT max(gen) FROM replica.consent") == 4
        assert floor.one("SELECT until_ms FROM replica.consent") == START_MS + 4


async def test_rows_and_cursor_of_a_slice_stand_or_fall_together(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        people = [floor.feed.new_person(str(number)) for number in range(3)]
        rows = [floor.feed.credential(person) for person in people]

        def refuse(conn: Connection) -> None:
            conn.execute(
                "CREATE TRIGGER replica.refuse BEFORE INSERT ON credential WHEN NEW.hash=x'"
                + people[2].hash.hex()
                + "' BEGIN SELECT RAISE(ROLLBACK, 'as if the power went'); END"
            )

        await floor.db.apply(refuse)
        with pytest.raises((StoreError, IntegrityError)):
            await floor.uplink.apply(page(*rows))
        assert floor.one("SELECT count(*) FROM replica.credential") == 0
        assert floor.uplink.cursor(MAIN) == 0
        assert floor.heard == []
        await floor.db.apply(lambda conn: conn.execute("DROP TRIGGER replica.refuse"))
        await floor.uplink.apply(page(*rows))
        assert floor.one("SELECT count(*) FROM replica.credential") == 3
        assert floor.uplink.cursor(MAIN) == 3


async def test_a_page_that_breaks_off_between_slices_goes_on_where_it_was(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = floor.feed.new_person(*(str(number) for number in range(uplink.SLICE_ROWS + 10)))
        rows = [floor.feed.credential(person, number) for number in range(uplink.SLICE_ROWS + 10)]
        bad = rows[-1].__class__(MAIN, rows[-1].seq, "put", "credential", "not hex", 1, rows[-1].d)
        with pytest.raises(wire.Malformed):
            await floor.uplink.apply(page(*rows[:-1], bad))
        assert floor.uplink.cursor(MAIN) == uplink.SLICE_ROWS
        assert floor.one("SELECT count(*) FROM replica.credential") == uplink.SLICE_ROWS
        await floor.uplink.apply(page(*rows[uplink.SLICE_ROWS :]))
        assert floor.one("SELECT count(*) FROM replica.credential") == len(rows)


async def test_a_type_of_a_later_version_moves_the_cursor_and_nothing_else(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.apply(floor.feed.row(MAIN, "put", "voucher", "abc", body={"worth": 5}))
        assert floor.uplink.cursor(MAIN) == 1


async def test_an_urgent_withdrawal_stands_in_the_journal_also_over_a_rebuilt_replica(tmp_path: Path) -> None:
    feed = Feed()
    async with open_floor(tmp_path, feed=feed) as floor:
        person = await floor.resident("1")
        await floor.apply(floor.feed.consent(person, ver=2, state="withdrawn", part=URGENT))
        await floor.apply(floor.feed.credential(person, ver=2, state="blocked", part=URGENT))
        assert floor.one("SELECT state FROM main.consent") == "withdrawn"
    lose_the_replica(tmp_path)
    async with open_floor(tmp_path, feed=Feed(last={})) as floor:
        assert floor.uplink.cursor(URGENT) == 0
        await floor.apply(
            floor.feed.key(person),
            floor.feed.customer(person, TRAITS),
            floor.feed.consent(person),
        )
        assert may(floor, person) == Found(person.customer_id, blocked=True, may_recognise=False)
        assert (
            tables.name_of(floor.db.reader, person.customer_id, recipient=RECIPIENT, now_ms=floor.now_ms)
            is None
        )


async def test_what_was_taken_away_stays_so_when_a_power_cut_takes_the_replica_back_a_little(
    tmp_path: Path,
) -> None:
    feed = Feed()
    async with open_floor(tmp_path, feed=feed) as floor:
        person = await floor.resident("1")
    before = replica_of(tmp_path)
    async with open_floor(tmp_path, feed=feed) as floor:
        # Down the main lane alone: the urgent one may be a moment later, and then the line is down for a day.
        await floor.apply(
            floor.feed.consent(person, ver=2, gen=1, state="withdrawn"),
            floor.feed.credential(person, ver=2, state="blocked"),
        )
    lose_the_replica(tmp_path)
    lay_replica(tmp_path, before)
    async with open_floor(tmp_path) as floor:
        assert may(floor, person) == Found(person.customer_id, blocked=True, may_recognise=False)


async def test_who_was_erased_stays_away_when_a_power_cut_takes_the_replica_back_a_little(
    tmp_path: Path,
) -> None:
    feed, images = Feed(), list[bytes]()

    def forgets(sql: str) -> None:
        if sql.startswith(
            "DELETE FROM main.consent"
        ):  # of the replica only this much is sure to be on the disk
            images.append((tmp_path / "replica.db").read_bytes())

    async with open_floor(tmp_path, feed=feed) as floor:
        person = await floor.resident("1")
    async with open_floor(tmp_path, feed=feed) as floor:
        await floor.apply(floor.feed.consent(person, ver=2, gen=1, state="withdrawn", part=URGENT))
        await floor.db.apply(lambda conn: conn.set_trace_callback(forgets))
        await floor.apply(floor.feed.row(URGENT, "erase", "customer", person.customer_id.hex()))
        assert floor.one("SELECT count(*) FROM main.consent") == 0
    lose_the_replica(tmp_path)
    lay_replica(tmp_path, {"replica.db": images[0]})
    async with open_floor(tmp_path) as floor:
        assert may(floor, person) is None


async def test_a_customer_who_moved_away_is_gone_from_the_replica(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident("1", "2")
        other = await floor.resident("3")
        await floor.apply(floor.feed.row(MAIN, "del", "customer", person.customer_id.hex()))
        assert may(floor, person) is None
        assert may(floor, other) == Found(other.customer_id, blocked=False, may_recognise=True)
        assert {len(rows) for name, rows in snapshot(floor).items() if "consent" in name} <= {0, 3}


async def test_a_withdrawal_the_hub_has_not_heard_of_outlives_moving_away_and_back(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident("1")
        await floor.withdraw(person.customer_id)
        await floor.apply(
            floor.feed.row(MAIN, "del", "customer", person.customer_id.hex()),
            floor.feed.credential(person, ver=2),
            floor.feed.consent(person, gen=1, ver=2),
        )
        assert may(floor, person) == Found(person.customer_id, blocked=False, may_recognise=False)


async def test_a_card_that_was_taken_off_is_a_strangers(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident("1")
        await floor.apply(floor.feed.row(MAIN, "del", "credential", person.hash.hex()))
        assert may(floor, person) is None


async def test_the_house_hears_of_a_page_once_it_is_on_disk(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident("1")
        assert [rows[0].p for rows in floor.heard] == [URGENT, MAIN]


async def test_a_no_that_a_hub_put_back_from_a_backup_never_heard_of_is_said_again(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident("1", consents={"recognition": None})
        no = floor.feed.consent(person, "profiling", state="withdrawn", part=URGENT)
        await floor.apply(no, floor.feed.consent(person, "recognition", ver=2, gen=2))
        await floor.uplink.start_over(2, empty=True)
        floor.feed.last.clear()
        await floor.apply(
            floor.feed.key(person),
            floor.feed.customer(person, TRAITS),
            floor.feed.consent(person, "recognition"),
        )
        for _ in range(2):
            await floor.uplink.up_to_date()
        waiting = floor.uplink.waiting(10)
        assert waiting is not None
        said = [wire.decode_as(bytes(each.body), wire.ConsentWithdrawn) for each in waiting.events]
        assert [(each.purpose, each.gen) for each in said] == [("profiling", 1)]


async def test_an_agreement_that_was_taken_back_stands_as_a_hub_put_back_says(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident("1", consents={"recognition": None, "saving": None})
        await floor.apply(floor.feed.consent(person, "saving", state="withdrawn", ver=2, part=URGENT))
        assert not saves(floor, person)
        # Of whom the hub has not sent again yet, and of whom it has: a shop's word is none of headquarters'.
        await floor.uplink.start_over(2, empty=True)
        floor.feed.last.clear()
        await floor.apply(
            floor.feed.key(person), floor.feed.customer(person, TRAITS), floor.feed.consent(person, "saving")
        )
        assert floor.uplink.waiting(10) is None
        assert saves(floor, person)


async def test_a_power_cut_after_the_hub_was_put_back_does_not_bring_the_old_hubs_cursors_back(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident("1")
        await floor.db.scrub()
        await floor.uplink.start_over(2, empty=True)
        shutil.copytree(tmp_path, after := tmp_path / "after")
        (after / "replica.db-wal").unlink(missing_ok=True)  # never forced to the disk, unlike the journal's
    with closing(open_reader(after / "journal.db", attach={"replica": after / "replica.db"})) as conn:
        assert centre.epoch(conn) == 2
        assert [replica.cursor(conn, part) for part in (URGENT, MAIN)] == [0, 0]


async def test_a_disk_that_fills_up_while_the_house_hears_of_a_page_ends_the_line_and_not_the_agent(
    tmp_path: Path,
) -> None:
    async def no_room(rows: Sequence[wire.Row]) -> None:
        raise DiskFull("journal.db: no room left to write", code="S01", hint="free disk space")

    async with open_floor(tmp_path) as floor:
        here = Uplink(floor.db, KEYS, floor.time, on_applied=no_room)
        with pytest.raises(wire.Unreachable) as met:
            await here.apply(page(floor.feed.key(floor.feed.new_person("1"))))
        assert met.value.code == "S01"


async def test_an_erasure_that_cannot_empty_the_log_is_asked_for_again(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident("1")
        reading = open_reader(tmp_path / "journal.db", attach={"replica": tmp_path / "replica.db"})
        with closing(reading):
            reading.execute("BEGIN")
            reading.execute("SELECT count(*) FROM replica.customer").fetchone()
            await floor.apply(floor.feed.erasure(person))
            assert floor.db.unscrubbed
        await floor.db.scrub()
        assert not floor.db.unscrubbed
        assert not any(person.hash in content for content in replica_of(tmp_path).values())


async def test_a_receipt_that_a_crash_cut_off_is_due_after_the_next_start(tmp_path: Path) -> None:
    async def crash(rows: Sequence[wire.Row]) -> None:
        raise DiskFull("journal.db: no room left to write", code="S01", hint="free disk space")

    async with open_floor(tmp_path) as floor:
        person = await floor.resident("1")
        erasure = page(floor.feed.erasure(person))
        with pytest.raises(
            wire.Unreachable
        ):  # the rows are applied and below the cursor; nothing after them is done
            await Uplink(floor.db, KEYS, floor.time, on_applied=crash).apply(erasure)
        started = Uplink(floor.db, KEYS, floor.time, on_applied=crash)
        assert started.receipt() is None
        assert sweeping.owed(tmp_path / "journal.db")
        await started.make_sure(URGENT)
        assert started.receipt() == (URGENT, floor.uplink.cursor(URGENT))
        assert not sweeping.owed(tmp_path / "journal.db")
        assert not any(person.hash in content for content in replica_of(tmp_path).values())
        await started.receipted(floor.uplink.cursor(URGENT), of_hub=started.hub_epoch() + 1)
        assert started.receipt()  # its answer came when the hub had been put back
        await started.receipted(floor.uplink.cursor(URGENT), of_hub=started.hub_epoch())
        await started.make_sure(URGENT)
        assert started.receipt() is None


async def test_the_hubs_time_is_taken_over(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        floor.clock.set_wall(START_MS - 50_000)
        floor.uplink.hub_time(START_MS + 9_000)
        assert floor.now_ms == START_MS + 9_000
