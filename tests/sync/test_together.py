"""Uploads that share a transaction: each is answered and kept as if it had come alone."""

import asyncio
import random
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest

from edge.bench import hub as bench
from edge.bench.hub_shops import Shop, shops
from edge.kit.errors import StoreError
from edge.kit.sql import Connection
from sync import wire
from sync.hub import intake, together, wallet
from sync.hub.app import Hub, open_hub
from sync.hub.config import Config
from sync.hub.gathering import Gathering
from sync.hub.intake import Upload
from sync.hub.problem import Refusal
from sync.hub.tables import people
from tests.patience import PATIENT_S
from tests.sync.centre import Said

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("postgresql")]
NOW_MS = 1_700_000_000_000


def uploads(chain: list[Shop], facts: int = 7) -> list[Upload]:
    chance, found = random.Random(sum(shop.seq for shop in chain)), []
    for shop in chain:
        batch = shop.batch(facts, seed=chance, at_ms=NOW_MS)
        envelope = wire.Envelope(shop.device, 1, batch.from_seq, wire.SCHEMA, batch.prev_hash.hex())
        found.append(Upload(envelope, batch.events))
    return found


def moving(shop: Shop, customer_id: bytes, line: int) -> Upload:
    """A shop counts a point of somebody, perhaps of another shop's."""
    body = {"customer_id": customer_id.hex(), "line_id": f"{line:032x}", "instrument": "points"}
    said = msgspec.json.encode(body | {"delta": 1, "why": "purchase"})
    event = wire.Event(1, NOW_MS, "wallet_moved", msgspec.Raw(said))
    return Upload(wire.Envelope(shop.device, 1, 1, wire.SCHEMA, bytes(32).hex()), [event])


def kept(conn: Connection) -> list[Any]:
    """All that uploads leave but what is sealed anew each time, and the moment it came."""
    queries = (
        "SELECT device_id, epoch, seq, at_ms, kind, body, hash, code, customer_id FROM event ORDER BY 1, 2, 3",
        """
        SELECT device_id, epoch, seq, line_id, customer_id, delta, short FROM ledger
        WHERE why<>'opening' ORDER BY 1, 2, 3
        """,
        "SELECT part, seq, op, t, id, ver, customer_id FROM feed ORDER BY 1, 2",
        "SELECT id, ver FROM customer ORDER BY 1",
        "SELECT device_id, shown_ms FROM look_head ORDER BY 1",
    )
    return [conn.execute(query).fetchall() for query in queries]


async def balance(hub: Hub, customer_id: bytes) -> int | None:
    held = await hub.db.read(wallet.balances, hub.keys, customer_id, now_ms=NOW_MS)
    return held.balances.points


async def test_uploads_of_one_transaction_leave_what_they_leave_one_by_one(tmp_path: Path) -> None:
    found = []
    for name in ("together", "alone"):
        chain = list(shops(4, 2))
        await bench.fill(tmp_path / name, "", chain)
        async with open_hub(Config(tmp_path / name, bench.KEYS), log=Said()) as hub:
            for _ in range(2):
                its = uploads(chain)
                if name == "together":
                    await hub.db.apply(intake.take_all, hub.keys, uploads=its, now_ms=NOW_MS)
                for each in its if name == "alone" else ():
                    await hub.db.apply(
                        intake.take, hub.keys, envelope=each.envelope, facts=each.facts, now_ms=NOW_MS
                    )
            found.append(await hub.db.read(kept))
            for shop in chain:
                for number in range(2):
                    whose = shop.customer(number)
                    assert await balance(hub, whose) == 100 + shop.points[whose]
    assert found[0] == found[1]
    assert all(found[0])


async def test_a_customer_of_two_shops_gets_what_both_say_in_one_transaction(tmp_path: Path) -> None:
    chain = list(shops(3, 1))
    await bench.fill(tmp_path, "", chain)
    whose = chain[0].customer(0)
    async with open_hub(Config(tmp_path, bench.KEYS), log=Said()) as hub:
        also = {"customer_id": whose, "shop_id": chain[1].id, "reason": "joined", "since_ms": 1}
        await hub.db.apply(people.add, "residency", [also])
        its = [moving(chain[0], whose, 1), moving(chain[1], whose, 2), moving(chain[2], whose, 3)]
        answers, moved = await hub.db.apply(intake.take_all, hub.keys, uploads=its, now_ms=NOW_MS)
        codes = [
            [each.code for each in taken.rejected] for taken in answers if isinstance(taken, intake.Taken)
        ]
        assert codes == [
            [],
            [],
            ["NOT_RESIDENT"],
        ]  # the third shop is no home of theirs, though the others are
        assert await balance(hub, whose) == 102
        assert {each.part for each in moved} == {wire.main_part(shop.id) for shop in chain[:2]}


async def test_boxes_that_come_at_once_share_a_transaction_and_no_refusal(
    tmp_path: Path, postgresql: str
) -> None:
    chain = list(shops(6, 2))
    await bench.fill(tmp_path, postgresql, chain)
    async with open_hub(Config(tmp_path, bench.KEYS, postgresql), log=Said()) as hub:
        its = uploads(chain)
        its[1] = Upload(msgspec.structs.replace(its[1].envelope, prev_hash="11" * 32), its[1].facts)
        its[2] = Upload(msgspec.structs.replace(its[2].envelope, epoch=2), its[2].facts)
        its[3] = Upload(msgspec.structs.replace(its[3].envelope, from_seq=5), its[3].facts)
        said = await asyncio.gather(*(hub.take(*each) for each in its), return_exceptions=True)
        assert [each.code for each in said if isinstance(each, Refusal)] == ["BROKEN_CHAIN", "WRONG_EPOCH"]
        assert [each.seq for each in said if isinstance(each, intake.Taken)] == [7, 0, 7, 7]
        (transactions,) = await hub.db.read(
            lambda conn: conn.execute("SELECT count(DISTINCT xmin::text) FROM event").fetchone()
        )
        assert transactions == 1
        again = uploads(chain)[0]  # what comes next chains to it
        assert (await hub.take(*again)).seq == 14
        forked = Upload(
            its[0].envelope, [msgspec.structs.replace(its[0].facts[0], at_ms=1), *its[0].facts[1:]]
        )
        answers = await asyncio.gather(hub.take(*forked), hub.take(*its[4]), return_exceptions=True)
        assert isinstance(answers[0], Refusal)
        assert answers[0].code == "FORKED"
        assert isinstance(answers[1], intake.Taken)
        assert (answers[1].seq, answers[1].new) == (7, 0)  # it came again and changed nothing


async def test_an_upload_that_the_database_cannot_hold_stands_in_nobodys_way(
    tmp_path: Path, postgresql: str
) -> None:
    chain = list(shops(4, 1))
    await bench.fill(tmp_path, postgresql, chain)
    async with open_hub(Config(tmp_path, bench.KEYS, postgresql), log=Said()) as hub:
        its = uploads(chain)
        its[2] = Upload(its[2].envelope, [msgspec.structs.replace(its[2].facts[0], kind="no\0thing")])
        said = await asyncio.gather(*(hub.take(*each) for each in its), return_exceptions=True)
        assert [isinstance(each, StoreError) for each in said] == [False, False, True, False]
        assert [each.seq for each in said if isinstance(each, intake.Taken)] == [7, 7, 7]


async def test_a_customer_that_is_held_somewhere_slows_no_other_shop(tmp_path: Path, postgresql: str) -> None:
    chain = list(shops(5, 2))
    await bench.fill(tmp_path, postgresql, chain)
    held, free = threading.Event(), threading.Event()

    def hold(conn: Connection) -> None:
        people.hold(conn, [chain[0].customer(0), chain[1].customer(0)])
        held.set()
        assert free.wait(2 * PATIENT_S)

    config = Config(tmp_path, bench.KEYS, postgresql)
    async with open_hub(config, log=Said()) as hub, open_hub(config, log=Said()) as frozen:
        freezing = asyncio.create_task(frozen.db.apply(hold))
        try:
            await asyncio.to_thread(held.wait, PATIENT_S)
            waits = [moving(shop, shop.customer(0), number) for number, shop in enumerate(chain[:2])]
            waiting = [asyncio.create_task(hub.take(*each)) for each in waits]
            for seq in (7, 14):
                async with asyncio.timeout(PATIENT_S):  # not until the other hub lets go
                    said = await asyncio.gather(*(hub.take(*each) for each in uploads(chain[2:])))
                assert [taken.seq for taken in said] == [seq] * 3
        finally:
            free.set()
            await freezing
        for upload, answer in zip(waits, await asyncio.gather(*waiting, return_exceptions=True), strict=True):
            # On a slow machine the boxes were told to ask later.
            assert isinstance(answer, intake.Taken) or (
                isinstance(answer, StoreError) and answer.code == together.BUSY
            )
            assert (await hub.take(*upload)).seq == 1
        assert [await balance(hub, shop.customer(0)) for shop in chain[:2]] == [101, 101]


async def test_who_was_answered_with_others_is_in_the_next_too_and_who_is_alone_waits_for_nobody() -> None:
    asked: list[list[str]] = []

    async def ask(some: Sequence[str]) -> Sequence[str]:
        asked.append([*some])
        return some

    gathered = Gathering(ask, most=4, rest_s=0.3)
    await asyncio.gather(gathered("a"), gathered("b"))

    async def late() -> None:
        await asyncio.sleep(0.01)
        await gathered("d")

    await asyncio.gather(gathered("c"), late())
    assert asked == [["a", "b"], ["c", "d"]]
    alone = Gathering(ask, most=4, rest_s=3 * PATIENT_S)
    async with asyncio.timeout(PATIENT_S):
        for each in "ef":
            await alone(each)
        await asyncio.gather(*map(alone, "ghijkl"))  # half of four wait when the first four are answered
    assert asked[2:] == [["e"], ["f"], ["g", "h", "i", "j"], ["k", "l"]]


def test_what_reaches_beyond_a_box_and_its_balances_stays_alone() -> None:
    (shop,) = shops(1, 1)
    (upload,) = uploads([shop])
    assert together.is_small(upload)
    assert not together.is_small(Upload(upload.envelope, list(upload.facts) * 10))
    joining = msgspec.structs.replace(upload.facts[0], kind="customer_joined")
    assert not together.is_small(Upload(upload.envelope, [*upload.facts, joining]))
