"""From a sighting to what staff see; a stranger leaves no trace of themselves anywhere."""

import hmac
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import get_args

import pytest

from drivers.reader import Outcome, Sighting
from edge.counter import MAX_LAST
from edge.insight import tables as insight
from edge.notes import MAX_NOTES, NOTE_MS
from edge.recognition.rules import SAME_TAP_MS, Recognised, Repeat, Stranger, Withheld
from tests.kit.stores import files_with
from tests.tables.floor import CARD, KEYS, Floor, checkpoint, open_floor

pytestmark = pytest.mark.anyio
STRANGER = "2900000077777"


def notes(floor: Floor) -> list[str]:
    return [note.kind for note in floor.counter.notes.now()]


async def test_a_card_of_a_resident_is_recognised_and_told_to_the_tablets(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        assert await floor.tap() == Recognised()
        assert floor.live.version == 1
        assert floor.one("SELECT count(*) FROM visit WHERE greeted_ms IS NOT NULL") == 1
        assert notes(floor) == []


async def test_a_hold_that_is_read_again_and_again_is_one_presentation(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap()
        for _ in range(5):
            floor.clock.pass_ms(SAME_TAP_MS - 1)
            assert await floor.tap() == Repeat()
        floor.clock.pass_ms(SAME_TAP_MS)
        assert isinstance(await floor.tap(), Recognised)
        assert floor.counter.tally.repeats == 5
        assert floor.one("SELECT count(*) FROM visit") == 1


async def test_the_same_card_at_another_reader_is_no_repeat(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap(reader="door")
        assert isinstance(await floor.tap(reader="counter-1"), Recognised)


async def test_a_stranger_is_a_note_about_nobody_and_nothing_is_written(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        assert await floor.tap(STRANGER) == Stranger()
        assert notes(floor) == ["stranger"]
        assert STRANGER not in repr(floor.counter.notes.now())
        assert floor.one("SELECT count(*) FROM outbox") == floor.one("SELECT count(*) FROM visit") == 0


def traces(value: str) -> list[bytes]:
    """The card number, both its hashes, and their hex."""
    kept = hmac.new(KEYS.chain_key, b"number\0" + value.encode(), "sha256").digest()
    here = hmac.new(KEYS.shop_key, kept, "sha256").digest()
    found = [value.encode(), value.encode("utf-16-le"), kept, here]
    return [
        *found,
        *(each.hex().encode() for each in found),
        *(each.hex().upper().encode() for each in found),
    ]


@pytest.mark.parametrize("how", ["tap", "scan", "near"])
async def test_a_strangers_card_leaves_no_byte_of_itself_in_any_file(tmp_path: Path, how: str) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        for _ in range(3):
            assert await floor.tap(STRANGER, how=how) == Stranger()
            floor.clock.pass_ms(SAME_TAP_MS)
        await floor.tap(reader="door")
        assert set(files_with(b"", tmp_path)) >= {"journal.db", "journal.db-wal", "replica.db"}
        for trace in traces(STRANGER):
            assert files_with(trace, tmp_path) == []
        assert files_with(person.hash, tmp_path) != []  # the search itself finds what is there
    checkpoint(tmp_path)
    for trace in traces(STRANGER):
        assert files_with(trace, tmp_path) == []


async def test_a_residents_card_number_and_inner_hash_are_in_no_file_either(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap()
        number, _, inner_hash, *_ = traces(CARD)
        for trace in (number, inner_hash, inner_hash.hex().encode()):
            assert files_with(trace, tmp_path) == []


async def test_somebody_who_does_not_want_it_is_withheld_and_nothing_is_written(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(consents={"saving": None})
        assert await floor.tap() == Withheld("no_basis")
        assert notes(floor) == ["withheld"]
        assert floor.one("SELECT count(*) FROM outbox") == 0


async def test_a_blocked_card_is_said_to_be_blocked(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.apply(floor.feed.credential(person, state="blocked", ver=2))
        assert await floor.tap() == Withheld("blocked")
        assert notes(floor) == ["blocked"]
        assert floor.one("SELECT count(*) FROM outbox") == 0


async def test_withdrawing_in_the_shop_holds_for_the_next_tap(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        await floor.withdraw(person.customer_id)
        assert await floor.tap(reader="door") == Withheld("no_basis")


@pytest.mark.parametrize("consents", [None, {"saving": None}])
async def test_who_only_walks_past_makes_no_note(
    tmp_path: Path, consents: dict[str, int | None] | None
) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(consents=consents)
        await floor.tap(STRANGER, how="near")
        if consents:
            assert await floor.tap(how="near") == Withheld("no_basis")
        assert notes(floor) == []
        assert floor.live.version == 0


async def test_notes_end_by_themselves_and_are_few(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        for number in range(MAX_NOTES + 3):
            await floor.tap(f"29000000{number:05d}")
            floor.clock.pass_ms(1)
        assert len(notes(floor)) == MAX_NOTES
        times = [note.at_ms for note in floor.counter.notes.now()]
        assert times == sorted(times, reverse=True)
        floor.clock.pass_ms(NOTE_MS - 1)
        assert len(notes(floor)) == 1
        floor.clock.pass_ms(1)
        assert notes(floor) == []


async def test_notes_make_way_for_somebody_who_is_recognised(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        await floor.tap(STRANGER)
        await floor.tap()
        assert notes(floor) == []


async def test_the_other_passes_of_a_phone_whose_owner_is_known_are_no_newcomer(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        tap = datetime.now(UTC)
        await floor.tap("GIFT-CARD-1", kind="smarttap", at=tap)
        assert await floor.tap(kind="smarttap", at=tap) == Recognised()
        assert await floor.tap("GIFT-CARD-2", kind="smarttap", at=tap) == Stranger()
        assert notes(floor) == []
        await floor.tap("GIFT-CARD-4", kind="smarttap", at=tap + timedelta(seconds=9))
        await floor.tap("GIFT-CARD-3", kind="smarttap", at=tap, reader="door")
        assert notes(floor) == ["stranger", "stranger"]


@pytest.mark.parametrize("outcome", get_args(Outcome))
async def test_a_presentation_without_a_token_is_answered_all_the_same(
    tmp_path: Path, outcome: Outcome
) -> None:
    async with open_floor(tmp_path) as floor:
        sighting = Sighting("counter-1", datetime.now(UTC), "tap", None, outcome)
        assert await floor.counter.on_sighting(sighting) is None
        assert notes(floor) == [outcome]


@pytest.mark.parametrize("kind", ["gs1", "eid"])
async def test_a_product_is_nobody(tmp_path: Path, kind: str) -> None:
    async with open_floor(tmp_path) as floor:
        assert await floor.tap("08712345678906", kind=kind) is None
        assert notes(floor) == []
        assert floor.counter.tally.presented == 1


async def test_what_is_remembered_against_repeats_is_bounded(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        for number in range(MAX_LAST + 50):
            await floor.tap(str(number))
        assert len(floor.counter._last) == MAX_LAST
        assert floor.counter.tally.strangers == MAX_LAST + 50


async def test_of_whoever_passes_by_not_even_a_hash_is_remembered(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        for number in range(100):
            await floor.tap(str(number), how="near")
        assert len(floor.counter._last) == 0
        assert floor.counter.tally.strangers == 100


async def test_the_card_is_shown_in_the_same_breath_to_roles_that_watch(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident()
        stream = floor.live.stream("manager")
        await anext(stream)
        await floor.tap()
        assert floor.one("SELECT group_concat(role) FROM view_log") == "manager"
        await stream.aclose()


async def test_an_unknown_cards_hashes_are_held_with_its_note_and_go_with_it(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.tap(STRANGER)
        (note,) = floor.counter.notes.now()
        _, _, inner_hash, outer_hash, *_ = traces(STRANGER)
        assert note.card is not None
        assert (note.card.inner, note.card.outer) == (inner_hash, outer_hash)
        for trace in (inner_hash, outer_hash):
            assert trace.hex() not in repr(note) + repr(note.card)
            assert repr(trace) not in repr(note) + repr(note.card)
        assert floor.counter.notes.of(note.key) is note
        floor.clock.pass_ms(NOTE_MS + 1)
        floor.counter.notes._forget()  # what its own clock does, though nobody asks
        assert not floor.counter.notes._notes
        assert floor.counter.notes.of(note.key) is None


async def test_of_a_card_that_is_somebodys_only_whose_balance_it_opens_is_held_and_not_for_long(
    tmp_path: Path,
) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(consents={"saving": None})
        await floor.tap()
        (note,) = floor.counter.notes.now()
        assert (note.card, note.customer_id) == (None, person.customer_id)
        for trace in (repr(person.customer_id), person.customer_id.hex()):
            assert trace not in repr(note) + note.key
        await floor.tap(STRANGER)
        assert [each.customer_id for each in floor.counter.notes.now()] == [b"", b""]
        floor.clock.pass_ms(SAME_TAP_MS)
        await floor.tap()
        assert floor.counter.notes._end is not None
        floor.clock.pass_ms(NOTE_MS + 1)
        floor.counter.notes._forget()  # what its own clock does, though nobody asks
        assert not floor.counter.notes._notes


async def test_of_a_blocked_card_not_even_that_is_held(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(consents={"saving": None})
        await floor.apply(floor.feed.credential(person, state="blocked", ver=2))
        await floor.tap()
        assert [(each.kind, each.customer_id) for each in floor.counter.notes.now()] == [("blocked", b"")]


async def test_strangers_are_counted_in_memory_without_a_commit_each(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(consents={"saving": None})
        for number in range(5):
            await floor.tap(f"29000000{number:05d}")
        await floor.tap(how="near")
        floor.clock.pass_ms(SAME_TAP_MS)
        await floor.tap()
        assert floor.counter.counts == {"stranger": 5, "withheld": 1}
        assert floor.one("SELECT count(*) FROM day_count") == 0


async def test_days_are_counted_about_nobody_and_the_oldest_go(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        assert insight.joined_today(floor.db.reader, "2026-11-22") == (0, 0)
        for name in ("invited", "invited", "joined"):
            await floor.db.apply(insight.add, "2026-11-22", name)
        await floor.db.apply(insight.add_all, "2026-11-22", {"stranger": 7})
        assert insight.joined_today(floor.db.reader, "2026-11-22") == (1, 2)
        assert insight.of_day(floor.db.reader, "2026-11-22") == {"invited": 2, "joined": 1, "stranger": 7}
        for number in range(insight.KEEP_DAYS):
            day = (date(2026, 11, 23) + timedelta(days=number)).isoformat()
            await floor.db.apply(insight.add, day, "joined")
        await floor.db.apply(insight.prune)
        assert floor.one("SELECT min(day) FROM day_count") == "2026-11-23"
