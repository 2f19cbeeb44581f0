"""Whose card this is: blocked anywhere wins, and nobody is found without a basis to the millisecond."""

from contextlib import closing
from pathlib import Path
from sqlite3 import Connection, IntegrityError

import pytest

from edge.bench import shop as bench
from edge.consent import tables as consent
from edge.files import high_water_ms
from edge.kit.clock import ShopTime
from edge.kit.sqlite import open_reader
from edge.recognition import tables
from edge.recognition.rules import Found, credential
from edge.record import lift_clock
from tests.kit.clocks import START_MS, HandClock
from tests.tables.floor import CARD, KEYS, MAIN, RECIPIENT, URGENT, Floor, Person, card_hash, open_floor

pytestmark = pytest.mark.anyio
HOUR_MS = 3_600_000


def find(floor: Floor, person: Person, *, now_ms: int | None = None) -> Found | None:
    return tables.find(
        floor.db.reader, person.hash, recipient=RECIPIENT, now_ms=floor.now_ms if now_ms is None else now_ms
    )


async def test_a_resident_with_a_consent_is_found_by_any_of_their_cards(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(CARD, "2900000099999")
        for number in (CARD, "2900000099999"):
            found = tables.find(floor.db.reader, card_hash(number), recipient=RECIPIENT, now_ms=floor.now_ms)
            assert found == Found(person.customer_id, blocked=False, may_recognise=True)


async def test_a_card_of_nobody_is_none(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.resident(CARD)
        assert tables.find(floor.db.reader, card_hash("1"), recipient=RECIPIENT, now_ms=floor.now_ms) is None


@pytest.mark.parametrize(("after_ms", "may"), [(0, True), (HOUR_MS - 1, True), (HOUR_MS, False)])
async def test_a_consent_that_ends_lets_nobody_be_recognised_from_that_millisecond(
    tmp_path: Path, after_ms: int, may: bool
) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(consents={"recognition": START_MS + HOUR_MS})
        found = find(floor, person, now_ms=START_MS + after_ms)
        assert found == Found(person.customer_id, blocked=False, may_recognise=may)


async def test_a_consent_for_another_recipient_is_none_for_us(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(consents={})
        await floor.apply(floor.feed.consent(person, recipient="van-dam-outlet"))
        assert find(floor, person) == Found(person.customer_id, blocked=False, may_recognise=False)


@pytest.mark.parametrize("file", ["main", "replica", "both"])
async def test_what_is_blocked_in_either_file_is_blocked(tmp_path: Path, file: str) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        if file in ("replica", "both"):
            await floor.apply(floor.feed.credential(person, state="blocked", ver=2))
        if file in ("main", "both"):
            await floor.db.apply(tables.block_credential, person.hash, customer_id=person.customer_id)
        assert find(floor, person) == Found(person.customer_id, blocked=True, may_recognise=True)


async def test_a_card_blocked_urgently_stays_blocked_when_the_other_lane_says_active(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.apply(floor.feed.credential(person, state="blocked", ver=2, part=URGENT))
        await floor.apply(floor.feed.credential(person, state="active", ver=3, part=MAIN))
        found = find(floor, person)
        assert found is not None
        assert found.blocked


async def test_a_card_bound_here_goes_before_what_the_hub_last_said(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        was, now = await floor.resident(CARD), await floor.resident("2900000099999")

        def bind(conn: Connection) -> None:
            conn.execute(
                "INSERT INTO main.credential (hash, customer_id, state) VALUES (?, ?, 'active')",
                (was.hash, now.customer_id),
            )

        await floor.db.apply(bind)
        found = find(floor, was)
        assert found is not None
        assert found.customer_id == now.customer_id


async def test_a_credential_is_active_or_blocked_and_nothing_else(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:

        def odd(conn: Connection) -> None:
            conn.execute("INSERT INTO main.credential VALUES (x'00', x'00', 'lost', '', 0, 0)")

        with pytest.raises(IntegrityError):
            await floor.db.apply(odd)


@pytest.mark.parametrize("marked", ["by a fact", "by the minute"])
async def test_a_clock_set_back_revives_no_consent_not_even_over_a_restart(
    tmp_path: Path, marked: str
) -> None:
    clock = HandClock()
    async with open_floor(tmp_path, clock=clock) as floor:
        person = await floor.resident(consents={"recognition": START_MS + HOUR_MS, "partners": None})
        assert find(floor, person) == Found(person.customer_id, blocked=False, may_recognise=True)
        clock.pass_ms(2 * HOUR_MS)
        clock.set_wall(START_MS)
        assert find(floor, person) == Found(person.customer_id, blocked=False, may_recognise=False)
        if marked == "by a fact":
            await floor.withdraw(person.customer_id, "partners")
        else:
            await floor.db.apply(lift_clock, floor.now_ms)
    clock.boot()
    async with open_floor(tmp_path, clock=clock) as floor:
        assert floor.now_ms >= START_MS + 2 * HOUR_MS
        assert find(floor, person) == Found(person.customer_id, blocked=False, may_recognise=False)
        clock.pass_ms(1_000)
        assert floor.now_ms == START_MS + 2 * HOUR_MS + 1_000


async def test_the_mark_of_the_clock_is_never_lowered(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        await floor.db.apply(lift_clock, 5_000)
        await floor.db.apply(lift_clock, 4_000)
        assert high_water_ms(floor.db.reader) == 5_000
        assert ShopTime(HandClock(wall=1), high_water_ms=high_water_ms(floor.db.reader)).now_ms() == 5_000


async def test_a_withdrawal_here_holds_at_once_and_only_counts_once(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        assert await floor.withdraw(person.customer_id) == 1
        assert find(floor, person) == Found(person.customer_id, blocked=False, may_recognise=False)
        assert await floor.withdraw(person.customer_id) == 0


async def test_the_hubs_older_yes_does_not_undo_a_withdrawal_and_a_newer_one_does(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        await floor.withdraw(person.customer_id)
        await floor.apply(floor.feed.consent(person, gen=1, ver=5))
        assert find(floor, person) == Found(person.customer_id, blocked=False, may_recognise=False)
        await floor.apply(floor.feed.consent(person, gen=2, ver=6))
        assert find(floor, person) == Found(person.customer_id, blocked=False, may_recognise=True)


async def test_what_was_never_given_is_not_withdrawn(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        person = await floor.resident(consents={})
        assert await floor.withdraw(person.customer_id) == 0


async def test_what_rests_on_the_agreement_cannot_be_withdrawn(tmp_path: Path) -> None:
    """The hub refuses it as NO_CONSENT; done here alone it would hide someone's own balance from them."""
    async with open_floor(tmp_path) as floor:
        person = await floor.resident()
        assert await floor.withdraw(person.customer_id, "saving") == 0
        registers = consent.registers(
            floor.db.reader, person.customer_id, purpose="saving", recipient=RECIPIENT
        )
        assert registers[0] is None


def test_everybody_of_the_shop_that_benches_run_on_is_found_by_their_card(tmp_path: Path) -> None:
    files = bench.fill(tmp_path, KEYS, 12, recipient=RECIPIENT, progress=lambda done: None)
    with closing(open_reader(files.journal, attach={"replica": files.replica})) as conn:
        for number in range(12):
            card = credential(KEYS.chain_key, KEYS.shop_key, "barcode", bench.barcode(number))
            assert card is not None
            found = tables.find(conn, card, recipient=RECIPIENT, now_ms=START_MS)
            assert found is not None
            assert found.may_recognise
