"""Gateways over a real mosquitto: every make, loss, late batches, and brokers and gateways that go away."""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import pytest

from drivers.catalogue import build
from drivers.codecs.radio import gateways
from drivers.codecs.radio.eid import eid
from drivers.mqtt import Broker, MqttReader, broker
from drivers.reader import Idle, ReaderRefused, Sighting
from drivers.settings import parse_reader
from edge.watch import ReaderState, keep
from tests.drivers.listening import first_idle, next_sighting, nothing_for, until
from tests.drivers.mosquitto import Mosquitto, publish_packet
from tests.patience import PATIENT_S

EID: Final = bytes.fromhex("a9b76a71c5f89290")
RAW: Final = "0201060303aafe0d16aafe30ee" + EID.hex()
STRANGER: Final = "02011a14ff4c000100000000000000000002000000000000000000"
RECOVERED_S: Final = PATIENT_S  # the 15 s themselves are in `make prove`

pytestmark = pytest.mark.anyio


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    with Mosquitto(tmp_path) as made:
        yield made


def reader(mosquitto: Mosquitto, **more: object) -> MqttReader:
    table = {"name": "gateways", "kind": "mqtt", "device": f"127.0.0.1:{mosquitto.port}", **more}
    settings = parse_reader(table, where="readers[0]", base=Path())
    made = build(settings, resolve=lambda said, at_s: "fob-1" if said == EID else None)
    assert isinstance(made, MqttReader)
    return made


def batch(seq: int, *adverts: list[Any], boot: str = "b1", t: int = 1_000) -> dict[str, Any]:
    return {"v": 1, "gw": "g1", "boot": boot, "seq": seq, "t": t, "a": list(adverts)}


def advert(raw: str = RAW, *, rssi: int = -63, dt_ms: int = 0) -> list[Any]:
    return ["C00000000001", 1, rssi, 37, raw, dt_ms]


MAKES: Final[list[tuple[str, object, str]]] = [
    ("edge/van-dam/gw/g1/adv", batch(1, advert(STRANGER), advert()), "g1"),
    (
        "home/hall/BTtoMQTT/C00000000001",
        {
            "id": "C0:00:00:00:00:01",
            "rssi": -63,
            "servicedata": "30ee" + EID.hex(),
            "servicedatauuid": "0xfeaa",
        },
        "hall",
    ),
    (
        "home/TheengsGateway/BTtoMQTT/C00000000001",
        {
            "id": "C0:00:00:00:00:01",
            "rssi": -63,
            "servicedata": "30ee" + EID.hex(),
            "servicedatauuid": "feaa",
        },
        "TheengsGateway",
    ),
    (
        "ruuvi/AA:BB:CC:DD:EE:FF/C0:00:00:00:00:01",
        {"gw_mac": "AA:BB:CC:DD:EE:FF", "rssi": -63, "aoa": [], "gwts": "1700000000", "data": RAW.upper()},
        "AA:BB:CC:DD:EE:FF",
    ),
    (
        "/gw/ac233fc00001/status",
        [
            {"timestamp": "2026-11-22T10:00:00.000Z", "type": "Gateway", "mac": "AC233FC00001"},
            {"timestamp": "2026-11-22T10:00:00.000Z", "mac": "C00000000001", "rssi": -63, "rawData": RAW},
        ],
        "ac233fc00001",
    ),
]


@pytest.mark.parametrize(
    ("topic", "value", "scanner"), MAKES, ids=["own", "omg", "theengs", "ruuvi", "minew"]
)
async def test_every_make_of_gateway_is_a_scanner_of_its_name(
    mosquitto: Mosquitto, topic: str, value: object, scanner: str
) -> None:
    async with aclosing(reader(mosquitto).events()) as events:
        await first_idle(events)
        mosquitto.publish(topic, value)
        seen = await next_sighting(events)
    assert seen.token is not None
    assert (seen.token.value, dict(seen.token.about)) == ("fob-1", {"scanner": scanner, "rssi_dbm": -63})


def test_a_damaged_advert_takes_no_other_of_its_batch_with_it() -> None:
    minew = [{"type": "Gateway"}, {"rawData": "0", "rssi": -63}, {"rawData": RAW, "rssi": -63}]
    own = batch(1, ["short"], advert(rssi=900), advert())
    for topic, value in (("/gw/ac233fc00001/status", minew), ("edge/van-dam/gw/g1/adv", own)):
        found = gateways.read(topic, json.dumps(value).encode())
        assert isinstance(found, gateways.Batch)
        assert [each.said for each in found.heard] == [EID]
    with pytest.raises(gateways.GatewayError):
        gateways.read("/gw/ac233fc00001/status", json.dumps(minew[:2]).encode())


async def test_of_strangers_and_damaged_messages_only_totals_are_left(mosquitto: Mosquitto) -> None:
    made = reader(mosquitto)
    async with aclosing(made.events()) as events:
        await first_idle(events)
        mosquitto.publish("edge/van-dam/gw/g1/adv", batch(1, advert(STRANGER), advert(RAW[:-2] + "00")))
        for bad in (b"{", b"[]", batch(2, ["short"]), {**batch(2), "v": 2}, batch(2, advert(rssi=900))):
            mosquitto.publish("edge/van-dam/gw/g1/adv", bad)
        assert await nothing_for(events, 0.5)
    assert (made.totals.adverts, made.totals.resolved, made.totals.bad) == (2, 0, 5)


async def test_lost_batches_are_counted_and_a_gateway_started_anew_has_lost_none(
    mosquitto: Mosquitto,
) -> None:
    made = reader(mosquitto)
    async with aclosing(made.events()) as events:
        await first_idle(events)
        for sent in (batch(1, advert()), batch(4, advert()), batch(1, advert(), boot="b2")):
            mosquitto.publish("edge/van-dam/gw/g1/adv", sent)
            await next_sighting(events)
    assert made.totals.lost == 2


async def test_a_late_batch_is_dated_by_the_gateways_clock(mosquitto: Mosquitto) -> None:
    async with aclosing(reader(mosquitto).events()) as events:
        await first_idle(events)
        mosquitto.publish("edge/van-dam/gw/g1/adv", batch(1, advert(), t=10_000))
        first = await next_sighting(events)
        # By its own clock no time passed, and yet it comes half a second later.
        await asyncio.sleep(0.5)
        mosquitto.publish("edge/van-dam/gw/g1/adv", batch(2, advert(), t=10_000))
        late = await next_sighting(events)
    assert abs((late.at - first.at).total_seconds()) < 0.2


async def test_a_gateway_that_dies_is_said_by_its_will_and_is_back_with_its_next_batch(
    mosquitto: Mosquitto,
) -> None:
    status = "edge/van-dam/gw/g1/status"
    async with aclosing(reader(mosquitto).events()) as events:
        await first_idle(events)
        line = mosquitto.gateway(will=(status, b"offline"))
        line.sendall(publish_packet("edge/van-dam/gw/g1/adv", batch(1, advert(STRANGER))))
        assert await scanners(events) == (("g1", True),)
        line.close()
        assert await scanners(events) == (("g1", False),)
        mosquitto.publish("edge/van-dam/gw/g1/adv", batch(2, advert()))
        assert await scanners(events) == (("g1", True),)


async def scanners(events: Any) -> tuple[tuple[str, bool], ...]:
    async with asyncio.timeout(PATIENT_S):
        async for event in events:
            if isinstance(event, Idle) and event.scanners:
                return event.scanners
    raise AssertionError("the events ended")


async def test_the_broker_killed_and_back_recovers_by_itself(mosquitto: Mosquitto) -> None:
    seen: asyncio.Queue[Sighting] = asyncio.Queue()
    lines: list[str] = []
    state = ReaderState()
    task = asyncio.create_task(
        keep(reader(mosquitto), seen.put, log=lambda event, **_: lines.append(event), state=state)
    )
    try:
        await until(lambda: state.up)
        mosquitto.kill()
        await until(lambda: not state.up, within_s=RECOVERED_S)
        mosquitto.start()
        began_s = time.monotonic()
        while seen.empty():
            assert time.monotonic() - began_s < RECOVERED_S
            mosquitto.publish("edge/van-dam/gw/g1/adv", batch(1, advert()))
            await asyncio.sleep(0.1)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert lines == ["reader_up", "reader_down", "reader_up"]


async def test_whoever_is_cancelled_while_leaving_a_broker_ends_cancelled(mosquitto: Mosquitto) -> None:
    events = reader(mosquitto).events()
    await anext(events)

    async def leave() -> None:
        await events.aclose()

    leaving = asyncio.create_task(leave())
    await asyncio.sleep(0)  # it now waits for what hears the broker
    leaving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await leaving


async def test_what_a_broker_kept_of_another_time_is_nobody_now(mosquitto: Mosquitto) -> None:
    mosquitto.publish("edge/van-dam/gw/g1/adv", batch(1, advert()), retain=True)
    async with aclosing(reader(mosquitto).events()) as events:
        await first_idle(events)
        assert await nothing_for(events, 0.5)


async def test_a_device_that_names_no_broker_is_refused(mosquitto: Mosquitto) -> None:
    with pytest.raises(ReaderRefused) as caught:
        async with aclosing(reader(mosquitto, device="https://example.org/x").events()) as events:
            await first_idle(events)
    assert caught.value.code == "not_a_reader"


@pytest.mark.parametrize(
    ("device", "expected"),
    [
        ("broker", Broker("broker", 1883, False)),
        ("10.0.0.2:1884", Broker("10.0.0.2", 1884, False)),
        ("mqtt://broker", Broker("broker", 1883, False)),
        ("mqtts://broker", Broker("broker", 8883, True)),
        ("mqtts://[::1]:8884", Broker("::1", 8884, True)),
        ("mqtt://user:secret@broker", None),
        ("broker:port", None),
        ("", None),
    ],
)
async def test_a_broker_is_named_in_few_ways(device: str, expected: Broker | None) -> None:
    assert broker(device) == expected


async def test_watch_alone_takes_the_keys_of_its_settings(mosquitto: Mosquitto, tmp_path: Path) -> None:
    key = bytes(range(16))
    line = {"device": "fob-7", "identity_key": key.hex(), "exponent": 10, "epoch_s": 1_700_000_000}
    (tmp_path / "keys.jsonl").write_text(json.dumps(line) + "\n")
    settings = tmp_path / "readers.toml"
    settings.write_text(
        '[[readers]]\nname = "gateways"\nkind = "mqtt"\nkeys = "file:keys.jsonl"\n'
        f'device = "mqtt://127.0.0.1:{mosquitto.port}"\n'
    )
    watch = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "edge.cli", "watch", "mqtt", "--settings", str(settings)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert watch.stdout is not None
    try:
        said = asyncio.create_task(watch.stdout.readline())
        async with asyncio.timeout(PATIENT_S):
            while not said.done():
                eid_now = eid(key, exponent=10, time_s=int(time.time()) - 1_700_000_000)
                raw = "0201060303aafe0d16aafe30ee" + eid_now.hex()
                mosquitto.publish("edge/van-dam/gw/g1/adv", batch(1, advert(STRANGER), advert(raw)))
                await asyncio.sleep(0.2)
        found = json.loads(said.result())
        watch.terminate()
        assert await watch.wait() == 0
    finally:
        if watch.returncode is None:
            watch.kill()
    assert (found["reader"], found["how"]) == ("gateways", "near")
    assert found["token"] == {
        "kind": "eid",
        "value": "fob-7",
        "evidence": "strong",
        "about": {"scanner": "g1", "rssi_dbm": -63},
    }
