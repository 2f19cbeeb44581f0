"""The whole house: an advert on the bus or from a gateway becomes one visit, and a stop ends it at once."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest

from drivers.codecs.printed.fob import Fob
from drivers.codecs.radio.eid import eid
from edge.app import Edge, open_edge
from edge.config import parse
from edge.consent import acts as consent
from edge.presence import tags
from edge.staff.deeds import Doer
from edge.visits import tables as visits
from edge.visits.here import arrivals
from tests.drivers.bus import Bus
from tests.drivers.mosquitto import Mosquitto
from tests.patience import PATIENT_S
from tests.presence.fobs import fob, open_fobs
from tests.tables.floor import KEYS, RECIPIENT, Person

pytestmark = pytest.mark.anyio

FOB: Final = fob(1)
OTHER: Final = fob(2)
STRANGER: Final = bytes.fromhex("d0d1d2d3d4d5d6d7")


TAG: Final = fob(3)
PLAN: Final = """
[[zones]]
id = "door"
entrance = true
next_to = ["shoes"]
[[zones]]
id = "shoes"
[[scanners]]
id = "g1"
zone = "door"
[[scanners]]
id = "g2"
zone = "shoes"
"""


def hear(broker: Mosquitto, gateway: str, rssi: int, device: Any = FOB) -> Callable[[], None]:
    """A gateway says that it heard this device just now."""

    def say() -> None:
        raw = "0201060303aafe0d16aafe30ee" + says(device).hex()
        batch = {
            "v": 1,
            "gw": gateway,
            "boot": "b",
            "seq": 1,
            "t": time.monotonic_ns() // 1_000_000,
            "a": [["C00000000001", 1, rssi, 37, raw, 0]],
        }
        broker.publish(f"edge/demo/gw/{gateway}/adv", batch)

    return say


def says(device: Any = FOB) -> bytes:
    return eid(device.identity_key, exponent=device.exponent, time_s=int(time.time()) - device.zero_s)


@asynccontextmanager
async def house(
    folder: Path, reader: dict[str, object], *, floor: str = "", clock: "Now | None" = None
) -> AsyncIterator[tuple[Edge, Person]]:
    """An appliance with this reader and one customer with two fobs, its parts at work but for the web."""
    async with open_fobs(folder / "state", clock=Now()) as shop:
        person = await shop.customer(FOB, OTHER)
    if floor:
        (folder / "floor.toml").write_text(floor)
    table = {
        "shop": {"recipient": RECIPIENT},
        "store": {"state": str(folder / "state")},
        "presence": {"floor": "floor.toml"},
        "readers": [reader],
    }
    config = parse(table, base=folder)
    async with open_edge(config, clock=clock or Now(), keys=KEYS, log=lambda event, **fields: None) as edge:
        work = [asyncio.create_task(each) for each in edge._work()]
        try:
            yield edge, person
        finally:
            for task in work:
                task.cancel()
            done = await asyncio.gather(*work, return_exceptions=True)
            assert not [each for each in done if isinstance(each, Exception)]


class Now:
    """Today: the drivers say when something was heard by the machine's own clock."""

    def wall_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_ms(self) -> int:
        return time.monotonic_ns() // 1_000_000


class Moved(Now):
    """The same, moved on by hand."""

    def __init__(self) -> None:
        self.ahead_ms = 0

    def wall_ms(self) -> int:
        return super().wall_ms() + self.ahead_ms

    def monotonic_ms(self) -> int:
        return super().monotonic_ms() + self.ahead_ms


async def until(holds: Callable[[], object], say: Callable[[], None]) -> None:
    """Say something four times a second until it has its effect."""
    async with asyncio.timeout(PATIENT_S):
        while not holds():
            say()
            await asyncio.sleep(0.25)


def is_here(edge: Edge) -> Callable[[], bool]:
    return lambda: visits.count_open(edge.house.db.reader) == 1


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[Bus]:
    with Bus(tmp_path) as made:
        yield made


def greetings(edge: Edge) -> int:
    (count,) = edge.house.db.reader.execute("SELECT count(*) FROM outbox WHERE kind='greeted'").fetchone()
    return int(count)


async def test_who_comes_in_with_a_fob_is_one_visit_with_one_greeting_until_they_say_stop(
    tmp_path: Path, bus: Bus
) -> None:
    async with house(tmp_path, {"name": "door", "kind": "ble"}) as (edge, person):
        await until(is_here(edge), lambda: bus.advertise(says()))
        (arrival,) = arrivals(
            edge.house.db.reader, recipient=RECIPIENT, now_ms=edge.house.time.now_ms(), most=5
        )
        assert (arrival.customer_id, arrival.how, arrival.reader) == (person.customer_id, "near", "door")
        for device, address in ((OTHER, "C0:00:00:00:00:02"), (FOB, "C0:00:00:00:00:03")):
            for _ in range(4):  # a second fob, and the first with another address
                bus.advertise(says(device), address=address)
                await asyncio.sleep(0.1)
        assert greetings(edge) == 1
        radio = edge.house.radio
        assert radio is not None
        await edge.house.db.write(
            consent.withdraw,
            person.customer_id,
            purpose="location",
            recipient=RECIPIENT,
            now_ms=edge.house.time.now_ms(),
        )
        assert not radio.nearby.tracker.remembered()
        readings = radio.heard.readings
        for _ in range(4):
            bus.advertise(says())
            await asyncio.sleep(0.1)
        assert radio.heard.readings == readings


async def test_gateways_say_which_zone_and_a_dead_one_is_masked(tmp_path: Path) -> None:
    with Mosquitto(tmp_path) as broker:
        reader: dict[str, object] = {"name": "gateways", "kind": "mqtt", "device": f"127.0.0.1:{broker.port}"}
        async with house(tmp_path, reader, floor=PLAN) as (edge, person):
            radio = edge.house.radio
            assert radio is not None

            def zone() -> str | None:
                stay = radio.nearby.tracker.stays().get(person.customer_id.hex())
                return stay.zone if stay else None

            await until(lambda: zone() == "door", hear(broker, "g1", -50))
            await until(lambda: zone() == "shoes", hear(broker, "g2", -50))
            broker.publish("edge/demo/gw/g1/status", b"offline", retain=True)
            await until(lambda: radio.nearby.tracker.health.state("g1", 0) == "offline", lambda: None)
            assert greetings(edge) == 1


async def test_a_gateway_that_no_longer_hears_the_shops_own_tag_is_deaf_and_masked(tmp_path: Path) -> None:
    clock = Moved()
    with Mosquitto(tmp_path) as broker:
        reader: dict[str, object] = {"name": "gateways", "kind": "mqtt", "device": f"127.0.0.1:{broker.port}"}
        async with house(tmp_path, reader, floor=PLAN, clock=clock) as (edge, _):
            radio, keys = edge.house.radio, edge.house.keys
            assert radio is not None
            tag = Fob(TAG.identity_key, TAG.exponent, TAG.zero_s)
            up = partial(tags.put_up, fob=tag, zone="door", shop_key=keys.shop_key, kek=keys.kek)
            assert await edge.house.db.apply(
                partial(up, doer=Doer("anna", b"tablet"), now_ms=edge.house.time.now_ms())
            )
            radio.tags_changed()
            health = radio.nearby.tracker.health

            def states() -> tuple[str, str]:
                now_s = edge.house.time.now_ms() / 1000
                return health.state("g1", now_s), health.state("g2", now_s)

            def both() -> None:
                clock.ahead_ms += 500
                for gateway in ("g1", "g2"):
                    hear(broker, gateway, -60, TAG)()

            def one() -> None:
                clock.ahead_ms += 4_000
                hear(broker, "g2", -60, TAG)()

            await until(lambda: states() == ("hears", "hears"), both)
            for _ in range(15):
                both()
                await asyncio.sleep(0.02)
            await until(lambda: states() == ("deaf", "hears"), one)
            assert health.alive(edge.house.time.now_ms() / 1000) == {"g2"}
            assert not radio.nearby.tracker.stays()
            await until(lambda: states() == ("hears", "hears"), both)
            assert not is_here(edge)()


async def test_no_strangers_identifier_is_in_any_file(tmp_path: Path, bus: Bus) -> None:
    async with house(tmp_path, {"name": "door", "kind": "ble"}) as (edge, _):
        await until(is_here(edge), lambda: bus.advertise(says()))
        for _ in range(5):
            bus.advertise(STRANGER, address="D1:D2:D3:D4:D5:D6")
            await asyncio.sleep(0.05)
        found = [
            path.name
            for path in sorted((tmp_path / "state").rglob("*"))
            if path.is_file()
            for trace in (STRANGER, STRANGER.hex().encode(), b"D1:D2:D3", bytes.fromhex("d1d2d3d4d5d6"))
            if trace in path.read_bytes()
        ]
        assert found == []


async def test_a_shop_without_a_radio_loads_none_of_it(tmp_path: Path) -> None:
    config = parse({"store": {"state": str(tmp_path / "state")}}, base=tmp_path)
    async with open_edge(config, keys=KEYS, log=lambda event, **fields: None) as edge:
        assert edge.house.radio is None
