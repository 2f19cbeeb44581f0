"""The hub as a process: its file, its port, its end."""

import asyncio
import os
import signal
import socket
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from edge.kit.errors import ConfigError, Corrupt, WelkomError
from edge.kit.migrate import load, migrate
from edge.kit.serve import listen, serve
from edge.kit.sqlite import open_writer
from edge.kit.told import until_told
from sync import wire
from sync.hub import consents, devices
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config, read_keys
from sync.hub.store import MIGRATIONS
from sync.signing import DeviceAuth
from tests.patience import AT_ONCE_S, PATIENT_S
from tests.sync.centre import ANNA, DEVICE_KEY, HERE, KEYS, SHOP_KEY, Said, customer, device, now_ms

pytestmark = pytest.mark.anyio

SCHEMA = "SELECT type, name, sql FROM sqlite_master ORDER BY type, name"


@pytest.mark.parametrize("version", range(len(load(MIGRATIONS)) + 1))
async def test_the_hub_opens_a_file_of_every_version(tmp_path: Path, version: int) -> None:
    with closing(open_writer(tmp_path / "hub.db")) as conn:
        migrate(conn, load(MIGRATIONS), file="hub.db", upto=version)
    async with open_hub(Config(tmp_path, KEYS), log=Said()):
        pass
    with closing(sqlite3.connect(tmp_path / "hub.db")) as conn, closing(sqlite3.connect(":memory:")) as fresh:
        migrate(fresh, load(MIGRATIONS), file="fresh")
        assert conn.execute(SCHEMA).fetchall() == fresh.execute(SCHEMA).fetchall()


async def test_a_file_of_a_later_program_is_left_alone(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "hub.db")) as conn:
        conn.execute("PRAGMA user_version=999")
    with pytest.raises(Corrupt):
        async with open_hub(Config(tmp_path, KEYS), log=Said()):
            pass


async def test_what_was_committed_is_there_after_a_restart(tmp_path: Path) -> None:
    async with open_hub(Config(tmp_path, KEYS), log=Said()) as hub:
        await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
        await hub.add_customers(["s1"], [customer()])
    async with open_hub(Config(tmp_path, KEYS), log=Said()) as hub:
        await hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)


@pytest.mark.parametrize("given", [{}, {"hub_kek": b"short", "chain_key": bytes(32)}, {"hub_kek": bytes(32)}])
async def test_a_missing_or_short_secret_is_named(given: dict[str, bytes]) -> None:
    with pytest.raises(ConfigError) as caught:
        read_keys(given)
    assert caught.value.code == "HUB_KEY"


async def test_secrets_are_read_raw_or_in_hex_and_never_shown() -> None:
    keys = read_keys({"hub_kek": b"\x07" * 32, "chain_key": b"08" * 32 + b"\n"})
    assert (keys.hub_kek, keys.chain_key) == (b"\x07" * 32, b"\x08" * 32)
    assert "x07" not in repr(Config(Path("x"), keys, port=0))


async def serving(tmp_path: Path, *, signals: bool = False) -> tuple[asyncio.Task[None], str, Hub]:
    ready: asyncio.Future[tuple[str, Hub]] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        with listen("127.0.0.1", 0) as sock:
            address = f"http://127.0.0.1:{sock.getsockname()[1]}"
            async with open_hub(Config(tmp_path, KEYS), log=Said()) as hub:
                await serve(
                    hub.app,
                    sock,
                    goodbye=hub.bell.close,
                    ready=lambda: ready.set_result((address, hub)),
                )

    task = asyncio.create_task(until_told(work()) if signals else work())
    address, hub = await ready
    await hub.db.apply(devices.register, KEYS, device=device(), shop_key=SHOP_KEY)
    return task, address, hub


async def held(hub: Hub, count: int) -> None:
    """Return once so many long polls have come in."""
    async with asyncio.timeout(PATIENT_S):
        while hub.contacts._open.get("box-1", 0) < count:  # noqa: ASYNC110  (the hub tells nobody)
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("how", ["cancelled", "signalled"])
async def test_the_hub_stops_without_waiting_for_open_long_polls(tmp_path: Path, how: str) -> None:
    task, address, hub = await serving(tmp_path, signals=how == "signalled")
    auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)
    async with httpx.AsyncClient(base_url=address, auth=auth, timeout=PATIENT_S) as client:
        polls = [
            asyncio.create_task(client.get(f"{wire.FEED_PATH}?part=shop:s1&after=0&wait=25"))
            for _ in range(5)
        ]
        await held(hub, 5)
        assert not any(poll.done() for poll in polls)
        start = time.monotonic()
        if how == "cancelled":
            task.cancel()
        else:
            os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.gather(task, return_exceptions=True)
        assert time.monotonic() - start < AT_ONCE_S
        for answer in await asyncio.gather(*polls):
            assert wire.decode_page(answer.content).rows == []


async def test_a_long_poll_over_a_real_socket_is_woken_before_it_ends(tmp_path: Path) -> None:
    task, address, hub = await serving(tmp_path)
    auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)
    async with httpx.AsyncClient(base_url=address, auth=auth, timeout=PATIENT_S) as client:
        poll = asyncio.create_task(client.get(f"{wire.FEED_PATH}?part=shop:s1:urgent&after=0&wait=25"))
        await held(hub, 1)
        assert not poll.done()
        start = time.monotonic()
        await hub.add_customers(["s1"], [customer()])
        page = wire.decode_page((await poll).content)
        assert time.monotonic() - start < AT_ONCE_S
        assert [row.t for row in page.rows] == ["key"]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_long_poll_without_news_ends_when_it_said(tmp_path: Path) -> None:
    task, address, _ = await serving(tmp_path)
    auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)
    async with httpx.AsyncClient(base_url=address, auth=auth, timeout=PATIENT_S) as client:
        start = time.monotonic()
        answer = await client.get(f"{wire.FEED_PATH}?part=shop:s1&after=0&wait=1")
        assert 0.9 < time.monotonic() - start < AT_ONCE_S
        assert wire.decode_page(answer.content).checkpoint.up_to_date
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_taken_port_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(WelkomError) as caught:
        listen("127.0.0.1", taken.getsockname()[1])
    assert caught.value.code == "C04"
