"""The hub is killed and put back from an older backup: nothing that a shop still holds is lost."""

import sqlite3
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import httpx
import psycopg
import pytest

from edge.bench.cluster import make_database
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
from tests.sync.centre import ANNA, BRAM, HERE, KEYS, Said, device, now_ms
from tests.sync.engines import TEMPLATE
from tests.sync.real_hub import RealHub, real_hub
from tests.sync.wallets import Secrets, Shop, saver

pytestmark = pytest.mark.anyio
CARD = "LOYALTY-0001"
DOER = Doer(b"a" * 16, b"tablet")


class PutBack(Protocol):
    """A hub that the story kills and puts back."""

    @property
    def config(self) -> Config: ...

    def client(self) -> httpx.AsyncClient:
        """What a shop reaches it with, whichever of its lives it is in."""

    async def start(self, *words: str) -> None: ...

    async def back_up(self) -> None: ...

    async def put_back(self) -> None:
        """Kill it, and lay the backup in the place of what it kept."""

    def rows(self, statement: str) -> list[Any]: ...

    def epochs(self) -> list[int]:
        """Of the hub, each time that it was put back."""


class OnFile:
    """A process of its own, on `hub.db`."""

    def __init__(self, real: RealHub, backup: Path) -> None:
        self._real, self._backup = real, backup
        self.config = real.config

    def client(self) -> httpx.AsyncClient:
        async def here(request: httpx.Request) -> None:
            request.url = request.url.copy_with(port=self._real.port)

        return httpx.AsyncClient(base_url=self._real.url, timeout=PATIENT_S, event_hooks={"request": [here]})

    async def start(self, *words: str) -> None:
        self._real.start(*words)

    async def back_up(self) -> None:
        with closing(sqlite3.connect(self._real.file)) as ours, closing(sqlite3.connect(self._backup)) as to:
            ours.backup(to)

    async def put_back(self) -> None:
        self._real.kill()
        self._real.put_back(self._backup)

    def rows(self, statement: str) -> list[Any]:
        with closing(sqlite3.connect(self._real.file)) as conn:
            return conn.execute(statement).fetchall()

    def epochs(self) -> list[int]:
        return [each["to_version"] for each in self._real.log() if each["event"] == "hub_put_back"]


class OnPostgresql:
    """A database that is copied and laid back while nobody is on it, as a base backup is; the hub runs in here."""

    def __init__(self, server: str, state: Path) -> None:
        self._server = server
        self._said = Said()
        self.config = Config(state, KEYS, make_database(server, "hub_there", template=TEMPLATE))
        self._open = AsyncExitStack()
        self._hub: Hub | None = None

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=_Now(self), base_url="http://hub.test", timeout=PATIENT_S)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        assert self._hub is not None
        return await httpx.ASGITransport(app=self._hub.app).handle_async_request(request)

    async def start(self, *words: str) -> None:
        opening = open_hub(self.config, log=self._said, put_back="--restored" in words)
        self._hub = await self._open.enter_async_context(opening)

    async def kill(self) -> None:
        await self._open.aclose()

    async def end(self) -> None:
        await self.kill()
        self._drop("hub_there", "hub_backup")

    def _drop(self, *names: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as conn:
            for name in names:
                conn.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())

    async def back_up(self) -> None:
        await self.kill()
        make_database(self._server, "hub_backup", template="hub_there")
        await self.start()

    async def put_back(self) -> None:
        await self.kill()
        self._drop("hub_there")
        make_database(self._server, "hub_there", template="hub_backup")

    def rows(self, statement: str) -> list[Any]:
        with psycopg.connect(self.config.database) as conn:
            return conn.execute(statement.encode()).fetchall()

    def epochs(self) -> list[int]:
        return [given["to_version"] for event, given in self._said.lines if event == "hub_put_back"]


class _Now(httpx.AsyncBaseTransport):
    def __init__(self, hub: OnPostgresql) -> None:
        self._hub = hub

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._hub.handle(request)


@asynccontextmanager
async def at(hub: PutBack) -> AsyncGenerator[Hub, None]:
    """The hub's file from another process than its own, as `welkom import` works on it."""
    async with open_hub(hub.config, log=Said()) as opened:
        yield opened


async def shops_of(hub: PutBack, folder: Path, stack: AsyncExitStack) -> list[Shop]:
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
            shop.client = await stack.enter_async_context(hub.client())
            await shop.start()
            stack.push_async_callback(lambda shop=shop: shop.db.close())
            shops.append(shop)
        await opened.add_customers(
            ["s1", "s2"], [NewCustomer(ANNA, anna.traits, [("number", CARD)], yes), bram]
        )
    return shops


async def settle(shops: list[Shop]) -> None:
    for _ in range(3):
        for shop in shops:
            await shop.agent.once()


async def earn(shop: Shop, customer_id: bytes, amount: int) -> None:
    asked = shop.asked(customer_id, shop.name.encode() + amount.to_bytes(14))
    act = partial(acts.earn, asked=asked, instrument="points", amount=amount, here=shop.here)
    assert (await shop.db.write(act)).facts


async def killed_and_put_back(hub: PutBack, tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        await hub.start()
        shops = await shops_of(hub, tmp_path, stack)
        here, there = shops
        await settle(shops)
        for shop in shops:
            await shop.enter(ANNA)
            await shop.enter(BRAM)
        await earn(here, ANNA, 1)
        await settle(shops)
        await hub.back_up()

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
        await settle(shops)
        assert all(shop.agent._box.waiting(1) is None for shop in shops)
        facts = hub.rows("SELECT device_id, seq, hash FROM event ORDER BY device_id, seq")

        await hub.put_back()
        assert len(hub.rows("SELECT 1 FROM event")) < len(facts)
        await hub.start("--restored")
        # Before anybody was served, who was erased is gone from what came back.
        assert hub.rows("SELECT id FROM customer") == [(ANNA,)]
        await earn(there, ANNA, 8)
        await settle(shops)

        again = hub.rows("SELECT device_id, seq, hash FROM event ORDER BY device_id, seq")
        assert [each for each in facts if each not in again] == []
        assert len({each[:2] for each in again}) == len(again)
        assert sorted(hub.rows("SELECT delta FROM ledger WHERE why<>'opening'")) == [(1,), (2,), (4,), (8,)]
        registers = "SELECT purpose, state FROM {}consent WHERE state='withdrawn' ORDER BY purpose"
        both = [("contact", "withdrawn"), ("profiling", "withdrawn")]
        assert hub.rows(registers.format("")) == both
        assert hub.rows("SELECT state FROM credential") == [("blocked",)]
        epochs = set()
        for shop in shops:
            assert shop.balances(ANNA).points == 115
            read = shop.db.reader.execute
            assert read("SELECT id FROM replica.customer").fetchall() == [(ANNA,)]
            assert read(registers.format("replica.")).fetchall() == both
            epochs.add(read("SELECT epoch FROM hub").fetchone()[0])
            assert [each for each in shop.said.lines if each[0] == "hub_restored"]
        assert epochs == set(hub.epochs())
        assert min(epochs) > 1


async def test_a_hub_killed_and_put_back_from_an_older_backup_loses_nothing_that_a_shop_holds(
    tmp_path: Path,
) -> None:
    with real_hub(tmp_path / "centre") as real:
        await killed_and_put_back(OnFile(real, tmp_path / "backup"), tmp_path)


@pytest.mark.xdist_group("postgresql")
async def test_a_hub_on_postgresql_put_back_from_an_older_backup_loses_nothing_that_a_shop_holds(
    tmp_path: Path, server: str
) -> None:
    hub = OnPostgresql(server, tmp_path / "centre")
    try:
        await killed_and_put_back(hub, tmp_path)
    finally:
        await hub.end()


@pytest.mark.parametrize("ahead_ms", [0, 6 * 3_600_000])
async def test_the_same_backup_put_back_twice_is_another_hub_each_time(tmp_path: Path, ahead_ms: int) -> None:
    clock = HandClock()
    config = Config(tmp_path / "hub", KEYS)
    async with open_hub(config, clock=clock, log=Said()) as hub:
        # It was put back before, by a clock that was ahead and has been set right since.
        await hub.db.apply(known.raise_hub_epoch, at_least=clock.wall_ms() + ahead_ms)
    backup = (tmp_path / "hub" / "hub.db").read_bytes()
    epochs = []
    for _ in range(2):
        clock.pass_ms(60_000)
        (tmp_path / "hub" / "hub.db").write_bytes(backup)
        async with open_hub(config, clock=clock, log=Said(), put_back=True) as hub:
            epochs.append(await hub.db.read(known.hub_epoch))
    assert epochs[0] != epochs[1]
