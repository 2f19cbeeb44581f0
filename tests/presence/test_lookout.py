"""Keys at rest, windows from a process of their own, and consent that ends between two adverts."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from edge.kit.errors import Corrupt
from edge.presence import beacons
from tests.kit.clocks import HandClock
from tests.patience import PATIENT_S
from tests.presence.fobs import BOTH, fob, open_fobs, running
from tests.tables.floor import KEYS, RECIPIENT, checkpoint

pytestmark = pytest.mark.anyio


async def test_who_agreed_to_both_is_resolved_and_nobody_else(tmp_path: Path) -> None:
    async with open_fobs(tmp_path) as shop:
        await shop.customer(fob(1))
        await shop.customer(fob(2), consents=("recognition",))
        await shop.customer(fob(3), consents=("location",))
        async with running(shop):
            assert [shop.who(fob(number)) for number in (1, 2, 3, 4)] == [fob(1).name, None, None, None]


@pytest.mark.parametrize("purpose", BOTH)
async def test_a_withdrawal_here_ends_it_before_the_next_advert(tmp_path: Path, purpose: str) -> None:
    async with open_fobs(tmp_path) as shop:
        person = await shop.customer(fob(1))
        other = await shop.customer(fob(2))
        assert other != person
        async with running(shop):
            assert shop.who(fob(1))
            await shop.floor.withdraw(person.customer_id, purpose)
            assert shop.who(fob(1)) is None  # at once, without the worker
            assert shop.who(fob(2))


async def test_a_withdrawal_from_the_hub_ends_it_and_a_new_yes_begins_it(tmp_path: Path) -> None:
    async with open_fobs(tmp_path) as shop:
        person = await shop.customer(fob(1))
        async with running(shop):
            no = shop.floor.feed.consent(person, "location", gen=1, ver=2, state="withdrawn")
            await shop.floor.apply(no)
            shop.lookout.changed([person.customer_id])
            assert shop.who(fob(1)) is None
            yes = shop.floor.feed.consent(person, "location", gen=2, ver=3, from_ms=shop.floor.now_ms)
            await shop.floor.apply(yes)
            shop.lookout.changed([person.customer_id])
            await shop.knows(fob(1))


async def test_a_device_that_is_taken_back_is_nobodys_at_once_and_its_key_is_gone(tmp_path: Path) -> None:
    async with open_fobs(tmp_path) as shop:
        await shop.customer(fob(1))
        id_ = bytes.fromhex(fob(1).name)
        async with running(shop):
            await shop.floor.db.apply(beacons.drop, [id_])
            shop.lookout.dropped([id_])
            assert shop.who(fob(1)) is None
        assert beacons.count(shop.floor.db.reader) == 0


async def test_a_device_that_is_given_is_known_without_a_restart(tmp_path: Path) -> None:
    async with open_fobs(tmp_path) as shop:
        person = await shop.customer()
        async with running(shop):
            await shop.give(fob(1), person)
            shop.lookout.changed([person.customer_id])
            await shop.knows(fob(1))


async def test_an_erased_customers_device_is_erased(tmp_path: Path) -> None:
    async with open_fobs(tmp_path) as shop:
        person = await shop.customer(fob(1))
        await shop.floor.apply(shop.floor.feed.erasure(person))
        assert beacons.count(shop.floor.db.reader) == 0


async def test_slices_are_made_ahead_of_the_clock(tmp_path: Path) -> None:
    clock = HandClock()
    async with open_fobs(tmp_path, clock=clock) as shop:
        await shop.customer(fob(1, exponent=8), fob(2, exponent=12))
        async with running(shop):
            held = set(shop.lookout.resolver.table.slices)
            clock.pass_ms(shop.lookout.resolver.table.span_s * 1000)
            assert shop.who(fob(1, exponent=8))  # what is said now was there before now
            async with asyncio.timeout(PATIENT_S):
                while set(shop.lookout.resolver.table.slices) == held:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert shop.who(fob(2, exponent=12))
            assert len(shop.lookout.resolver.table.slices) == 4


async def test_a_killed_worker_is_started_again_and_what_it_made_still_counts(tmp_path: Path) -> None:
    async with open_fobs(tmp_path) as shop:
        person = await shop.customer(fob(1))
        async with running(shop):
            assert shop.worker.pid
            os.kill(shop.worker.pid, signal.SIGKILL)
            assert shop.who(fob(1))
            shop.lookout.changed([person.customer_id])
            async with asyncio.timeout(PATIENT_S):
                while "windows_up" not in shop.events:  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
            assert shop.who(fob(1))


async def test_what_was_learnt_of_a_clock_outlives_a_restart(tmp_path: Path) -> None:
    async with open_fobs(tmp_path) as shop:
        await shop.customer(fob(1))
        async with running(shop):
            assert shop.who(fob(1), ahead_s=1_000)
        assert shop.floor.one("SELECT shift_s FROM beacon") == -16


async def test_keys_are_sealed_at_rest_with_the_customers_own_key(tmp_path: Path) -> None:
    secret = fob(7).identity_key
    async with open_fobs(tmp_path) as shop:
        person = await shop.customer(fob(7))
        checkpoint(tmp_path)
        for file in sorted(tmp_path.iterdir()):  # noqa: ASYNC240
            if file.is_file():
                assert secret not in file.read_bytes()
        now_ms = shop.floor.now_ms
        (row,) = beacons.every(shop.floor.db.reader, recipient=RECIPIENT, now_ms=now_ms)
        assert beacons.opened(row, kek=KEYS.kek, now_ms=now_ms, devices=1).identity_key == secret
        elsewhere = (bytes(16), person.customer_id, *row[2:])
        with pytest.raises(Corrupt):
            beacons.opened(elsewhere, kek=KEYS.kek, now_ms=now_ms, devices=1)
