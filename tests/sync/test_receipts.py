"""A shop shows that what was taken away is gone there, and the hub knows who has not."""

import asyncio
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.visits.facts import SeenAgain
from sync import wire
from sync.hub import consents, receipts
from sync.hub import devices as renewing
from sync.hub.problem import Refusal
from sync.hub.receipts import Open
from sync.hub.tables import devices, feed
from sync.pushing import IDLE_PUSH_S
from sync.receipt import RECEIPT_PATH, Receipt, holds, signed
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, BRAM, HERE
from tests.sync.test_agent import until
from tests.sync.wallets import Chain, open_chain, saver

pytestmark = pytest.mark.anyio


async def still_open(chain: Chain) -> list[Open]:
    return await chain.hub.db.read(receipts.still_open)


async def test_a_receipt_comes_once_it_is_done_and_what_is_open_is_known(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [saver(ANNA), saver(BRAM)]) as chain:
        here, other = chain.shops
        assert await still_open(chain) == []
        await chain.hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
        await chain.hub.erase(BRAM)
        opened = [(each.device_id, each.erasures >= 1, each.stops) for each in await still_open(chain)]
        assert opened == [("box-s1", True, 1), ("box-s2", True, 1)]
        await here.agent.once()
        assert [each.device_id for each in await still_open(chain)] == ["box-s2"]
        other.line.down = True
        await here.restart()
        await here.agent.once()
        assert [each.device_id for each in await still_open(chain)] == ["box-s2"]
        other.line.down = False
        await other.agent.once()
        assert await still_open(chain) == []
        device, cursor, epoch, sig = chain.hub.db.reader.execute(
            "SELECT device_id, cursor, epoch, sig FROM receipt WHERE device_id='box-s1'", {}
        ).fetchone()
        part = "shop:s1:urgent"
        kept = Receipt(part=part, cursor=cursor, device=device, epoch=epoch, sig=sig)
        assert holds(kept, here.signing.public_key().public_bytes_raw())


async def test_a_box_with_a_new_epoch_gives_its_receipt_under_it_though_it_has_no_fact_to_tell(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [saver(ANNA)]) as chain:
        here, other = chain.shops
        await here.agent.once()
        await chain.hub.db.apply(renewing.renew, "box-s1")
        await chain.hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
        await other.agent.once()
        await here.agent.once()
        assert await still_open(chain) == []
        assert here.agent._box.epoch() == 2
        again = SeenAgain(here.visit(ANNA), "counter-1", "tap", "strong", 1)
        await here.db.write(lambda _: [again])
        await here.agent.once()
        assert here.agent._box.waiting(1) is None


class Crossed(httpx.AsyncBaseTransport):
    """A line on which whoever gives a receipt hears something else than that it was taken."""

    def __init__(self, line: httpx.AsyncBaseTransport, *, status: int, body: bytes) -> None:
        self._line = line
        self._said = status, body
        self.given = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == RECEIPT_PATH:
            self.given += 1
            status, body = self._said
            return httpx.Response(status, stream=httpx.ByteStream(body))
        return await self._line.handle_async_request(request)


class Slow(httpx.AsyncBaseTransport):
    """A line on which facts are on their way for as long as a test wants."""

    def __init__(self, line: httpx.AsyncBaseTransport) -> None:
        self._line = line
        self.asked, self.go = asyncio.Event(), asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == wire.EVENTS_PATH:
            self.asked.set()
            await self.go.wait()
        return await self._line.handle_async_request(request)


async def test_a_receipt_that_falls_due_while_facts_go_up_does_not_wait_for_the_next_fact(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [saver(ANNA)]) as chain:
        here = chain.shops[0]
        running = asyncio.create_task(here.agent.run())
        try:
            await until(
                lambda: any("urgent" in each and f"wait={wire.WAIT_S}" in each for each in here.line.asked)
            )
            here.line._hub = slow = Slow(here.line._hub)  # type: ignore[assignment]
            await here.db.write(lambda _: [SeenAgain(here.visit(ANNA), "counter-1", "tap", "strong", 1)])
            here.agent.wake()
            await asyncio.wait_for(slow.asked.wait(), PATIENT_S)
            await chain.hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
            await until(lambda: here.agent._box.receipt() is not None and here.agent._woken.is_set())
            slow.go.set()
            await until(
                lambda: "box-s1" not in [each.device_id for each in receipts.still_open(chain.hub.db.reader)],
                within_s=IDLE_PUSH_S / 2,
            )
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)


class Awaited(httpx.AsyncBaseTransport):
    """A line on which somebody says no while the first facts are on their way, and those wait until it was heard."""

    def __init__(self, line: httpx.AsyncBaseTransport, chain: Chain) -> None:
        self._line = line
        self._chain = chain
        self.open: list[bool] = []  # as each upload came

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == wire.EVENTS_PATH:
            if not self.open:
                hub, box = self._chain.hub, self._chain.shops[0].agent._box
                await hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
                await until(lambda: box.receipt() is not None)
            self.open.append("box-s1" in [each.device_id for each in await still_open(self._chain)])
        return await self._line.handle_async_request(request)


async def test_what_is_taken_away_while_a_backlog_goes_up_is_heard_and_receipted_before_the_next_upload(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [saver(ANNA)]) as chain:
        here = chain.shops[0]
        await here.agent.once()
        seen = SeenAgain(here.visit(ANNA), "counter-1", "tap", "strong", 1)
        await here.db.write(lambda _: [seen] * (2 * wire.BATCH_EVENTS + 1))
        here.line._hub = awaited = Awaited(here.line._hub, chain)  # type: ignore[assignment]
        running = asyncio.create_task(here.agent.run())
        try:
            await until(lambda: len(awaited.open) >= 3 or running.done())
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        assert awaited.open[:3] == [True, False, False]


ANSWERS = {"to an earlier one": (200, b'{"cursor":1}'), "a hub that fails at it": (500, b"")}


@pytest.mark.parametrize("answer", ANSWERS)
async def test_what_was_said_to_another_receipt_is_no_answer_and_stops_no_fact(
    tmp_path: Path, answer: str
) -> None:
    status, body = ANSWERS[answer]
    async with open_chain(tmp_path, [saver(ANNA)]) as chain:
        here = chain.shops[0]
        await chain.hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
        straight = here.line._hub
        here.line._hub = crossed = Crossed(straight, status=status, body=body)  # type: ignore[assignment]
        seen = SeenAgain(here.visit(ANNA), "counter-1", "tap", "strong", 1)
        await here.db.write(lambda _: [seen] * (wire.BATCH_EVENTS + 1))
        for _ in range(2):
            await here.agent.once()
        assert crossed.given == 2  # once a round, however many uploads it had
        facts = "SELECT count(*) FROM event WHERE device_id='box-s1' AND kind='seen_again'"
        assert chain.hub.db.reader.execute(facts, {}).fetchone() == (wire.BATCH_EVENTS + 1,)
        assert "box-s1" in [each.device_id for each in await still_open(chain)]
        here.line._hub = straight
        await here.agent.once()
        assert "box-s1" not in [each.device_id for each in await still_open(chain)]


class Keeping(httpx.AsyncBaseTransport):
    """A line with a proxy that keeps what was answered to receipts, by the address that was asked."""

    def __init__(self, line: httpx.AsyncBaseTransport) -> None:
        self._line = line
        self._kept: dict[bytes, bytes] = {}

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path != RECEIPT_PATH:
            return await self._line.handle_async_request(request)
        if (kept := self._kept.get(request.url.raw_path)) is None:
            answer = await self._line.handle_async_request(request)
            if answer.status_code != 200:
                return answer
            kept = self._kept[request.url.raw_path] = await answer.aread()
        return httpx.Response(200, stream=httpx.ByteStream(kept))


async def test_the_answer_to_the_same_receipt_from_before_the_hub_was_put_back_is_no_answer(
    tmp_path: Path,
) -> None:
    async with open_chain(tmp_path, [saver(ANNA)]) as chain:
        here = chain.shops[0]
        here.line._hub = Keeping(here.line._hub)  # type: ignore[assignment]
        await chain.hub.change(consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=1)
        await here.agent.once()
        assert "box-s1" not in [each.device_id for each in await still_open(chain)]
        await chain.hub.db.apply(lambda conn: conn.execute("DELETE FROM receipt"))
        await chain.hub.db.apply(devices.raise_hub_epoch, at_least=2)
        assert "box-s1" in [each.device_id for each in await still_open(chain)]
        for _ in range(3):
            await here.agent.once()
        assert "box-s1" not in [each.device_id for each in await still_open(chain)]


async def test_no_receipt_is_waited_for_where_only_the_number_of_a_row_is_left(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [saver(ANNA)]) as chain:
        await chain.hub.db.apply(feed.take_back, "shop:s1:urgent", ANNA)
        assert await still_open(chain) == []


async def test_a_receipt_that_the_device_did_not_give_is_refused(tmp_path: Path) -> None:
    async with open_chain(tmp_path, [saver(ANNA)]) as chain:
        device = devices.device(chain.hub.db.reader, "box-s1")
        assert device
        ours, theirs = chain.shops[0].signing, Ed25519PrivateKey.generate()
        right = Receipt(part="shop:s1:urgent", cursor=1, device="box-s1", epoch=1)
        wrong = {
            "another's key": signed(right, theirs),
            "another shop's rows": signed(
                Receipt(part="shop:s2:urgent", cursor=1, device="box-s1", epoch=1), ours
            ),
            "rows that were never sent": signed(
                Receipt(part="shop:s1:urgent", cursor=999, device="box-s1", epoch=1), ours
            ),
            "nobody's": right,
        }
        for name, receipt in wrong.items():
            with pytest.raises(Refusal, match="receipt"):
                await chain.hub.db.apply(receipts.take, device, receipt, now_ms=1)
            assert name
        with pytest.raises(Refusal):
            await chain.hub.db.apply(receipts.take, replace(device, epoch=2), signed(right, ours), now_ms=1)
        await chain.hub.db.apply(receipts.take, device, signed(right, ours), now_ms=1)
