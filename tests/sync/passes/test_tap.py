"""From the hub's own files through a real reader to a card on the appliance, with the line cut in between."""

import json
import zipfile
from collections.abc import AsyncGenerator
from contextlib import aclosing, asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest

from drivers.reader import Sighting, Token
from edge.counter import Counter
from edge.facts import Fact
from edge.kit.clock import ShopTime, SystemClock, utc
from edge.kit.ids import uuid7_source
from edge.kit.sqlite import Database
from edge.live import Live
from edge.recognition import rotating
from edge.recognition.rules import Recognised, Recognition, Withheld
from edge.visits.rules import QUIET_MS
from sync.hub.passes import acts, apple
from sync.hub.passes.page import serial
from sync.hub.passes.words import on_pass, speaking
from sync.hub.tables.passes import PassKind
from tests.drivers.cable import Cable
from tests.drivers.listening import first_idle, next_sighting
from tests.drivers.test_serial import serial_reader
from tests.sync.centre import ANNA, HERE, KEYS, SECRETS, Centre, customer, now_ms, open_centre
from tests.sync.passes.rights import rights
from tests.sync.test_appliance import appliance

pytestmark = pytest.mark.anyio


def counter_of(db: Database[Fact]) -> Counter:
    clock = SystemClock()
    return Counter(
        db, Live(), ShopTime(clock), uuid7_source(clock), SECRETS, recipient=HERE, quiet_ms=QUIET_MS
    )


@asynccontextmanager
async def shop(
    folder: Path, kind: PassKind
) -> AsyncGenerator[tuple[Centre, Counter, acts.Pass, list[bytes]], None]:
    """Anna has a pass of this kind, and the shop knows her; beside it, whom each visit here is of."""
    async with open_centre(folder) as centre, appliance(centre) as (db, agent):
        hub = centre.hub
        await hub.add_customers(["s1"], [customer()])
        await hub.change(acts.make, KEYS, ANNA, kind=kind, now_ms=hub.now_ms())
        held = (await hub.db.read(acts.working, KEYS, ANNA))[kind]
        await agent.once()
        visits: list[bytes] = []
        yield centre, counter_of(db), held, visits
        visits += [bytes(each) for (each,) in db.reader.execute("SELECT customer_id FROM visit")]


async def scanned(counter: Counter, code: str) -> Recognition | None:
    """What a code means that a scanner on a serial line reads."""
    with Cable() as cable:
        async with aclosing(serial_reader(cable.path).events()) as events:
            await first_idle(events)
            cable.write(code.encode() + b"\r\n")
            return await counter.on_sighting(await next_sighting(events))


async def test_the_bar_code_of_the_apple_file_taps_through_to_the_same_card(tmp_path: Path) -> None:
    async with shop(tmp_path, "apple") as (_, counter, held, visits):
        house = rights()
        assert house.apple is not None
        file = apple.pkpass(
            house, house.apple, value=held.value, serial=serial(held), words=on_pass(speaking())
        )
        with zipfile.ZipFile(BytesIO(file)) as packed:
            code = json.loads(packed.read("pass.json"))["barcodes"][0]["message"]
        assert await scanned(counter, code) == Recognised()
        # By NFC the same number comes with a proof; of Google's pass too, where there is one.
        token = Token("smarttap", held.value, "strong", {"collector_id": 1})
        assert await counter.on_sighting(Sighting("counter-2", utc(now_ms()), "tap", token)) == Recognised()
    assert visits == [ANNA]


async def test_the_code_of_a_web_pass_is_known_without_a_line(tmp_path: Path) -> None:
    async with shop(tmp_path, "web") as (_, counter, held, visits):
        secret = rotating.secret(KEYS.chain_key, held.value)
        code = rotating.code(secret, held.value, now_ms=now_ms())
        assert await scanned(counter, code) == Recognised()
    assert visits == [ANNA]


async def test_a_lost_pass_opens_nothing_in_the_shop(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre, appliance(centre) as (db, agent):
        hub = centre.hub
        await hub.add_customers(["s1"], [customer()])
        kinds: tuple[PassKind, ...] = ("web", "google")
        for kind in kinds:
            await hub.change(acts.make, KEYS, ANNA, kind=kind, now_ms=hub.now_ms())
        held = await hub.db.read(acts.working, KEYS, ANNA)
        for kind in kinds:
            await hub.change(acts.lost, KEYS, ANNA, kind=kind, now_ms=hub.now_ms())
        await agent.once()
        secret = rotating.secret(KEYS.chain_key, held["web"].value)
        codes = rotating.code(secret, held["web"].value, now_ms=now_ms()), held["google"].value
        counter = counter_of(db)
        for code in codes:
            seen = Sighting("counter-1", utc(now_ms()), "scan", Token("qr", code, "weak"))
            assert await counter.on_sighting(seen) == Withheld("blocked")
