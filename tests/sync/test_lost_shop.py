"""A hub put back from a backup older than a shop: that shop is enrolled again, and all that it holds comes up."""

import asyncio
import re
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.cli import main
from edge.consent import acts as consents
from edge.facts import Fact
from edge.files import prepare
from edge.joining import acts as joining
from edge.joining.facts import CredentialBlocked, CustomerJoined, Yes
from edge.joining.sealing import newcomer, sealed_card
from edge.keys import read_keys
from edge.kit.clock import ShopTime, SystemClock
from edge.kit.errors import Refused, WelkomError
from edge.kit.seal import derive, key_place, unseal
from edge.kit.sqlite import Database
from edge.recognition.rules import hashes, outer
from edge.record import record
from edge.staff.deeds import Doer
from edge.uplink import Uplink
from edge.visits.facts import VisitStarted
from edge.wallet import acts as wallet
from edge.wallet import tables
from edge.wallet.rules import Asked as Wish
from sync import enrolment, wire
from sync.agent import Agent
from sync.enrolment import Asked, Given, Membership, ShopKeys, Wanted
from sync.hub import devices, enrolling, feed
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.knocks import LATELY_MS, Knocks
from sync.hub.tables import devices as known
from sync.hub.tables.devices import Device
from tests.fresh import lay_hub
from tests.kit.clocks import HandClock
from tests.patience import PATIENT_S
from tests.sync import engines
from tests.sync.centre import ANNA, KEYS, Said, customer, device, now_ms
from tests.sync.real_hub import RealHub, real_hub
from tests.sync.wallets import _applied

pytestmark = pytest.mark.anyio
CARD = "LOYALTY-0777"
DOER = Doer(b"a" * 16, b"tablet")
VISIT = b"v" * 16


@dataclass
class Box:
    """What `welkom init` made for one box of a shop, and its voice."""

    folder: Path
    shop: str
    name: str

    @property
    def config(self) -> Path:
        return self.folder / "welkom.toml"

    async def moves_in(self, hub: RealHub) -> None:
        words = ("--shop", self.shop, "--name", "Utrecht", "--recipient", "van-dam", "--tls", "off")
        assert await welkom("init", "--config", str(self.config), "--hub", hub.url, *words) == 0
        await self.finds(hub)

    async def finds(self, hub: RealHub) -> None:
        """The hub has another port in each of its lives; and the box is not always the shop's first."""
        text = re.sub(r"http://127\.0\.0\.1:\d+", hub.url, self.config.read_text())
        self.config.write_text(re.sub(r'(?m)^device = ".*"', f'device = "{self.name}"', text))

    async def enrols(self, code: str) -> int:
        return await welkom("enrol", "--config", str(self.config), "--code", code)

    @asynccontextmanager
    async def runs(self, hub: RealHub) -> AsyncGenerator[tuple[Database[Fact], Agent], None]:
        files, keys = prepare(self.folder / "state", log=Said()), read_keys(self.folder / "credentials")
        db: Database[Fact] = await Database.open(
            files.journal, attach={"replica": files.replica}, record=record, synchronous="OFF"
        )
        try:
            async with httpx.AsyncClient(timeout=PATIENT_S, base_url=hub.url) as client:
                box = Uplink(db, keys, ShopTime(SystemClock()), on_applied=_applied)
                words = {"device": self.name, "shop": self.shop, "wall_ms": now_ms, "log": Said()}
                yield (
                    db,
                    Agent(box, client, key=Ed25519PrivateKey.from_private_bytes(keys.device_key), **words),
                )
        finally:
            await db.close()

    async def lives(self, db: Database[Fact], agent: Agent) -> bytes:
        """Noor joins here with a card, comes by, earns 7 points, ends one consent and loses the card."""
        keys = read_keys(self.folder / "credentials")
        new = newcomer(
            keys.shop_key,
            {"name": {"call": "Noor"}},
            saved={"points": {"balance": 0}},
            now_ms=now_ms(),
            until_ms=None,
        )
        card = hashes(keys.chain_key, keys.shop_key, "qr", CARD)
        assert card
        joined = CustomerJoined(
            customer_id=new.customer_id,
            key=new.key,
            traits=new.traits,
            consents=(Yes("saving", "van-dam", None), Yes("recognition", "van-dam", now_ms() + 10_000_000)),
            hash=card.outer,
            card=sealed_card(keys.shop_key, new.customer_id, card.inner),
            card_kind=card.kind,
            staff_id=DOER.staff_id,
            language="nl",
            at_ms=now_ms(),
        )
        visit = VisitStarted(VISIT, new.customer_id, "counter-1", "tap", "strong", now_ms())
        await db.write(lambda conn: [joined])
        await agent.once()
        await db.write(lambda conn: [visit])
        asked = Wish(b"l" * 16, VISIT, role="staff", staff_id=DOER.staff_id, at_ms=now_ms())
        here = tables.Here(recipient="van-dam", device=self.name, kek=keys.kek)
        earned = await db.write(partial(wallet.earn, asked=asked, instrument="points", amount=7, here=here))
        assert earned.facts
        ended = partial(consents.withdraw, purpose="recognition", recipient="van-dam", now_ms=now_ms())
        await db.write(ended, new.customer_id)
        lost = CredentialBlocked(new.customer_id, card.outer, DOER.staff_id, "lost", now_ms())
        await db.write(joining.block, lost, recipient="van-dam", doer=DOER, visit_id=VISIT)
        return new.customer_id


async def welkom(*words: str) -> int:
    return await asyncio.to_thread(main, list(words))


async def code_for(hub: RealHub, box: Box, capsys: pytest.CaptureFixture[str]) -> str:
    words = ("--config", str(hub.folder / "hub.toml"), "--shop", box.shop, "--device", box.name)
    assert await welkom("enrol", *words) == 0
    code = re.search(r"\n  ((?:[A-Z2-7]{4}-){6}[A-Z2-7]{2})\n", capsys.readouterr().out)
    assert code
    return code[1]


async def told(box: Box, hub: RealHub) -> None:
    """The box says all that waits, and fetches what is there for it."""
    async with box.runs(hub) as (_, agent):
        for _ in range(3):
            await agent.once()
        assert agent._box.waiting(1) is None


def held(hub: RealHub) -> dict[str, Any]:
    """What the hub has of the shop, beside when it came."""
    statements = {
        "facts": "SELECT device_id, kind, at_ms, code FROM event ORDER BY at_ms, seq",
        "people": "SELECT id FROM customer",
        "ledger": "SELECT line_id, customer_id, delta FROM ledger WHERE why<>'opening'",
        "consents": "SELECT purpose, state FROM consent ORDER BY purpose",
        "cards": "SELECT state FROM credential",
        "stays": "SELECT shop_id FROM residency",
    }
    with sqlite3.connect(hub.file) as conn:
        return {name: conn.execute(each).fetchall() for name, each in statements.items()}


async def test_a_shop_that_is_younger_than_the_backup_is_enrolled_again_and_the_hub_has_all_that_it_holds(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    box, second = (Box(tmp_path / name, "utrecht", name) for name in ("utrecht-1", "utrecht-2"))
    with real_hub(tmp_path / "centre") as hub:
        hub.start()
        config, copies = str(hub.folder / "hub.toml"), str(tmp_path / "copies")
        assert await welkom("backup", "--config", config, "--to", copies) == 0
        for each in (box, second):
            await each.moves_in(hub)
            assert await each.enrols(await code_for(hub, each, capsys)) == 0
        async with box.runs(hub) as (db, agent):
            noor = await box.lives(db, agent)
        await told(box, hub)
        async with second.runs(hub) as (db, agent):
            await agent.once()
            visit = VisitStarted(b"w" * 16, noor, "counter-2", "tap", "strong", now_ms())
            await db.write(lambda conn: [visit])
        await told(second, hub)
        before, keys = held(hub), read_keys(box.folder / "credentials")
        assert [kind for _, kind, _, _ in before["facts"]] == [
            "customer_joined", "visit_started", "wallet_moved", "consent_withdrawn", "credential_blocked",
            "visit_started",
        ]  # fmt: skip
        assert {code for *_, code in before["facts"]} == {None}

        hub.kill()
        capsys.readouterr()
        assert await welkom("restore", "--config", config, "--from", copies) == 0
        said = capsys.readouterr().out
        assert "Enrolled since, and unknown to the copy: utrecht-1 of utrecht, utrecht-2 of utrecht." in said
        assert "Enrol it again as it is: `welkom enrol --config hub.toml --shop" in said
        hub.start()
        assert held(hub)["facts"] == []
        for each in (box, second):
            await each.finds(hub)
            async with each.runs(hub) as (_, agent):
                with pytest.raises(wire.Refused, match="no such device"):
                    await agent.once()
        async with httpx.AsyncClient(timeout=PATIENT_S, base_url=hub.url) as client:
            shown = (await client.get("/hq/fleet?language=nl")).text
        assert re.search(r"data-unknown>[^<]*laatst om \d\d:\d\d, al \d+ keer", shown)
        assert "utrecht" not in shown
        for each in (box, second):
            assert await each.enrols(await code_for(hub, each, capsys)) == 0
            await told(each, hub)
        assert held(hub) == before
        after = read_keys(box.folder / "credentials")
        assert (after.shop_key, after.device_key == keys.device_key) == (keys.shop_key, False)
        for each in (box, second):
            async with each.runs(hub) as (db, agent):
                await agent.once()
                read = db.reader.execute
                assert read("SELECT id FROM replica.customer").fetchall() == [(noor,)]
                assert read("SELECT state FROM replica.credential").fetchall() == [("blocked",)]


@dataclass
class Asks:
    """A box that has worked asks a hub in this process, with one code."""

    hub: Hub
    code: bytes
    shop: str = "utrecht"
    secret: bytes = b"\x07" * 32

    def __post_init__(self) -> None:
        self.exchange = enrolment.exchange(self.code)

    async def hub_says(self, asked: Asked) -> Given:
        words = {"signer": self.hub.signer, "now_ms": self.hub.now_ms()}
        return await self.hub.db.apply(enrolling.enrol, self.hub.keys, asked, **words)

    async def tries(self, keys: ShopKeys | None) -> Membership | str:
        """What it gets: the shop's keys, or the code of a refusal."""
        words = {"device": f"{self.shop}-1", "shop": self.shop, "public_key": self.secret, "epoch": 3}
        asked = self.exchange.ask(**words, keeps=keys)
        try:
            given = await self.hub_says(asked)
            if keys and isinstance(self.exchange.open(given), Wanted):
                for secret in (keys.shop_key, self.code.hex()):
                    assert secret.encode() not in enrolment.encode(self.exchange.keep(asked, given, keys))
                given = await self.hub_says(self.exchange.keep(asked, given, keys))
        except WelkomError as error:
            return error.code
        opened = self.exchange.open(given)
        assert isinstance(opened, Membership)
        return opened


async def code_of(hub: Hub, device_id: str, shop_id: str) -> bytes:
    words = {"shop_id": shop_id, "device_id": device_id}
    code = enrolment.code_of(await hub.db.apply(enrolling.make_code, KEYS, **words, now_ms=hub.now_ms()))
    assert code
    return code


def of_shop(shop_key: bytes, chain_key: bytes = KEYS.chain_key) -> ShopKeys:
    return ShopKeys(shop_key=shop_key.hex(), chain_key=chain_key.hex())


async def test_keys_that_cannot_be_the_shops_use_up_no_code_and_pin_nothing(tmp_path: Path) -> None:
    async with open_hub(Config(lay_hub(tmp_path / "hub"), KEYS, engines.database()), log=Said()) as hub:
        code = await code_of(hub, "utrecht-1", "utrecht")
        await hub.db.apply(devices.register, KEYS, device=device("box-9", "zwolle"), shop_key=b"Z" * 32)
        box = Asks(hub, code)
        assert await box.tries(of_shop(b"Z" * 32)) == "OTHER_KEYS"  # it is another shop's
        assert await box.tries(of_shop(b"U" * 32, b"D" * 32)) == "OTHER_KEYS"  # and of another chain
        assert await hub.db.read(known.device, "utrecht-1") is None
        empty = await box.tries(None)
        assert isinstance(empty, Membership)
        assert (empty.epoch, empty.shop_key) == (3, devices.shop_key_of(hub.db.reader, KEYS, "utrecht").hex())
        # A shop that another box speaks for keeps its key.
        second = Asks(hub, await code_of(hub, "zwolle-1", "zwolle"), shop="zwolle")
        assert await second.tries(of_shop(b"Y" * 32)) == "OTHER_KEYS"
        assert await hub.db.read(known.device, "zwolle-1") is None
        assert isinstance(await second.tries(of_shop(b"Z" * 32)), Membership)


async def test_whom_a_program_put_into_the_shop_before_its_box_came_back_the_box_can_open(
    tmp_path: Path,
) -> None:
    async with open_hub(Config(lay_hub(tmp_path / "hub"), KEYS, engines.database()), log=Said()) as hub:
        code = await code_of(hub, "utrecht-1", "utrecht")
        await hub.add_customers(["utrecht"], [customer()])
        assert isinstance(await Asks(hub, code).tries(of_shop(b"U" * 32)), Membership)
        cards: dict[str, str] = {}
        for part in ("shop:utrecht:urgent", "shop:utrecht"):
            words = {"after": 0, "limit": wire.PAGE_ROWS, "signer": hub.signer, "now_ms": 1}
            for row in wire.decode_page(feed.page(hub.db.reader, part, **words)).rows:
                body = wire.row_body(row)
                if isinstance(body, wire.Key):
                    assert unseal(derive(b"U" * 32, "key-transport"), body.wrapped, key_place(ANNA))
                if row.t == "credential":
                    cards[row.id] = row.op
        (theirs,) = (hash_ for hash_, op in cards.items() if op == "put")
        (inner,) = hub.db.reader.execute("SELECT hash FROM credential").fetchone()
        assert bytes.fromhex(theirs) == outer(b"U" * 32, inner)
        assert len(cards) == 2


async def test_a_box_whose_answer_was_lost_asks_again_and_the_hub_keeps_the_key_that_it_took(
    tmp_path: Path,
) -> None:
    async with open_hub(Config(lay_hub(tmp_path / "hub"), KEYS, engines.database()), log=Said()) as hub:
        code = await code_of(hub, "utrecht-1", "utrecht")
        first = await Asks(hub, code).tries(of_shop(b"U" * 32))
        assert await Asks(hub, code).tries(of_shop(b"U" * 32)) == first
        assert isinstance(first, Membership)
        assert (first.epoch, first.shop_key) == (4, (b"U" * 32).hex())
        assert devices.shop_key_of(hub.db.reader, KEYS, "utrecht") == b"U" * 32
        assert await Asks(hub, code, secret=b"\x08" * 32).tries(of_shop(b"U" * 32)) == "CODE_SPENT"
        # Nor does a line of hub.toml take the place of a box that has the key.
        with pytest.raises(Refused, match="the shop utrecht has another key"):
            await hub.db.apply(
                devices.register,
                KEYS,
                device=Device("utrecht-2", "utrecht", 1, b"\x09" * 32),
                shop_key=b"V" * 32,
            )


def test_what_knocks_is_said_for_an_hour_and_told_to_the_page_once() -> None:
    clock, told = HandClock(), [0]

    def tell() -> None:
        told[0] += 1

    knocks = Knocks(now_ms=clock.wall_ms, on_change=tell)
    assert knocks.lately() is None
    knocks.heard()
    clock.pass_ms(LATELY_MS - 1)
    knocks.heard()
    assert (knocks.lately(), told) == ((2, clock.wall_ms()), [1])
    clock.pass_ms(LATELY_MS)
    assert knocks.lately() is None
    knocks.heard()
    assert (knocks.lately(), told) == ((1, clock.wall_ms()), [2])
