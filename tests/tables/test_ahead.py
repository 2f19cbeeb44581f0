"""What a tap reads ahead is what reading would give, or it is not used at all."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from edge.ahead import Gathered
from edge.recognition.rules import SAME_TAP_MS
from edge.shop import tables as shop
from edge.visits.here import who_is_here
from edge.wallet import acts as wallet_acts
from edge.wallet import tables as wallet
from edge.wallet.rules import Asked
from tests.kit.clocks import START_MS, HandClock
from tests.tables.floor import KEYS, RECIPIENT, Floor, open_floor

pytestmark = pytest.mark.anyio
HOUR_MS = 3_600_000
MOST, COUNTED = 7, 21
HERE = wallet.Here(recipient=RECIPIENT, device="box", kek=KEYS.kek)


@asynccontextmanager
async def watched(
    folder: Path, *, role: str = "staff", clock: HandClock | None = None
) -> AsyncIterator[Floor]:
    """A floor with one tablet open, that shows seven arrivals."""
    async with open_floor(folder, clock=clock) as floor:
        floor.counter.ahead.follow(HERE, most=MOST, counted=COUNTED)
        stream = floor.live.stream(role)
        await anext(stream)
        yield floor
        await stream.aclose()


def seen(floor: Floor, *, now_ms: int | None = None) -> Gathered | None:
    return floor.counter.ahead.seen(floor.now_ms if now_ms is None else now_ms)


async def test_what_is_read_in_a_tap_is_what_reading_after_it_gives(tmp_path: Path) -> None:
    async with watched(tmp_path) as floor:
        people = [await floor.resident(str(number)) for number in range(MOST + 3)]
        for number in (*range(MOST + 3), 4, 0):  # the last two are here already, one of them beyond the list
            floor.clock.pass_ms(SAME_TAP_MS)
            await floor.tap(str(number))
            ahead, conn, now_ms = seen(floor), floor.db.reader, floor.now_ms
            assert ahead is not None
            assert (ahead.arrivals, ahead.here) == who_is_here(
                conn, recipient=RECIPIENT, now_ms=now_ms, most=MOST, counted=COUNTED
            )
            assert ahead.customer_id == people[number].customer_id
            assert ahead.profiles == {
                "staff": wallet.profile_here(conn, ahead.customer_id, role="staff", here=HERE, now_ms=now_ms)
            }
            assert not ahead.busy


async def test_what_was_saved_here_counts_in_it_and_so_does_the_busy_switch(tmp_path: Path) -> None:
    async with watched(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        visit_id = floor.one("SELECT id FROM visit")
        line = Asked(bytes(16), visit_id, role="staff", staff_id=bytes(16), at_ms=floor.now_ms)
        await floor.db.write(wallet_acts.earn, line, instrument="points", amount=60, here=HERE)
        await floor.db.apply(shop.set_busy, True, now_ms=floor.now_ms)
        assert seen(floor) is None  # of before that
        floor.clock.pass_ms(SAME_TAP_MS)
        await floor.tap()
        ahead = seen(floor)
        assert ahead is not None
        assert (ahead.customer_id, ahead.busy) == (person.customer_id, True)
        assert ahead.profiles["staff"].values["points"] == {"balance": 400}


async def test_a_withdrawal_that_was_only_asked_for_already_makes_it_nothing(tmp_path: Path) -> None:
    async with watched(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        assert seen(floor) is not None
        asking = asyncio.create_task(floor.withdraw(person.customer_id))
        await asyncio.sleep(0)
        assert seen(floor) is None
        await asking
        assert seen(floor) is None


async def test_a_withdrawal_on_its_way_when_somebody_taps_is_never_overtaken(tmp_path: Path) -> None:
    async with watched(tmp_path) as floor:
        person = await floor.resident()
        asking = asyncio.create_task(floor.withdraw(person.customer_id))
        await asyncio.sleep(0)
        await floor.tap()
        await asking
        assert seen(floor) is None
        assert floor.one("SELECT count(*) FROM visit") == 0


async def test_whatever_else_comes_down_or_is_told_makes_it_nothing(tmp_path: Path) -> None:
    async with watched(tmp_path) as floor:
        person = await floor.resident()
        await floor.tap()
        assert seen(floor) is not None
        floor.live.tell("visits")
        assert seen(floor) is None
        floor.clock.pass_ms(SAME_TAP_MS)
        await floor.tap()
        assert seen(floor) is not None
        await floor.apply(floor.feed.erasure(person))
        assert seen(floor) is None


@pytest.mark.parametrize("purpose", ["recognition", "saving", "profiling"])
async def test_it_ends_with_the_first_basis_to_the_millisecond(tmp_path: Path, purpose: str) -> None:
    ends = dict.fromkeys(("recognition", "saving", "profiling"), None) | {purpose: START_MS + HOUR_MS}
    async with watched(tmp_path) as floor:
        await floor.resident(consents=ends)
        await floor.tap()
        assert seen(floor, now_ms=START_MS + HOUR_MS - 1) is not None
        assert seen(floor, now_ms=START_MS + HOUR_MS) is None
        assert seen(floor, now_ms=START_MS - 1) is None  # the hub took an error out of the clock


async def test_it_ends_with_the_basis_of_anybody_in_the_list(tmp_path: Path) -> None:
    async with watched(tmp_path) as floor:
        await floor.resident("1", consents={"recognition": START_MS + HOUR_MS})
        await floor.resident("2")
        await floor.tap("1")
        await floor.tap("2")
        assert seen(floor, now_ms=START_MS + HOUR_MS) is None


async def test_a_value_that_does_not_open_costs_nobody_their_tap(tmp_path: Path) -> None:
    async with watched(tmp_path) as floor:
        await floor.resident()
        await floor.db.apply(lambda conn: conn.execute("UPDATE replica.trait SET sealed=zeroblob(40)"))
        await floor.tap()
        assert seen(floor) is None
        assert floor.one("SELECT count(*) FROM visit") == 1


async def test_without_a_tablet_that_watches_nothing_is_unsealed(tmp_path: Path) -> None:
    async with open_floor(tmp_path) as floor:
        floor.counter.ahead.follow(HERE, most=MOST, counted=COUNTED)
        await floor.resident()
        await floor.tap()
        assert seen(floor) is None
