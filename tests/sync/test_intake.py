"""What the hub takes in, and from whom."""

from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.consent.rules import Register
from edge.kit.chain import GENESIS
from sync import wire
from sync.hub import consents, devices
from sync.signing import DeviceAuth
from tests.sync.centre import (
    ANNA,
    DEVICE_KEY,
    HERE,
    KEYS,
    SHOP_KEY,
    Centre,
    customer,
    device,
    now_ms,
    open_centre,
)
from tests.sync.shop import events_at

pytestmark = pytest.mark.anyio


AUTH = DeviceAuth("box-1", DEVICE_KEY, wall_ms=now_ms)


async def push(centre: Centre, batch: wire.Batch, *, device: str = "box-1") -> tuple[int, Any]:
    """Upload one batch; the status and the decoded answer or problem."""
    body = wire.encode_batch(batch, device)
    response = await centre.client.post(wire.EVENTS_PATH, content=body, auth=AUTH)
    if response.status_code == 200:
        return 200, wire.decode_answer(response.content)
    return response.status_code, wire.decode_problem(response.content, status=response.status_code)


async def code_of(centre: Centre, batch: wire.Batch) -> str:
    status, problem = await push(centre, batch)
    assert status == 409
    return str(problem.code)


async def test_facts_held_already_are_acknowledged_again_and_stored_once(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(10)
        await push(centre, centre.box.batch(1, 6))
        _, answer = await push(centre, centre.box.batch(4, 10))
        assert answer.ack == wire.Ack(1, 10)
        _, answer = await push(centre, centre.box.batch(2, 3))
        assert answer.ack == wire.Ack(1, 10)
        assert len(events_at(centre.hub.db.reader)) == 10


async def test_a_gap_is_answered_with_what_the_hub_has(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(10)
        await push(centre, centre.box.batch(1, 3))
        status, answer = await push(centre, centre.box.batch(6, 10))
        assert (status, answer.ack.seq) == (200, 3)
        assert len(events_at(centre.hub.db.reader)) == 3


async def test_a_second_history_under_the_same_numbers_is_refused_and_logged_once(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(4)
        await push(centre, centre.box.batch(1, 4))
        before = events_at(centre.hub.db.reader)
        centre.box.forge_history()
        centre.box.happened(2)
        for _ in range(3):
            assert await code_of(centre, centre.box.batch(1, 6)) == "FORKED"
        assert events_at(centre.hub.db.reader) == before
        assert centre.said.count("forked") == 1


async def test_an_upload_that_does_not_chain_on_is_refused(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(4)
        await push(centre, centre.box.batch(1, 4))
        centre.box.forge_history()
        centre.box.happened(2)
        assert await code_of(centre, centre.box.batch(5, 6)) == "BROKEN_CHAIN"
        first = msgspec.structs.replace(centre.box.batch(1, 1), prev_hash=b"x" * 32)
        assert await code_of(centre, first) == "BROKEN_CHAIN"


async def test_a_body_changed_on_its_way_breaks_the_chain(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(2)
        batch = centre.box.batch(1, 2)
        changed = [
            msgspec.structs.replace(batch.events[0], body=msgspec.Raw(b'{"visit_id": "07"}')),
            batch.events[1],
        ]
        await push(centre, msgspec.structs.replace(batch, events=changed))
        assert await code_of(centre, centre.box.batch(1, 2)) == "FORKED"


async def test_bodies_are_kept_byte_for_byte(tmp_path: Path) -> None:
    odd = '{ "visit_id" : "07", "naïve":1e2,"a":"\\u00e9" }'.encode()
    async with open_centre(tmp_path) as centre:
        centre.box.happened(1, body=odd)
        centre.box.happened(1)
        await centre.agent.once()
        assert events_at(centre.hub.db.reader)[0][2] == odd
        assert (await push(centre, centre.box.batch(1, 2)))[0] == 200


async def test_a_body_blanked_by_an_erasure_keeps_the_chain(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(3)
        whole = centre.box.batch(1, 3)
        blank = msgspec.structs.replace(whole.events[1], body=wire.EMPTY, hash=centre.box.hash_at(2).hex())
        blanked = msgspec.structs.replace(whole, events=[whole.events[0], blank, whole.events[2]])
        status, answer = await push(centre, blanked)
        assert (status, answer.ack.seq, answer.rejected) == (200, 3, [])
        assert (await push(centre, whole))[0] == 200


@pytest.mark.parametrize(
    ("kind", "body", "code"),
    [
        ("of_the_future", b"{}", "UNKNOWN_KIND"),
        ("consent_withdrawn", b"{}", "BAD_BODY"),
        ("greeted", b'{"customer_id":7}', "BAD_BODY"),
        ("consent_withdrawn", b'{"customer_id":"%s","purpose":"mind","recipient":"x","gen":1}', "UNDECLARED"),
        (
            "consent_withdrawn",
            b'{"customer_id":"%s","purpose":"saving","recipient":"x","gen":1}',
            "NO_CONSENT",
        ),
    ],
)
async def test_what_the_hub_cannot_use_becomes_a_dead_letter_and_holds_up_nothing(
    tmp_path: Path, kind: str, body: bytes, code: str
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        centre.box.happened(1, kind=kind, body=body.replace(b"%s", ANNA.hex().encode()))
        centre.box.happened(1)
        _, answer = await push(centre, centre.box.batch(1, 2))
        assert answer.rejected == [wire.Rejection(1, code)]
        assert answer.ack.seq == 2


async def withdrawal(centre: Centre, *, gen: int) -> None:
    body = {"customer_id": ANNA.hex(), "purpose": "recognition", "recipient": HERE, "gen": gen}
    centre.box.happened(1, kind="consent_withdrawn", body=msgspec.json.encode(body))
    await centre.agent.once()


def register(centre: Centre) -> Register:
    (row,) = centre.hub.db.reader.execute(
        "SELECT gen, state FROM consent WHERE purpose='recognition'"
    ).fetchall()
    return Register(*row)


async def test_a_withdrawal_in_one_shop_reaches_the_other_urgently(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        other = device("box-2", "s2", key=Ed25519PrivateKey.generate())
        await centre.hub.db.apply(devices.register, KEYS, device=other, shop_key=b"T" * 32)
        await centre.hub.add_customers(["s1", "s2"], [customer()])
        await withdrawal(centre, gen=1)
        assert register(centre) == Register(1, "withdrawn")
        for part in ("shop:s1:urgent", "shop:s2:urgent", "shop:s1", "shop:s2"):
            (d,) = centre.hub.db.reader.execute(
                "SELECT d FROM feed WHERE part=:part AND t='consent' ORDER BY seq DESC LIMIT 1",
                {"part": part},
            ).fetchone()
            assert b'"withdrawn"' in d


async def test_an_old_withdrawal_does_not_undo_a_newer_yes_and_a_grant_needs_the_current_register(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])

        async def grant(base: Register | None) -> bool:
            moved = await centre.hub.change(
                consents.grant, ANNA, purpose="recognition", recipient=HERE, base=base, now_ms=2
            )
            return moved is not None

        await withdrawal(centre, gen=1)
        assert not await grant(Register(1, "given"))
        assert register(centre) == Register(1, "withdrawn")
        assert await grant(Register(1, "withdrawn"))
        assert register(centre) == Register(2, "given")
        await withdrawal(centre, gen=1)
        assert register(centre) == Register(2, "given")
        await withdrawal(centre, gen=2)
        assert register(centre) == Register(2, "withdrawn")


async def test_facts_about_someone_erased_are_stored_without_them(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        about = b'{"visit_id":"07","customer_id":"%s"}' % ANNA.hex().encode()
        centre.box.happened(1, kind="visit_started", body=about)
        await centre.agent.once()
        await centre.hub.erase(ANNA)
        centre.box.happened(1, kind="visit_started", body=about)
        await centre.agent.once()
        assert [body for _, _, body, _ in events_at(centre.hub.db.reader)] == [b"{}", b"{}"]
        assert (await push(centre, centre.box.batch(1, 2)))[0] == 200


async def test_a_shop_that_speaks_of_somebody_after_their_erasure_is_told_to_forget_them(
    tmp_path: Path,
) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.db.apply(devices.register, KEYS, device=device("box-2", "s2"), shop_key=b"T" * 32)
        await centre.hub.add_customers(["s2"], [customer()])
        await centre.hub.erase(ANNA)
        await centre.agent.once()
        assert [row for page in centre.box.applied for row in page.rows if row.op == "erase"] == []
        about = b'{"visit_id":"07","customer_id":"%s"}' % ANNA.hex().encode()
        centre.box.happened(1, kind="visit_started", body=about)
        await centre.agent.once()
        await centre.agent.once()
        told = {row.p for page in centre.box.applied for row in page.rows if row.op == "erase"}
        assert told == {"shop:s1", "shop:s1:urgent"}


async def test_a_device_speaks_only_for_itself_and_its_current_epoch(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        centre.box.happened(1)
        status, problem = await push(centre, centre.box.batch(1, 1), device="box-2")
        assert (status, problem.code) == (403, "NOT_YOURS")
        later = device(epoch=2)
        await centre.hub.db.apply(devices.register, KEYS, device=later, shop_key=SHOP_KEY)
        assert await code_of(centre, centre.box.batch(1, 1)) == "WRONG_EPOCH"
        second = wire.Batch(2, 1, GENESIS, centre.box.batch(1, 1).events)
        assert (await push(centre, second))[0] == 200


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("part=shop:s2&after=0", 403, "NOT_YOURS"),
        ("part=shop:s2:urgent&after=0", 403, "NOT_YOURS"),
        ("part=shop:s1:urgent:x&after=0", 403, "NOT_YOURS"),
        ("part=shop:s1&after=7", 409, "CURSOR_AHEAD"),
        ("part=shop:s1&after=-1", 400, "BAD_REQUEST"),
        ("part=shop:s1&after=0&limit=2001", 400, "BAD_REQUEST"),
        ("part=shop:s1&after=0&wait=26", 400, "BAD_REQUEST"),
        ("part=shop:s1&after=99999999999999999999", 409, "CURSOR_AHEAD"),
        ("after=0", 400, "BAD_REQUEST"),
    ],
)
async def test_a_shop_reads_only_its_own_partitions_in_the_agreed_way(
    tmp_path: Path, query: str, status: int, code: str
) -> None:
    async with open_centre(tmp_path) as centre:
        response = await centre.client.get(f"{wire.FEED_PATH}?{query}", auth=AUTH)
        assert response.headers["content-type"] == "application/problem+json"
        problem = wire.decode_problem(response.content, status=response.status_code)
        assert (response.status_code, problem.status, problem.code) == (status, status, code)


async def test_a_page_holds_as_many_rows_as_were_asked_for(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        await centre.hub.add_customers(["s1"], [customer()])
        first = await centre.client.get(f"{wire.FEED_PATH}?part=shop:s1&after=0&limit=4", auth=AUTH)
        page = wire.decode_page(first.content)
        assert [row.seq for row in page.rows] == [1, 2, 3, 4]
        assert not page.checkpoint.up_to_date
        rest = await centre.client.get(f"{wire.FEED_PATH}?part=shop:s1&after=4", auth=AUTH)
        page = wire.decode_page(rest.content)
        assert [row.t for row in page.rows] == ["consent", "consent"]
        assert page.checkpoint.up_to_date


async def test_a_body_over_the_cap_is_not_read(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        response = await centre.client.post(wire.EVENTS_PATH, content=bytes(wire.BATCH_BYTES + 1), auth=AUTH)
        assert response.status_code == 413
        assert wire.decode_problem(response.content, status=413).code == "TOO_LARGE"


async def test_the_front_the_health_and_the_description_are_there(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        front = (await centre.client.get("/")).text
        assert "central wallet" in front
        assert "/hq/fleet" in front
        assert (await centre.client.get("/healthz")).json()["ok"] is True
        paths: dict[str, object] = (await centre.client.get("/schema/openapi.json")).json()["paths"]
        assert {wire.EVENTS_PATH, wire.FEED_PATH, "/healthz"} <= set(paths)
        missing = await centre.client.get("/nothing")
        assert (missing.status_code, missing.json()["code"]) == (404, "NOT_FOUND")


async def test_an_unforeseen_error_says_nothing_of_its_cause(tmp_path: Path) -> None:
    async with open_centre(tmp_path) as centre:
        db, centre.hub.db = centre.hub.db, None  # type: ignore[assignment]
        transport = httpx.ASGITransport(app=centre.hub.app, raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://hub.test") as client:
            response = await client.get("/healthz")
        centre.hub.db = db
        assert (response.status_code, response.json()["code"]) == (500, "INTERNAL")
        assert "None" not in response.text
        assert centre.said.count("request_died") == 1
