"""Keys and nonces at several hubs on one PostgreSQL: who asks is the same box at each, and a request counts once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.kit.errors import StoreError
from sync import wire
from sync.hub.app import open_hub
from sync.hub.config import Config
from sync.hub.gate import Gate
from sync.hub.nonces import Shared
from sync.hub.often import Often
from sync.hub.tables.devices import put_device
from sync.signing import DeviceAuth
from tests.sync.centre import DEVICE_KEY, KEYS, device, now_ms, open_centre
from tests.sync.shop import events_at
from tests.sync.two_hubs import PATIENT_S, client, two_hubs

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("postgresql")]


async def test_a_request_counts_once_at_whichever_hub_it_arrives(tmp_path: Path, postgresql: str) -> None:
    async with two_hubs(tmp_path, postgresql) as (one, other, _), client(one) as here, client(other) as there:
        asked = here.build_request("GET", f"{wire.FEED_PATH}?part=shop:s1&after=0")
        next(DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms).auth_flow(asked))
        assert (await here.send(asked)).status_code == 200
        again = await there.get(asked.url, headers=asked.headers)
        assert (again.status_code, again.json()["code"]) == (401, "REPLAYED")


async def test_a_hub_with_another_kek_does_not_start_on_the_database_of_others(
    tmp_path: Path, postgresql: str
) -> None:
    async with two_hubs(tmp_path, postgresql):
        strange = replace(KEYS, hub_kek=b"X" * 32)
        with pytest.raises(StoreError) as refused:
            async with open_hub(Config(tmp_path / "third", strange, postgresql)):
                pass
        assert refused.value.code == "OTHER_KEK"


@pytest.mark.parametrize("facts", [2, 60])
async def test_an_upload_that_is_sent_again_counts_once_also_where_both_come_at_one_moment(
    tmp_path: Path, postgresql: str, facts: int
) -> None:
    """Sixty are no small upload: they have a transaction of their own."""
    async with (
        open_centre(tmp_path) as centre,
        open_hub(Config(tmp_path / "hub", KEYS, postgresql), log=centre.said) as other,
        client(other) as there,
    ):
        auth = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)

        def signed(first: int, last: int, **changed: Any) -> httpx.Request:
            batch = msgspec.structs.replace(centre.box.batch(first, last), **changed)
            body = wire.encode_batch(batch, "box-1")
            return next(auth.auth_flow(there.build_request("POST", wire.EVENTS_PATH, content=body)))

        for number in range(4):
            first, last = number * facts + 1, (number + 1) * facts
            centre.box.happened(facts)
            asked = signed(first, last)
            both = await asyncio.gather(centre.client.send(asked), there.send(asked))
            if not number:
                both += [await centre.client.send(asked), await there.send(asked)]
            codes = sorted(each.json().get("code", "") for each in both)
            assert codes == ["", *["REPLAYED"] * (len(both) - 1)]
            assert {each.status_code for each in both} == {200, 401}
            assert len(events_at(other.db.reader)) == last
        refused = signed(1, facts, prev_hash=b"x" * 32)
        answers = [await centre.client.send(refused), await there.send(refused)]
        assert [each.json()["code"] for each in answers] == ["BROKEN_CHAIN", "REPLAYED"]
        assert len(events_at(other.db.reader)) == 4 * facts


async def test_a_box_that_has_another_key_by_now_is_known_by_that_at_a_hub_that_knew_the_old_one(
    tmp_path: Path, postgresql: str
) -> None:
    async with (
        open_centre(tmp_path) as centre,
        open_hub(Config(tmp_path / "hub", KEYS, postgresql), log=centre.said) as other,
    ):
        new_key = Ed25519PrivateKey.generate()
        old, new = (DeviceAuth("box-1", key, wall_ms=now_ms) for key in (DEVICE_KEY, new_key))

        async def send(first: int, last: int, auth: DeviceAuth) -> tuple[int, str]:
            body = wire.encode_batch(centre.box.batch(first, last), "box-1")
            said = await centre.client.post(wire.EVENTS_PATH, content=body, auth=auth)
            return said.status_code, said.json().get("code", "")

        centre.box.happened(4)
        assert (
            await centre.client.get(f"{wire.FEED_PATH}?part=shop:s1&after=0", auth=old)
        ).status_code == 200
        assert await send(1, 1, old) == (200, "")
        await other.db.apply(put_device, device(key=new_key))
        assert await send(2, 2, old) == (401, "BAD_SIGNATURE")
        assert await send(2, 3, new) == (200, "")
        assert await send(4, 4, old) == (401, "BAD_SIGNATURE")
        assert len(events_at(other.db.reader)) == 3


@pytest.mark.parametrize("sent", ["upload", "garbage", "another_box"])
@pytest.mark.parametrize("is_former", [True, False])
async def test_what_a_former_key_sends_to_a_hub_that_knew_it_counts_for_nobody(
    tmp_path: Path, postgresql: str, sent: str, is_former: bool
) -> None:
    async with (
        open_centre(tmp_path) as centre,
        open_hub(Config(tmp_path / "hub", KEYS, postgresql), log=centre.said) as other,
    ):
        hub, old = centre.hub, DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)
        gate = Gate(Often(hub.inside), hub)
        centre.box.happened(2)
        batch = centre.box.batch(1, 1)
        body, answer = {
            "upload": (wire.encode_batch(batch, "box-1"), (200, "")),
            "garbage": (b"no upload", (400, "MALFORMED")),
            "another_box": (wire.encode_batch(batch, "box-2"), (403, "NOT_YOURS")),
        }[sent]
        assert (
            await centre.client.get(f"{wire.FEED_PATH}?part=shop:s1&after=0", auth=old)
        ).status_code == 200
        if is_former:
            await other.db.apply(put_device, device(key=Ed25519PrivateKey.generate()))
            answer = (401, "BAD_SIGNATURE")
        heard_ms = hub.contacts.last_ms("box-1")
        await asyncio.sleep(0.01)
        transport = httpx.ASGITransport(app=gate)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
            for _ in range(2):
                said = await client.post(wire.EVENTS_PATH, content=body, auth=old)
                assert (said.status_code, said.json().get("code", "")) == answer
        assert (hub.contacts.last_ms("box-1") == heard_ms) is is_former
        assert bool(gate._proven) is not is_former
        last = hub.known.last("box-1")
        assert last is None or (last.public_key == device().public_key) is not is_former


async def test_a_former_key_uses_up_nothing_of_what_its_shop_may_ask_by_uploads_that_never_end(
    tmp_path: Path, postgresql: str
) -> None:
    async with (
        open_centre(tmp_path) as centre,
        open_hub(Config(tmp_path / "hub", KEYS, postgresql), log=centre.said) as other,
    ):
        hub, former = centre.hub, DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)
        centre.box.happened(1)
        whole = wire.encode_batch(centre.box.batch(1, 1), "box-1")
        begun, end = [], asyncio.Event()

        class Held(httpx.AsyncByteStream):
            async def __aiter__(self) -> AsyncIterator[bytes]:
                begun.append(1)
                await end.wait()
                yield whole

        def upload() -> httpx.Request:
            signed = next(
                former.auth_flow(centre.client.build_request("POST", wire.EVENTS_PATH, content=whole))
            )
            return httpx.Request("POST", signed.url, headers=signed.headers, stream=Held())

        assert (
            await centre.client.get(f"{wire.FEED_PATH}?part=shop:s1&after=0", auth=former)
        ).status_code == 200
        await other.db.apply(put_device, device(key=Ed25519PrivateKey.generate()))
        transport = httpx.ASGITransport(app=Often(hub.inside))  # type: ignore[arg-type]
        sent = [asyncio.create_task(transport.handle_async_request(upload())) for _ in range(30)]
        async with asyncio.timeout(PATIENT_S):
            while len(begun) + sum(each.done() for each in sent) < len(sent):  # noqa: ASYNC110 (no event tells)
                await asyncio.sleep(0.01)
        assert len(begun) == 1
        end.set()
        assert {each.status_code for each in await asyncio.gather(*sent)} == {401}


async def test_requests_that_come_while_old_nonces_are_swept_out_are_answered(
    tmp_path: Path, postgresql: str
) -> None:
    async with two_hubs(tmp_path, postgresql) as (one, _, _):
        shared = Shared(one.db)
        noting = [shared.noting() for _ in range(300)]
        for number, each in enumerate(noting):
            assert each.fresh("box-1", f"nonce-{number}", now_s=1, until_s=10**9)

        async def ask(number: int) -> bool:
            await asyncio.sleep(number * 0.0005)
            # A minute later each time, so that each is followed by a sweep.
            return await shared.fresh(noting[number], now_s=60 * (number + 1))

        async with asyncio.timeout(PATIENT_S):
            assert all(await asyncio.gather(*(ask(number) for number in range(len(noting)))))
            assert await shared.fresh(noting[0], now_s=10**6) is False
