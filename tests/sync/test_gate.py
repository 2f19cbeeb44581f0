"""Who was refused too often waits outside, and nobody else does."""

import asyncio
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sync import wire
from sync.hub import api, gate
from sync.hub.admission import Admission
from sync.hub.gate import Gate
from sync.hub.hq.limits import Buckets
from sync.hub.pacing import Turns
from sync.hub.serving import application
from sync.signing import DeviceAuth
from tests.sync.centre import DEVICE_KEY, now_ms, open_centre

FEED = f"{wire.FEED_PATH}?part=shop:s1&after=0"
BOX = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)


def at(app: Gate, address: str) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(app=app, client=(address, 4711))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://hub.test")


@pytest.mark.anyio
async def test_an_address_that_earned_too_many_refusals_waits_and_a_box_that_was_proven_there_does_not(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        # Its clock stands: a second that passed would let it ask again.
        app = Gate(application(centre.hub, api.routes(centre.hub)), centre.hub, now_ms=lambda: 0)
        async with at(app, "192.0.2.7") as there:
            assert (await there.get(FEED, auth=BOX)).status_code == 200
            answers = [(await there.get(FEED)).status_code for _ in range(gate.BURST)]
            assert set(answers) == {401}
            last = await there.get(FEED)
            assert (last.status_code, last.json()["code"]) == (429, "TOO_OFTEN")
            assert last.headers["retry-after"] == "1"
            assert (await there.get(FEED, auth=BOX)).status_code == 200
        async with at(app, "192.0.2.8") as elsewhere:
            assert (await elsewhere.get(FEED)).status_code == 401
            assert (await elsewhere.get(FEED, auth=BOX)).status_code == 200
        assert ("request_refused", {"code": "TOO_OFTEN", "state": "unread"}) in centre.said.lines


@pytest.mark.anyio
async def test_whoever_names_a_box_at_its_address_uses_up_nothing_of_it(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        app = Gate(application(centre.hub, api.routes(centre.hub)), centre.hub, now_ms=lambda: 0)
        forger = DeviceAuth("box-1", Ed25519PrivateKey.generate(), wall_ms=now_ms)
        async with at(app, "192.0.2.7") as there:
            assert (await there.get(FEED, auth=BOX)).status_code == 200
            forged = [(await there.get(FEED, auth=forger)).status_code for _ in range(gate.BURST + 1)]
            assert forged == [401] * gate.BURST + [429]
            assert (await there.get(FEED, auth=BOX)).status_code == 200


@pytest.mark.anyio
async def test_of_many_that_come_at_once_from_whoever_was_refused_none_stands_before_an_honest_box(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        app = Gate(application(centre.hub, api.routes(centre.hub)), centre.hub, now_ms=lambda: 0)
        answered = []
        async with at(app, "192.0.2.7") as there:

            async def ask(name: str, auth: DeviceAuth | None = None) -> None:
                await there.get(FEED, auth=auth)
                answered.append(name)

            await ask("honest", BOX)
            await ask("hostile")
            await asyncio.gather(*(ask(f"hostile {n}") for n in range(20)), ask("honest again", BOX))
        assert answered.index("honest again") < answered.index("hostile 15")


def test_turns_of_one_name_are_so_much_apart_and_one_that_would_be_too_late_is_not_taken() -> None:
    moment = [100.0]
    turns = Turns(now_s=lambda: moment[0])
    assert [turns.take("a", apart_s=2, most_s=4) for _ in range(4)] == [0, 2, 4, None]
    assert turns.take("b", apart_s=2) == 0
    moment[0] = 103.0
    assert turns.take("a", apart_s=2, most_s=4) == 3
    moment[0] = 200.0
    assert turns.take("a", apart_s=2, most_s=4) == 0


@pytest.mark.anyio
async def test_an_upload_in_which_nothing_is_new_counts_for_many(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.hub.admission = Admission(now_s=lambda: 0.0)
        centre.box.happened(5)
        body = wire.encode_batch(centre.box.batch(1, 5), "box-1")
        answered = []
        while 429 not in answered:
            response = await centre.client.post(wire.EVENTS_PATH, content=body, auth=BOX)
            answered.append(response.status_code)
        assert (
            len(answered) == 38
        )  # 400 requests at once, of which each of these but the first counts for eleven


def asked(address: str, *, forwarded: str = "", proxies: tuple[str, ...] = ()) -> str:
    scope = {"type": "http", "path": "/sync/v1/feed", "client": (address, 1)}
    heads = {"x-forwarded-for": forwarded} if forwarded else {}
    return gate.source(scope, heads, proxies=frozenset(proxies))  # type: ignore[arg-type]


def test_whoever_has_a_whole_network_of_ipv6_is_one_source_and_only_our_own_proxy_is_believed() -> None:
    assert asked("2001:db8:1:2::7") == asked("2001:db8:1:2:ffff::9") != asked("2001:db8:1:3::7")
    assert asked("::ffff:192.0.2.7") == asked("192.0.2.7")
    assert asked("192.0.2.7", forwarded="198.51.100.1") == "192.0.2.7"

    def behind(said: str) -> str:
        return asked("10.0.0.5", forwarded=said, proxies=("10.0.0.5",))

    assert behind("198.51.100.1") == behind("203.0.113.9, 198.51.100.1") == "198.51.100.1"
    assert behind("no address") == "" != behind("")


def test_looking_takes_nothing_out_of_a_bucket() -> None:
    moment = [0]
    buckets = Buckets(now_ms=lambda: moment[0], a_minute=60, burst=2)
    assert [buckets.wait_s("a") for _ in range(5)] == [0] * 5
    assert [buckets.take("a") for _ in range(3)] == [0, 0, 1]
    assert (buckets.wait_s("a"), buckets.wait_s("b")) == (1, 0)
    moment[0] = 1_000
    assert buckets.wait_s("a") == 0
