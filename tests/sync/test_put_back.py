"""The hub is killed and put back from an older backup: nothing that a shop still holds is lost."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.consent import acts as consents_here
from edge.joining import acts as joining
from edge.joining.facts import CredentialBlocked
from edge.recognition.rules import hashes
from edge.staff.deeds import Doer
from edge.wallet import acts
from sync.hub import consents, devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables import devices as known
from tests.kit.clocks import HandClock
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, Said, device
from tests.sync.real_hub import RealHub, real_hub
from tests.sync.wallets import Secrets, Shop, now_ms, saver

pytestmark = pytest.mark.anyio
CARD = "LOYALTY-0001"
DOER = Doer(b"a" * 16, b"tablet")


@asynccontextmanager
async def at(hub: RealHub) -> AsyncGenerator[Hub, None]:
    """The hub's file from another process than its own, as `welkom import` works on it."""
    async with open_hub(hub.config, log=Said()) as opened:
        yield opened


async def shops_of(hub: RealHub, folder: Path, stack: AsyncExitStack) -> list[Shop]:
    """Shops `s1` and `s2` with Anna and Bram, and the agents of their boxes on the real line."""
    shops = []
    anna, bram = saver(ANNA, points=100), saver(BRAM, points=50)
    yes = [*anna.consents, NewConsent("profiling", HERE), NewConsent("contact", HERE)]
    async with at(hub) as opened:
        for number, name in enumerate(("s1", "s2"), 1):
            key = bytes([number]) * 32
            secrets = Secrets(shop_key=key, chain_key=KEYS.chain_key, kek=key, pin_pepper=key, device_key=key)
            shop = Shop.__new__(Shop)
            shop.name, shop.folder, shop.secrets = name, folder / name, secrets
            box = device(f"box-{name}", name, key=shop.signing)
            await opened.db.apply(devices.register, KEYS, device=box, shop_key=key)
            shop.client = await stack.enter_async_context(
                httpx.AsyncClient(base_url=hub.url, timeout=PATIENT_S)
            )
            await shop.start()
            stack.push_async_callback(lambda shop=shop: shop.db.close())
            shops.append(shop)
        await opened.add_customers(
            ["s1", "s2"], [NewCustomer(ANNA, anna.traits, [("number", CARD)], yes), bram]
        )
    return shops


async def settle(shops: list[Shop], hub: RealHub) -> None:
    for _ in range(3):
        for shop in shops:
            shop.client.base_url = httpx.URL(hub.url)
            await shop.agent.once()


async def earn(shop: Shop, customer_id: bytes, amount: int) -> None:
    asked = shop.asked(customer_id, shop.name.encode() + amount.to_bytes(14))
    act = partial(acts.earn, asked=asked, instrument="points", amount=amount, here=shop.here)
    assert (await shop.db.write(act)).facts


def rows(file: Path, statement: str) -> list[Any]:
    with closing(sqlite3.connect(file)) as conn:
        return conn.execute(statement).fetchall()


async def test_a_hub_killed_and_put_back_from_an_older_backup_loses_nothing_that_a_shop_holds(
    tmp_path: Path,
) -> None:
    async with AsyncExitStack() as stack:
        hub = stack.enter_context(real_hub(tmp_path / "centre"))
        hub.start()
        shops = await shops_of(hub, tmp_path, stack)
        here, there = shops
        await settle(shops, hub)
        for shop in shops:
            await shop.enter(ANNA)
            await shop.enter(BRAM)
        await earn(here, ANNA, 1)
        await settle(shops, hub)
        with closing(sqlite3.connect(hub.file)) as ours, closing(sqlite3.connect(tmp_path / "backup")) as to:
            ours.backup(to)

        # After the backup, and all of it acknowledged.
        await earn(here, ANNA, 2)
        await earn(there, ANNA, 4)
        await there.db.write(
            consents_here.withdraw, ANNA, purpose="profiling", recipient=HERE, now_ms=now_ms()
        )
        card = hashes(KEYS.chain_key, here.secrets.shop_key, "hce", CARD)
        assert card
        lost = CredentialBlocked(ANNA, card.outer, DOER.staff_id, "lost", now_ms())
        await here.db.write(joining.block, lost, recipient=HERE, doer=DOER, visit_id=b"v" * 16)
        async with at(hub) as opened:
            await opened.change(consents.withdraw, ANNA, purpose="contact", recipient=HERE, now_ms=1)
            await opened.erase(BRAM)
        await settle(shops, hub)
        assert all(shop.agent._box.waiting(1) is None for shop in shops)
        facts = rows(hub.file, "SELECT device_id, seq, hash FROM event ORDER BY device_id, seq")

        hub.kill()
        hub.put_back(tmp_path / "backup")
        assert len(rows(hub.file, "SELECT 1 FROM event")) < len(facts)
        hub.start("--restored")
        # Before anybody was served, who was erased is gone from what came back.
        assert rows(hub.file, "SELECT id FROM customer") == [(ANNA,)]
        await earn(there, ANNA, 8)
        await settle(shops, hub)

        again = rows(hub.file, "SELECT device_id, seq, hash FROM event ORDER BY device_id, seq")
        assert [each for each in facts if each not in again] == []
        assert len({each[:2] for each in again}) == len(again)
        assert sorted(rows(hub.file, "SELECT delta FROM ledger")) == [(1,), (2,), (4,), (8,)]
        registers = "SELECT purpose, state FROM {}consent WHERE state='withdrawn' ORDER BY purpose"
        both = [("contact", "withdrawn"), ("profiling", "withdrawn")]
        assert rows(hub.file, registers.format("")) == both
        assert rows(hub.file, "SELECT state FROM credential") == [("blocked",)]
        epochs = set()
        for shop in shops:
            assert shop.balances(ANNA).points == 115
            read = shop.db.reader.execute
            assert read("SELECT id FROM replica.customer").fetchall() == [(ANNA,)]
            assert read(registers.format("replica.")).fetchall() == both
            epochs.add(read("SELECT epoch FROM hub").fetchone()[0])
            assert [each for each in shop.said.lines if each[0] == "hub_restored"]
        assert epochs == {each["to_version"] for each in hub.log() if each["event"] == "hub_put_back"}
        assert min(epochs) > 1


async def test_the_same_backup_put_back_twice_is_another_hub_each_time(tmp_path: Path) -> None:
    clock = HandClock()
    epochs = []
    for _ in range(2):
        (tmp_path / "hub" / "hub.db").unlink(missing_ok=True)
        async with open_hub(Config(tmp_path / "hub", KEYS), clock=clock, log=Said(), put_back=True) as hub:
            epochs.append(await hub.db.read(known.hub_epoch))
        clock.pass_ms(60_000)
    assert epochs[0] < epochs[1]
