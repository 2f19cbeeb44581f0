"""One stream of pokes a shop, over a real server; where there is none, polling does the same."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

import httpx
import pytest

from edge.kit.serve import listen, serve
from sync import wire
from sync.agent import Agent
from sync.hub import consents, contacts, devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.pokes import BEAT, LINE_BYTES, URGENT_PATH, Poke, Reading, encode
from sync.signing import DeviceAuth
from tests.sync.centre import ANNA, DEVICE_KEY, HERE, KEYS, SHOP_KEY, Said, customer, device, now_ms
from tests.sync.shop import TestBox
from tests.sync.test_agent import until

pytestmark = pytest.mark.anyio
PATIENT_S = 60.0


class Counted(httpx.AsyncHTTPTransport):
    """The real line, which notes what was asked; where `streams` is off, no stream comes through."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.streams = True

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request.url.raw_path.decode())
        if request.url.path == URGENT_PATH and not self.streams:
            return httpx.Response(404)
        return await super().handle_async_request(request)


@asynccontextmanager
async def open_line(tmp_path: Path) -> AsyncGenerator[tuple[Hub, Agent, TestBox, Counted], None]:
    async with open_hub(Config(tmp_path / "hub", KEYS), log=Said()) as hub:
        await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        await hub.add_customers(["s1"], [customer()])
        box, line = TestBox(tmp_path / "box.db"), Counted()
        with listen("127.0.0.1", 0) as sock:
            serving = asyncio.create_task(serve(hub.app, sock, goodbye=hub.bell.close))
            url = f"http://127.0.0.1:{sock.getsockname()[1]}"
            async with httpx.AsyncClient(transport=line, base_url=url) as client:
                agent = Agent(
                    box, client, device="box-1", shop="s1", key=DEVICE_KEY, wall_ms=now_ms, log=Said()
                )
                yield hub, agent, box, line
            serving.cancel()
            with suppress(asyncio.CancelledError):
                await serving
        box.close()


async def withdraw(hub: Hub) -> None:
    await hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)


@pytest.mark.parametrize("streams", [True, False])
async def test_a_withdrawal_comes_by_a_poke_and_without_a_stream_by_a_poll(
    tmp_path: Path, streams: bool
) -> None:
    async with open_line(tmp_path) as (hub, agent, box, line):
        line.streams = streams
        running = asyncio.create_task(agent.run())
        if streams:
            await until(lambda: agent.poked.streaming, within_s=PATIENT_S)
        await until(lambda: len(box.rows("consent")) == 3, within_s=PATIENT_S)
        await withdraw(hub)
        await until(lambda: "withdrawn" in str(box.rows("consent")), within_s=PATIENT_S)
        assert URGENT_PATH in line.asked
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_a_stream_says_first_what_stands_then_what_grew_and_nothing_of_anybody(tmp_path: Path) -> None:
    auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)
    async with open_line(tmp_path) as (hub, agent, _, _):
        reading, pokes, said = Reading(), [], b""
        async with agent.asking._client.stream("GET", URGENT_PATH, auth=auth, timeout=PATIENT_S) as response:
            assert response.headers["content-type"].startswith("text/event-stream")
            async for chunk in response.aiter_raw():
                said += chunk
                pokes += reading.feed(chunk)
                if len(pokes) == 2:
                    await withdraw(hub)
                if len(pokes) == 4:
                    break
        assert pokes == [
            Poke("shop:s1:urgent", 1, "urgent"),
            Poke("shop:s1", 6, "rows"),
            Poke("shop:s1:urgent", 2, "urgent"),
            Poke("shop:s1", 7, "rows"),
        ]
        assert ANNA.hex().encode() not in said


async def test_a_device_waits_on_so_many_lines_and_on_no_more(tmp_path: Path) -> None:
    auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)
    poll = f"{wire.FEED_PATH}?part={wire.urgent_part('s1')}&after=1&wait="
    async with open_line(tmp_path) as (hub, agent, _, _):
        client, said = agent.asking._client, list[AsyncIterator[bytes]]()
        async with AsyncExitStack() as lines:
            for _ in range(contacts.MOST_OPEN):
                line = client.stream("GET", URGENT_PATH, auth=auth, timeout=PATIENT_S)
                said.append((await lines.enter_async_context(line)).aiter_raw())
                await anext(said[-1])
            for target in (URGENT_PATH, f"{poll}20"):
                refused = await client.get(target, auth=auth, timeout=PATIENT_S)
                assert (refused.status_code, refused.json()["code"]) == (429, "TOO_OFTEN")
                assert refused.headers["retry-after"] == "1"
            asked = await client.get(f"{poll}0", auth=auth, timeout=PATIENT_S)
            assert asked.status_code == 200  # who does not wait is answered
        await until(lambda: not hub.contacts.is_full("box-1"), within_s=PATIENT_S)
        async with client.stream("GET", URGENT_PATH, auth=auth, timeout=PATIENT_S) as again:
            assert again.status_code == 200


def test_pokes_are_read_however_the_bytes_are_cut_and_noise_is_refused() -> None:
    poke = Poke("shop:s1", 7, "rows")
    whole = BEAT + encode(poke) + BEAT
    for cut in range(len(whole)):
        reading = Reading()
        assert reading.feed(whole[:cut]) + reading.feed(whole[cut:]) == [poke]
    for noise in (b"data: {}\n", b"x" * (LINE_BYTES + 1), b"data: <html>\n"):
        with pytest.raises(wire.Malformed):
            Reading().feed(noise)
