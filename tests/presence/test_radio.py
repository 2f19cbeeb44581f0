"""The radio beside the disk and the consents: who came in while the disk was full is not lost, who said no is."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drivers.reader import Idle, Sighting, Token
from edge.config import parse
from edge.kit.child import Start
from edge.kit.errors import StoreError
from edge.presence import beacons
from edge.radio import LATE_S, MOST_OWNERS, Radio, _Owner, open_radio
from edge.visits import tables as visits
from tests.kit.clocks import HandClock
from tests.presence.fobs import FobShop, fob, open_fobs
from tests.tables.floor import KEYS, RECIPIENT

pytestmark = pytest.mark.anyio
FLOOR = """
[[zones]]
id = "door"
entrance = true
[[scanners]]
id = "g1"
zone = "door"
"""


@asynccontextmanager
async def radio_of(folder: Path, clock: HandClock) -> AsyncIterator[tuple[FobShop, Radio]]:
    (folder / "floor.toml").write_text(FLOOR)
    config = parse({"shop": {"recipient": RECIPIENT}, "presence": {"floor": "floor.toml"}}, base=folder)
    async with open_fobs(folder / "state", clock=clock) as shop:
        floor = shop.floor
        radio = open_radio(
            config,
            floor.db,
            floor.live,
            floor.time,
            lambda: bytes(15) + b"\1",
            start=Start(
                str(folder / "state/journal.db"), str(folder / "state/replica.db"), RECIPIENT, KEYS.kek
            ),
            log=lambda event, **fields: None,
        )
        yield shop, radio


def advert(number: int = 1) -> Sighting:
    token = Token("eid", fob(number).name, "strong", {"scanner": "g1", "rssi_dbm": -50})
    return Sighting("gateways", datetime.now(UTC), "near", token)


async def beat(shop: FobShop, radio: Radio, clock: HandClock, *, number: int = 1) -> None:
    """An advert, and a second later the beat that takes it in."""
    await radio.on_sighting(advert(number))
    clock.pass_ms(1_000)
    now_s = shop.floor.now_ms / 1000
    waiting, radio._waiting.readings = radio._waiting.readings, []
    await radio.nearby.hear(now_s, waiting)


async def test_who_came_in_while_the_journal_took_nothing_is_told_when_it_does_again(tmp_path: Path) -> None:
    clock = HandClock()
    async with radio_of(tmp_path, clock) as (shop, radio):
        await shop.customer(fob(1))
        db = shop.floor.db
        await db._writer.run(lambda conn: conn.execute("PRAGMA query_only=ON"))
        for _ in range(2):
            await beat(shop, radio, clock)
        with pytest.raises(StoreError):
            await beat(shop, radio, clock)
        assert radio.nearby.tracker.stays()
        assert visits.count_open(db.reader) == 0
        await db._writer.run(lambda conn: conn.execute("PRAGMA query_only=OFF"))
        for _ in range(8):
            await beat(shop, radio, clock)
        assert visits.count_open(db.reader) == 1


async def test_a_fob_that_is_taken_back_takes_its_customers_place_with_it(tmp_path: Path) -> None:
    clock = HandClock()
    async with radio_of(tmp_path, clock) as (shop, radio):
        person = await shop.customer(fob(1), fob(2))
        for _ in range(4):
            await beat(shop, radio, clock)
        assert person.customer_id.hex() in radio.nearby.tracker.stays()
        await shop.floor.db.apply(beacons.drop, [bytes.fromhex(fob(1).name)])
        radio.dropped([bytes.fromhex(fob(1).name)])
        assert not radio.nearby.tracker.stays()
        readings = radio.heard.readings
        await beat(shop, radio, clock)
        assert radio.heard.readings == readings
        for _ in range(4):
            await beat(shop, radio, clock, number=2)
        assert person.customer_id.hex() in radio.nearby.tracker.stays()
        assert visits.count_open(shop.floor.db.reader) == 1
        assert shop.floor.one("SELECT count(*) FROM outbox WHERE kind='greeted'") == 1


async def test_what_a_reader_says_of_its_scanners_reaches_those_who_place_people(tmp_path: Path) -> None:
    async with radio_of(tmp_path, HandClock()) as (_, radio):
        radio.on_idle(Idle("gateways", (("g1", False),)))
        assert radio.nearby.tracker.health.state("g1", 0) == "offline"
        radio.on_idle(Idle("gateways", (("g1", True),)))
        assert radio.nearby.tracker.health.state("g1", 0) != "offline"


async def test_while_the_reader_is_gone_nobody_near_its_scanners_has_left(tmp_path: Path) -> None:
    clock = HandClock()
    async with radio_of(tmp_path, clock) as (shop, radio):
        await shop.customer(fob(1))
        for _ in range(4):
            await beat(shop, radio, clock)
        assert len(radio.nearby.tracker.stays()) == 1
        radio.on_reader("gateways", up=False)
        clock.pass_ms(120_000)
        await radio.nearby.pass_time(shop.floor.now_ms / 1000)
        radio.on_reader("gateways", up=True)
        await radio.nearby.pass_time(shop.floor.now_ms / 1000)
        assert len(radio.nearby.tracker.stays()) == 1
        clock.pass_ms(46_000)
        await radio.nearby.pass_time(shop.floor.now_ms / 1000)
        assert not radio.nearby.tracker.stays()


async def test_with_thousands_of_owners_who_was_just_heard_is_not_among_the_forgotten(tmp_path: Path) -> None:
    clock = HandClock()
    async with radio_of(tmp_path, clock) as (shop, radio):
        await shop.customer(fob(1))
        await shop.customer(fob(2))
        await radio.on_sighting(advert(1))
        radio._owners |= {f"gone-{number}": _Owner("somebody", 0.0) for number in range(MOST_OWNERS)}
        await beat(shop, radio, clock, number=2)
        assert set(radio._owners) == {fob(1).name, fob(2).name}
        assert radio.nearby.tracker.last_s(fob(1).name) > 0


async def test_sightings_of_other_programs_that_name_no_device_of_ours_are_withheld(tmp_path: Path) -> None:
    async with radio_of(tmp_path, HandClock()) as (_, radio):
        for value in ("fob-7", "00" * 16):
            token = Token("eid", value, "strong", {"scanner": "g1", "rssi_dbm": -50})
            await radio.on_sighting(Sighting("pipe", datetime.now(UTC), "near", token))
        assert (radio.heard.readings, radio.heard.withheld) == (0, 2)


async def test_what_a_gateway_held_back_counts_from_when_it_was_heard_and_not_at_all_after_two_seconds(
    tmp_path: Path,
) -> None:
    clock = HandClock()
    async with radio_of(tmp_path, clock) as (shop, radio):
        await shop.customer(fob(1))
        now = datetime.now(UTC)
        for age_s in (1.5, 3.0, 60.0):
            await radio.on_sighting(replace(advert(), at=now - timedelta(seconds=age_s)))
        (reading,) = radio._waiting.readings
        age_s = shop.floor.now_ms / 1000 - reading.at_s
        assert 1.5 <= age_s <= LATE_S
        assert (radio.heard.readings, radio.heard.late) == (1, 2)
        await radio.on_sighting(
            replace(advert(), at=now + timedelta(seconds=60))
        )  # a clock that was set back
        assert radio._waiting.readings[1].at_s == shop.floor.now_ms / 1000
