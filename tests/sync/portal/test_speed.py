"""A stop on the phone reaches the tablets of a real appliance at once, also right after the line was cut."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from drivers.reader import Sighting, Token
from edge.app import Edge, open_edge
from edge.config import Config, Shop, Store
from edge.config import Hub as HubLine
from edge.kit.clock import Clock
from edge.visits import tables as visits
from sync.hub import devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config as HubConfig
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, HERE, KEYS, SECRETS, SHOP_KEY, Said, customer, device
from tests.sync.portal.place import own_token
from tests.sync.shop import Line

pytestmark = pytest.mark.anyio
# An idle system takes some 0.05 s; two cores that eight others use too may take longer, and no pause is hidden in it.
SOON_S = 20.0  # less than the 30 s of a pause; the second itself is in `make prove`


class Cable(Line):
    """A line that can be cut while requests are on it, as a plug is pulled."""

    def __init__(self, app: object) -> None:
        super().__init__(app)
        self._on_it: set[asyncio.Task[httpx.Response]] = set()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        asking = asyncio.ensure_future(super().handle_async_request(request))
        self._on_it.add(asking)
        try:
            await asyncio.wait((asking,))
            if asking.cancelled():
                raise httpx.ReadError("the line was cut")
            return asking.result()
        finally:
            asking.cancel()
            self._on_it.discard(asking)

    def cut(self) -> None:
        self.down = True
        for each in self._on_it:
            each.cancel()


@dataclass
class Scene:
    hub: Hub
    edge: Edge
    cable: Cable
    phone: httpx.AsyncClient

    def here(self) -> int:
        return visits.count_some(self.edge.house.db.reader, 9)

    async def tap(self, reader: str = "counter-1") -> None:
        token = Token("barcode", "LOYALTY-0001", "weak")
        await self.edge.house.counter.on_sighting(Sighting(reader, datetime.now(UTC), "tap", token))

    async def press(self, path: str, **fields: str) -> None:
        own = own_token((await self.phone.get("/portal")).text)
        done = await self.phone.post(path, data={"own": own, "recipient": HERE, **fields})
        assert done.status_code == 303


@asynccontextmanager
async def scene(state: Path, *, clock: Clock | None = None) -> AsyncGenerator[Scene, None]:
    """Anna is a customer, the appliance is connected, and her phone is on her page."""
    config = Config(
        shop=Shop(id="s1", recipient=HERE),
        store=Store(state=state / "edge"),
        hub=HubLine(url="http://hub.test", device="box-1"),
    )
    settings = HubConfig(state / "hub", KEYS, secure_cookies=False)
    async with open_hub(settings, log=Said()) as hub:
        await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        await hub.add_customers(["s1"], [customer()])
        cable = Cable(hub.app)
        opened = open_edge(config, keys=SECRETS, readers=[], hub_transport=cable, clock=clock, log=Said())
        async with opened as edge:
            assert edge.agent is not None
            talking = asyncio.ensure_future(edge.agent.run())
            transport = httpx.ASGITransport(app=hub.app)
            async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as phone:
                assert (await phone.get(f"/portal/enter/{await hub.portal_code(ANNA)}")).status_code == 303
                it = Scene(hub, edge, cable, phone)
                await until(lambda: edge.house.health.online and hub.contacts.connected("box-1"))
                await until(lambda: known(edge))
                yield it
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)


def known(edge: Edge) -> bool:
    return edge.house.db.reader.execute("SELECT 1 FROM replica.consent").fetchone() is not None


async def until(true: object, *, within_s: float = PATIENT_S) -> None:
    end_s = time.monotonic() + within_s
    while not true():  # type: ignore[operator]
        assert time.monotonic() < end_s, "it never came"
        await asyncio.sleep(0.005)


async def test_a_stop_on_the_phone_ends_the_visit_and_pokes_the_tablets(tmp_path: Path) -> None:
    async with scene(tmp_path) as it, aclosing(it.edge.house.live.stream("staff")) as stream:
        await it.tap()
        await until(lambda: it.here() == 1)
        await anext(stream)
        began_s = time.monotonic()
        await it.press("/portal/stop", purpose="recognition")
        await until(lambda: it.here() == 0, within_s=SOON_S)
        assert b"visits" in await asyncio.wait_for(anext(stream), SOON_S)
        assert time.monotonic() - began_s < SOON_S
        await it.tap("counter-2")
        assert it.edge.house.counter.tally.withheld == 1
        assert it.here() == 0
        await it.press("/portal/allow", purpose="recognition", gen="1", state="withdrawn")


async def test_a_stop_while_the_line_was_cut_holds_as_soon_as_the_agent_is_woken(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        await it.tap()
        await until(lambda: it.here() == 1)
        it.cable.cut()
        await until(lambda: not it.edge.house.health.online)
        agent = it.edge.agent
        assert agent is not None
        agent.contact.chance = lambda: 1.0  # every pause is the longest one
        agent.contact.tries = 10  # cut for so long that the pauses are 30 s
        agent.wake()
        await until(lambda: agent.contact.tries >= 11)
        await it.press("/portal/stop", purpose="recognition")
        assert it.here() == 1
        it.cable.down = False
        agent.wake()
        await until(lambda: it.here() == 0, within_s=SOON_S)


async def test_a_tap_while_the_line_is_down_tries_it_at_once(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        it.cable.cut()
        await until(lambda: not it.edge.house.health.online)
        agent = it.edge.agent
        assert agent is not None
        agent.contact.chance = lambda: 1.0
        agent.contact.tries = 10
        agent.wake()
        await until(lambda: agent.contact.tries >= 11)
        await it.press("/portal/stop", purpose="recognition")
        it.cable.down = False
        await it.tap()
        await until(lambda: it.here() == 0 and it.edge.house.health.online, within_s=SOON_S)


async def test_headquarters_knows_at_once_that_a_box_is_gone(tmp_path: Path) -> None:
    async with scene(tmp_path) as it:
        assert it.hub.contacts.connected("box-1")
        it.cable.cut()
        await until(lambda: not it.hub.contacts.connected("box-1"), within_s=SOON_S)
