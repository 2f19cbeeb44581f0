"""Two shops of one chain and their hub, for the ledger: earning and redeeming through cut lines and restarts."""

import random
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.facts import Fact
from edge.files import prepare
from edge.keys import Keys as Secrets
from edge.kit.clock import Clock, ShopTime, SystemClock
from edge.kit.sqlite import Database
from edge.record import record
from edge.uplink import Uplink
from edge.visits.facts import VisitStarted
from edge.wallet import acts, tables
from edge.wallet.facts import WalletMoved
from edge.wallet.rules import Asked, Balances
from sync import wire
from sync.agent import Agent
from sync.hub import devices, wallet
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from tests.sync.centre import HERE, KEYS, Said, device
from tests.sync.shop import Line

REWARD = "gratis impregneren"
REAL = SystemClock()


@dataclass
class Shop:
    """One appliance: its files, its writer, its agent, and a line to the hub that can be cut."""

    name: str
    folder: Path
    line: Line
    client: httpx.AsyncClient
    secrets: Secrets
    db: Database[Fact]
    agent: Agent
    said: Said
    clock: Clock = REAL

    @property
    def signing(self) -> Ed25519PrivateKey:
        return Ed25519PrivateKey.from_private_bytes(self.secrets.device_key)

    @property
    def here(self) -> tables.Here:
        return tables.Here(recipient=HERE, device=f"box-{self.name}", kek=self.secrets.kek)

    async def start(self) -> None:
        """Open (again) what is on the disk."""
        files = prepare(self.folder, log=Said())
        self.said = Said()
        self.db = await Database.open(
            files.journal, attach={"replica": files.replica}, record=record, synchronous="OFF"
        )
        self.agent = Agent(
            Uplink(self.db, self.secrets, ShopTime(self.clock), on_applied=_applied),
            self.client,
            device=f"box-{self.name}",
            shop=self.name,
            key=self.signing,
            wall_ms=self.clock.wall_ms,
            log=self.said,
        )

    async def restart(self) -> None:
        await self.db.close()
        await self.start()

    async def enter(self, customer_id: bytes) -> None:
        """The customer is here from now on."""
        visit = VisitStarted(
            visit_id=self.visit(customer_id),
            customer_id=customer_id,
            reader="counter-1",
            how="tap",
            evidence="strong",
            at_ms=self.clock.wall_ms(),
        )
        await self.db.write(lambda conn: [visit])

    def visit(self, customer_id: bytes) -> bytes:
        return customer_id[:15] + self.name.encode()[-1:]

    def asked(self, customer_id: bytes, line_id: bytes) -> Asked:
        return Asked(
            line_id, self.visit(customer_id), role="staff", staff_id=b"a" * 16, at_ms=self.clock.wall_ms()
        )

    def balances(self, customer_id: bytes) -> Balances:
        now_ms = self.clock.wall_ms()
        found = tables.balances(self.db.reader, customer_id, role="staff", here=self.here, now_ms=now_ms)
        assert found
        return found

    def ledger(self) -> list[tuple[Any, ...]]:
        return self.db.reader.execute(
            "SELECT line_id, customer_id, instrument, delta, why, epoch, seq FROM ledger ORDER BY seq"
        ).fetchall()


async def _applied(rows: Sequence[wire.Row]) -> None:
    assert rows


@dataclass
class Chain:
    hub: Hub
    shops: list[Shop]
    clock: Clock

    def held(self, customer_id: bytes) -> wallet.Held:
        return wallet.balances(self.hub.db.reader, KEYS, customer_id, now_ms=self.clock.wall_ms())

    def ledger(self) -> list[tuple[Any, ...]]:
        return self.hub.db.reader.execute(
            "SELECT line_id, customer_id, instrument, delta, why, epoch, seq FROM ledger WHERE why<>'opening'"
        ).fetchall()

    async def settle(self) -> None:
        """Every line is up again, and all has been said."""
        for shop in self.shops:
            shop.line.down = False
            shop.line.faults.clear()
        for _ in range(2):
            for shop in self.shops:
                while shop.agent._box.waiting(1) is not None:
                    await shop.agent.once()
                await shop.agent.once()


def saver(customer_id: bytes, *, points: int = 0, stamps: int = 0, of: int = 8, **traits: Any) -> NewCustomer:
    """Somebody who saves and may be recognised in both shops."""
    return NewCustomer(
        customer_id,
        {
            "points": {"balance": points},
            "stamps": {"have": stamps, "of": of, "reward": REWARD},
            **traits,
        },
        [],
        [NewConsent("saving", HERE), NewConsent("recognition", HERE)],
    )


@asynccontextmanager
async def open_chain(
    folder: Path,
    customers: Sequence[NewCustomer],
    names: Sequence[str] = ("s1", "s2"),
    *,
    clock: Clock = REAL,
) -> AsyncGenerator[Chain, None]:
    """A hub, its shops, and `customers`, who are in all of them; everybody goes by `clock`."""
    async with AsyncExitStack() as stack:
        hub = await stack.enter_async_context(open_hub(Config(folder / "hub", KEYS), clock=clock, log=Said()))
        chain = Chain(hub, [], clock)
        for number, name in enumerate(names, 1):
            key = bytes([number]) * 32
            secrets = Secrets(shop_key=key, chain_key=KEYS.chain_key, kek=key, pin_pepper=key, device_key=key)
            signing = Ed25519PrivateKey.from_private_bytes(key)
            box = device(f"box-{name}", name, key=signing)
            await hub.db.apply(devices.register, KEYS, device=box, shop_key=key)
            line = Line(hub.app)
            client = await stack.enter_async_context(
                httpx.AsyncClient(transport=line, base_url="http://hub.test")
            )
            shop = Shop.__new__(Shop)
            shop.name, shop.folder, shop.line = name, folder / name, line
            shop.client, shop.secrets, shop.clock = client, secrets, clock
            await shop.start()
            stack.push_async_callback(lambda shop=shop: shop.db.close())
            chain.shops.append(shop)
        await hub.add_customers(names, customers)
        for shop in chain.shops:
            await shop.agent.once()
            for customer in customers:
                await shop.enter(customer.customer_id)
        yield chain


@dataclass
class Story:
    """What a random stretch of shop life did, and whether every total agrees."""

    operations: int
    written: int = 0
    replays: int = 0
    refused: int = 0
    cuts: int = 0
    restarts: int = 0
    short: int = 0
    wrong: list[str] = field(default_factory=list)


async def play(folder: Path, *, operations: int, seed: int, customers: int = 24) -> Story:
    """`operations` random acts in two shops with cuts, bad lines, restarts and forms sent again; then all totals."""
    dice, story = random.Random(seed), Story(operations)
    people = [
        saver(dice.randbytes(16), points=dice.randrange(300), stamps=dice.randrange(9))
        for _ in range(customers)
    ]
    done: list[tuple[Shop, Callable[..., Any]]] = []
    facts: list[WalletMoved] = []
    async with open_chain(folder, people) as chain:
        for _ in range(operations):
            shop = dice.choice(chain.shops)
            await _trouble(shop, dice, story)
            if done and dice.random() < 0.1:
                # Sent again: pressed twice, a page reloaded, a till that tries once more.
                shop, act = dice.choice(done[-50:])
                assert (await shop.db.write(act)).facts == []
                story.replays += 1
                continue
            act = _act(shop, dice.choice(people).customer_id, dice)
            new = [fact for fact in (await shop.db.write(act)).facts if isinstance(fact, WalletMoved)]
            story.refused += not new
            facts += new
            if new:
                done.append((shop, act))
        story.written = len(facts)
        await chain.settle()
        _check(chain, people, facts, story)
    return story


def _act(shop: Shop, customer_id: bytes, dice: random.Random) -> Callable[..., Any]:
    asked = shop.asked(customer_id, dice.randbytes(16))
    match dice.randrange(6):
        case 0 | 1:
            return partial(acts.earn, asked=asked, instrument="stamps", amount=1, here=shop.here)
        case 2:
            return partial(
                acts.earn, asked=asked, instrument="points", amount=dice.randint(1, 120), here=shop.here
            )
        case 3 | 4:
            return partial(acts.redeem_points, asked=asked, amount=dice.randint(1, 150), here=shop.here)
        case _:
            return partial(acts.redeem_stamps, asked=asked, here=shop.here)


async def _trouble(shop: Shop, dice: random.Random, story: Story) -> None:
    chance = dice.random()
    if chance < 0.005:
        await shop.restart()
        story.restarts += 1
    elif chance < 0.02:
        shop.line.down = not shop.line.down
        story.cuts += shop.line.down
    elif chance < 0.06:
        shop.line.faults.extend(dice.choices(["ok", "lost", "mute", "twice", "stale"], k=2))
        with suppress(wire.Unreachable, wire.Refused):
            await shop.agent.once()


def _check(chain: Chain, people: Sequence[NewCustomer], facts: Sequence[WalletMoved], story: Story) -> None:
    local = [line for shop in chain.shops for line in shop.ledger()]
    asked = {(each.line_id, each.customer_id, each.instrument, each.delta, each.why) for each in facts}
    if {line[:5] for line in local} != asked or len(local) != len(facts):
        story.wrong.append("a ledger of a shop is not what was acted")
    if sorted(chain.ledger()) != sorted(local):
        story.wrong.append("the central ledger is not that of the shops")
    for person in people:
        held = chain.held(person.customer_id)
        story.short += sum(held.short.values())
        assert held.balances.stamps
        central = {"points": held.balances.points, "stamps": held.balances.stamps.have}
        for shop in chain.shops:
            seen = shop.balances(person.customer_id)
            if (
                seen.points != held.balances.points
                or seen.stamps != held.balances.stamps
                or any(seen.added.values())
            ):
                story.wrong.append(f"{shop.name} and the hub differ")
        for instrument, member in (("points", "balance"), ("stamps", "have")):
            moved = sum(
                each.delta
                for each in facts
                if each.customer_id == person.customer_id and each.instrument == instrument
            )
            expected = person.traits[instrument][member] + moved + held.short.get(instrument, 0)
            if central[instrument] != expected:
                story.wrong.append(f"{instrument} are {central[instrument]}, not {expected}")
