"""Whoever means ill, against the real hub over real HTTP: refused with a code, said once, nothing stored."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import wire
from sync.hub import devices
from sync.hub.app import open_hub
from sync.signing import DeviceAuth
from sync.standing import DEVICE_PATH
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, DEVICE_KEY, KEYS, SHOP_KEY, Said, customer, device, now_ms
from tests.sync.real_hub import RealHub, real_hub
from tests.sync.shop import TestBox

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("hostile")]
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"O" * 32)


OURS, AGAIN, GREEDY = (DeviceAuth(f"box-{each}", DEVICE_KEY, wall_ms=now_ms) for each in (1, 3, 4))
HONEST = DeviceAuth("box-2", OTHER_KEY, wall_ms=now_ms)
FORGED = DeviceAuth("box-1", OTHER_KEY, wall_ms=now_ms)
STRANGER = DeviceAuth("box-9", OTHER_KEY, wall_ms=now_ms)
LATE = DeviceAuth("box-1", DEVICE_KEY, wall_ms=lambda: now_ms() - 3_600_000)


@dataclass
class Place:
    """One hub for all tests. Each has a device whose key the attacker has, and an honest one beside it."""

    hub: RealHub
    client: httpx.AsyncClient
    name: str
    box: TestBox
    honest: TestBox

    async def post(self, body: bytes, *, auth: DeviceAuth | None = OURS, **headers: str) -> httpx.Response:
        return await self.client.post(wire.EVENTS_PATH, content=body, auth=auth, headers=headers)

    async def get(self, target: str, *, auth: DeviceAuth = OURS) -> httpx.Response:
        return await self.client.get(target, auth=auth)

    def batch(self, first: int, last: int, **changed: Any) -> bytes:
        batch = msgspec.structs.replace(self.box.batch(first, last), **changed)
        return wire.encode_batch(batch, self.name)

    def stored(self) -> list[Any]:
        with closing(sqlite3.connect(self.hub.file)) as conn:
            held: list[Any] = [
                conn.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall()
                for table in ("event", "consent", "credential", "customer", "head", "ledger")
            ]
        return held


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealHub]:
    with real_hub(tmp_path_factory.mktemp("hostile") / "centre") as hub:
        asyncio.run(introduce(hub))
        hub.start()
        yield hub


async def introduce(hub: RealHub) -> None:
    async with open_hub(hub.config, log=Said()) as opened:
        for number in (1, 3, 4):
            ours = device(f"box-{number}", f"s{number}")
            await opened.db.apply(devices.register, KEYS, device=ours, shop_key=SHOP_KEY)
        honest = device("box-2", "s2", key=OTHER_KEY)
        await opened.db.apply(devices.register, KEYS, device=honest, shop_key=b"T" * 32)
        await opened.add_customers(["s2"], [customer()])


@asynccontextmanager
async def open_place(hub: RealHub, folder: Path, *, name: str) -> AsyncGenerator[Place, None]:
    boxes = TestBox(folder / "box.db"), TestBox(folder / "honest.db")
    async with httpx.AsyncClient(base_url=hub.url, timeout=60) as client:
        yield Place(hub, client, name, *boxes)
    for box in boxes:
        box.close()


def moved() -> bytes:
    """A withdrawal and a balance of somebody who is another shop's."""
    return msgspec.json.encode(
        {
            "customer_id": ANNA.hex(),
            "instrument": "points",
            "delta": 9_999,
            "line_id": "07" * 16,
            "why": "purchase",
        }
    )


Attack = Callable[[Place], Any]
LINE = b'{"note":"' + b"x" * 10_000_000 + b'"}'
BOMB = zstandard.compress(bytes(512 << 20), 1)
ATTACKS: dict[str, tuple[Attack, int, str]] = {
    "no signature": (lambda at: at.post(at.batch(3, 4), auth=None), 401, "UNSIGNED"),
    "a wrong signature": (lambda at: at.post(at.batch(3, 4), auth=FORGED), 401, "BAD_SIGNATURE"),
    "an unknown device": (lambda at: at.post(at.batch(3, 4), auth=STRANGER), 401, "UNKNOWN_DEVICE"),
    "a signature of an hour ago": (lambda at: at.post(at.batch(3, 4), auth=LATE), 401, "CLOCK_SKEW"),
    "a forked chain": (lambda at: at.post(forked(at)), 409, "FORKED"),
    "a chain that hangs on nothing": (
        lambda at: at.post(at.batch(3, 4, prev_hash=b"x" * 32)),
        409,
        "BROKEN_CHAIN",
    ),
    "a future epoch": (lambda at: at.post(at.batch(3, 4, epoch=9)), 409, "WRONG_EPOCH"),
    "another device's facts": (lambda at: at.post(at.batch(3, 4), auth=HONEST), 403, "NOT_YOURS"),
    "another shop's rows": (lambda at: at.get(f"{wire.FEED_PATH}?part=shop:s2&after=0"), 403, "NOT_YOURS"),
    "a line of 10 MB": (lambda at: at.post(at.batch(3, 3) + LINE + b"\n"), 413, "TOO_LARGE"),
    "a bomb": (lambda at: at.post(BOMB, **{"content-encoding": "zstd"}), 413, "TOO_LARGE"),
    "noise": (lambda at: at.post(b"\xff\x00{]\n"), 400, "MALFORMED"),
    "a schema of the future": (
        lambda at: at.post(at.batch(3, 4).replace(b'"schema":2', b'"schema":99')),
        400,
        "SCHEMA",
    ),
    "numbers that no integer holds": (
        lambda at: at.get(f"{DEVICE_PATH}?epoch=1&seq={'9' * 30}"),
        400,
        "BAD_REQUEST",
    ),
}


def forked(at: Place) -> bytes:
    """Other facts under numbers that the hub holds."""
    body = msgspec.Raw(b'{"visit_id":"66"}')
    events = [msgspec.structs.replace(event, body=body) for event in at.box.batch(1, 2).events]
    return wire.encode_batch(msgspec.structs.replace(at.box.batch(1, 2), events=events), "box-1")


async def test_nothing_of_a_hostile_peer_is_stored_and_each_is_refused_by_its_code_and_said_once(
    hub: RealHub, tmp_path: Path
) -> None:
    async with open_place(hub, tmp_path, name="box-1") as at:
        at.box.happened(4)
        assert (await at.post(at.batch(1, 2))).status_code == 200
        before = at.stored()
        for name, (attack, status, code) in ATTACKS.items():
            for _ in range(2):
                response = await attack(at)
                problem = wire.decode_problem(response.content, status=response.status_code)
                assert (response.status_code, problem.code) == (status, code), name
                assert at.stored() == before, name
        said = Counter(
            (each["code"], each["state"]) for each in at.hub.log() if each["event"] == "request_refused"
        )
        assert {code for code, _ in said} == {code for _, _, code in ATTACKS.values()}
        # Once of each device: what is not one's own was asked for by two.
        assert {each: count for each, count in said.items() if count > 1} == {("NOT_YOURS", "signed"): 2}
        assert sum(each["event"] == "forked" for each in at.hub.log()) == 1


async def test_a_request_sent_again_and_a_batch_sent_again_change_nothing(
    hub: RealHub, tmp_path: Path
) -> None:
    async with open_place(hub, tmp_path, name="box-3") as at:
        at.box.happened(4)
        request = at.client.build_request("POST", wire.EVENTS_PATH, content=at.batch(1, 4))
        signed = next(AGAIN.auth_flow(request))
        assert (await at.client.send(signed)).status_code == 200
        before = at.stored()
        again = await at.client.send(signed)
        assert (again.status_code, again.json()["code"]) == (401, "REPLAYED")
        for first, last in ((1, 4), (1, 1), (2, 3)):
            answer = wire.decode_answer((await at.post(at.batch(first, last), auth=AGAIN)).content)
            assert answer.ack.seq == 4
        assert at.stored() == before
        at.box.happened(1, kind="wallet_moved", body=moved())
        answer = wire.decode_answer((await at.post(at.batch(5, 5), auth=AGAIN)).content)
        assert [each.code for each in answer.rejected] in (["NOT_RESIDENT"], ["BAD_BODY"])
        assert at.stored()[1:] == before[1:]


async def test_a_shop_that_asks_without_end_slows_itself_alone(hub: RealHub, tmp_path: Path) -> None:
    """What it said before it says again and again, which counts for eleven: a machine that answers five of them a
    second is quick enough to be asked too much.
    """
    async with open_place(hub, tmp_path, name="box-4") as at:
        target = f"{wire.FEED_PATH}?part=shop:s4&after=0"
        at.box.happened(3)
        said = at.batch(1, 3)
        refused: list[httpx.Response] = []

        async def go_on(once: Callable[[], Awaitable[httpx.Response]]) -> None:
            while not refused:
                response = await once()
                if response.status_code == 429:
                    refused.append(response)

        async with asyncio.timeout(PATIENT_S):
            asking = [go_on(lambda: at.get(target, auth=GREEDY)) for _ in range(7)]
            await asyncio.gather(go_on(lambda: at.post(said, auth=GREEDY)), *asking)
            at.honest.happened(3)
            body = wire.encode_batch(at.honest.batch(1, 3), "box-2")
            response = await at.post(body, auth=HONEST)
        for each in refused:
            assert each.headers["retry-after"] == "1"
            assert each.json()["code"] == "TOO_OFTEN"
        assert wire.decode_answer(response.content).ack.seq == 3
