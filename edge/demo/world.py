"""The demo shop: a real hub and a real appliance on loopback, invented customers, a counter line."""

import asyncio
import os
import random
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from drivers import catalogue
from drivers.found import plugged_in
from drivers.reader import Reader, Token
from drivers.settings import ReaderSettings
from drivers.sim import SimReader
from edge.app import Edge, open_edge
from edge.config import Choice, Config, Hub, Presence, Server, Shop, Store, Wallet
from edge.demo.cable import Cable
from edge.demo.cast import cast
from edge.demo.goods import goods, stock
from edge.demo.line import SerialLine
from edge.demo.office import DEVICE, Office
from edge.demo.people import REWARD, Person, invent
from edge.demo.shop import knows
from edge.demo.stage import Stage
from edge.demo.walk import FLOOR, Walk
from edge.keys import Keys, read_keys, write_keys
from edge.kit.clock import SystemClock
from edge.kit.errors import WelkomError
from edge.kit.ids import uuid7_source
from edge.kit.log import Log
from edge.kit.serve import listen, serve
from edge.presence.files import read_floor
from edge.staff import acts as staff_acts
from edge.staff import tables as staff_tables
from edge.staff.pins import hash_pin
from edge.staff.rules import StaffRole
from sync.hub import config as hub_config
from sync.hub import devices
from sync.hub.app import Hub as OpenHub
from sync.hub.app import open_hub
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.sender import Post
from sync.hub.tables.devices import Device

PEOPLE: Final = 2_000
SEED: Final = 20261122
EDGE_PORT: Final = 8443
HUB_PORT: Final = 8444
STAFF: Final[tuple[tuple[str, StaffRole, str], ...]] = (
    ("Anna", "staff", "1234"),
    ("Bram", "manager", "4321"),
)
# The day goes on by itself, but not while somebody is playing along.
TAP_EVERY_S: Final = 25.0
PLAYING_S: Final = 30.0
LOOK_S: Final = 0.05
OPENS_AFTER: Final = 1_200  # looks: then it opens all the same, and the top line says what is wrong
CHOICES: Final = Path(__file__).parent / "choices"
SHOP: Final = "demo"
RECIPIENT: Final = "van-dam"
LOCKED: Final = "00000001"  # the key of the shop's own app, and its key that asks for the phone's unlock
UNLOCKED: Final = "00000002"
PLAYED: Final = 100  # the stage's day has a full card redeemed, and may be played all day
# People call the shop the same on their own page as on the tablet.
NAMES: Final = {SHOP: Shop().name, RECIPIENT: "Van Dam"}
POST: Final = "post"  # folder of the letters, below the hub's


@dataclass(slots=True)
class World:
    """Everything that plays. `people` are those who want to be recognised, the six of the stage first."""

    edge: Edge
    stage: Stage
    office: Office
    hub: OpenHub
    people: list[Person]
    day: SimReader
    line: SerialLine
    found: list[str]
    edge_sock: socket.socket
    hub_sock: socket.socket

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.edge_sock.getsockname()[1]}"

    @property
    def hub_address(self) -> str:
        return f"http://127.0.0.1:{self.hub_sock.getsockname()[1]}"

    async def run(self, opened: Callable[[], None]) -> None:
        """Play until told to stop; `opened` is called once everybody is known who may be."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._open(opened))
            group.create_task(serve(self.hub.app, self.hub_sock, goodbye=self.hub.bell.close))
            group.create_task(self._passers_by())
            group.create_task(self.stage.run())
            await self.edge.run(self.edge_sock)

    async def _open(self, opened: Callable[[], None]) -> None:
        # Who taps before the shop has heard of them is a stranger.
        told = self.office.tells(SHOP)
        for _ in range(OPENS_AFTER):
            if knows(self.edge, told):
                break
            await asyncio.sleep(LOOK_S)
        opened()

    async def _passers_by(self) -> None:
        """Somebody now and then while nobody looks at the stage, so that a tablet alone is not a dead thing."""
        dice = random.Random(SEED)
        tally = self.edge.house.counter.tally
        while True:
            played = tally.presented
            await asyncio.sleep(dice.uniform(0.6, 1.4) * TAP_EVERY_S)
            if tally.presented != played or self.stage.watched():
                await asyncio.sleep(PLAYING_S)
            elif dice.random() < 0.15:
                self.day.tap(f"20{dice.randrange(10**10):010d}")  # nobody's card
            else:
                self.day.tap(dice.choice(self.people).barcode)


@asynccontextmanager
async def open_world(state: Path, *, log: Log) -> AsyncIterator[World]:
    """Open (and the first time: invent) the demo shop in `state`, a folder that exists."""
    os.umask(0o077)
    clock = SystemClock()
    hub_keys, keys = _keys(state)
    now_ms = clock.wall_ms()
    six = cast(seed=SEED, now_ms=now_ms)
    people = [*six, *invent(PEOPLE - len(six), seed=SEED, now_ms=now_ms)]
    async with AsyncExitStack() as stack:
        hub_sock = stack.enter_context(_listen(HUB_PORT))
        edge_sock = stack.enter_context(_listen(EDGE_PORT))
        # The stage shows the hub's pages in frames.
        origin = f"http://127.0.0.1:{edge_sock.getsockname()[1]}"
        # By name: a passkey is made for a name, never for a number.
        page = f"http://localhost:{hub_sock.getsockname()[1]}"
        settings = hub_config.Config(
            state=state / "hub",
            keys=hub_keys,
            frame_ancestors=(origin,),
            secure_cookies=False,
            names=NAMES,
            choices=CHOICES,
            page=page,
            post=Post(f"file:{POST}", "Welkom <welkom@vandam.example>", phones_at="sms.vandam.example"),
        )
        hub = await stack.enter_async_context(open_hub(settings, log=log))
        await _move_in(hub, keys, people)
        await hub.add_products(goods(seed=SEED))
        await hub.set_stock(stock(seed=SEED, now_ms=now_ms))
        cable = Cable(hub_sock.getsockname()[1])
        await cable.lay()
        stack.push_async_callback(cable.close)
        line = SerialLine(state, "counter")
        stack.callback(line.close)
        day, counter = SimReader("deur"), SimReader("balie")
        floor = state / "floor.toml"
        if not floor.exists():
            floor.write_text(FLOOR, encoding="utf-8")
        walk = Walk([(each.id, each.zone) for each in read_floor(floor).scanners], seed=SEED)
        found = plugged_in()
        readers: list[Reader] = [
            day,
            counter,
            walk,
            catalogue.build(ReaderSettings("scanner", "serial", device=str(line.near))),
            *(catalogue.build(each) for each in found),
        ]
        config = Config(
            shop=Shop(
                id=SHOP,
                recipient=RECIPIENT,
                benefit_nl="Een paar wandelsokken cadeau.",
                benefit_en="A pair of hiking socks as a present.",
                benefit_de="Ein Paar Wandersocken geschenkt.",
                benefit_fr="Une paire de chaussettes de marche offerte.",
                reward=REWARD,
                page=page,
            ),
            server=Server(port=edge_sock.getsockname()[1]),
            store=Store(state=state / "shop", credentials=state / "credentials"),
            hub=Hub(url=f"http://127.0.0.1:{cable.near}", device=DEVICE),
            wallet=Wallet(large_cards=PLAYED, unlocking=UNLOCKED),
            choice=Choice(folder=CHOICES),
            presence=Presence(floor=floor, calibration=state / "calibration.jsonl"),
        )
        office = Office(
            hub, address=f"http://127.0.0.1:{hub_sock.getsockname()[1]}", recipient=RECIPIENT, post=POST
        )
        stage = Stage(
            six,
            birthdays=await hub.db.read(office.birthdays, [each.customer_id for each in six]),
            office=office,
            cable=cable,
            hold=lambda barcode: line.write(barcode + "\n"),
            answer=lambda barcode, unlocked: counter.tap(_app(barcode, key=UNLOCKED if unlocked else LOCKED)),
            walk=walk,
            staff=STAFF[0][0],
            pin=STAFF[0][2],
        )
        tappable = [person for person in people if "recognition" in person.purposes]
        edge = await stack.enter_async_context(
            open_edge(config, keys=keys, readers=readers, log=log, stage=stage)
        )
        stage.join(edge)
        await _hire(edge, keys)
        yield World(
            edge=edge,
            stage=stage,
            office=office,
            hub=hub,
            people=tappable,
            day=day,
            line=line,
            found=[each.device for each in found],
            edge_sock=edge_sock,
            hub_sock=hub_sock,
        )


def _app(number: str, *, key: str) -> Token:
    """What the reader says when somebody's phone with the shop's own app answered it: invented, as they are."""
    return Token("hce", number, "strong", {"key_id": key})


def _listen(port: int) -> socket.socket:
    try:
        return listen("127.0.0.1", port)
    except WelkomError:
        return listen("127.0.0.1", 0)


def _keys(state: Path) -> tuple[hub_config.Keys, Keys]:
    folder = state / "credentials"
    write_keys(folder)
    hub_kek = folder / "hub_kek"
    if not hub_kek.exists():
        hub_kek.write_text(os.urandom(32).hex())
    keys = read_keys(folder)
    credentials = {"hub_kek": hub_kek.read_bytes(), "chain_key": keys.chain_key}
    return hub_config.read_keys(credentials), keys


async def _move_in(hub: OpenHub, keys: Keys, people: Sequence[Person]) -> None:
    """Register the shop and its customers at the hub, the first time."""
    device_key = Ed25519PrivateKey.from_private_bytes(keys.device_key).public_key().public_bytes_raw()
    await hub.db.apply(
        devices.introduce,
        hub.keys,
        device=Device(DEVICE, SHOP, 1, device_key),
        shop_key=keys.shop_key,
    )
    (held,) = hub.db.reader.execute("SELECT count(*) FROM customer").fetchone()
    if held:
        return
    customers = [
        NewCustomer(
            person.customer_id,
            traits=person.traits,
            credentials=[("number", person.barcode)],
            consents=[NewConsent(purpose, RECIPIENT) for purpose in person.purposes],
        )
        for person in people
    ]
    await hub.add_customers([SHOP], customers)


async def _hire(edge: Edge, keys: Keys) -> None:
    new_id = uuid7_source(SystemClock())
    known = set(staff_tables.names(edge.house.db.reader))
    for name, role, pin in STAFF:
        if name not in known:
            pin_hash = await asyncio.to_thread(hash_pin, keys.pin_pepper, pin)
            await edge.house.db.apply(
                staff_acts.add_staff, name, staff_id=new_id(), role=role, language="nl", pin_hash=pin_hash
            )
