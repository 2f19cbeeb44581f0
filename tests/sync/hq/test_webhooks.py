"""What a webhook is told: once, signed, nobody's name, and nothing more of who was erased."""

import base64
import json
from hashlib import sha256
from hmac import digest

import pytest

from sync.hub.consents import NewConsent
from sync.hub.hq import imports, news, put, rows, webhooks, whom
from sync.hub.passes import acts
from sync.hub.tables import hooks
from tests.sync.centre import ANNA, HERE, KEYS
from tests.sync.hq.desk import WHO, Desk
from tests.sync.hq.receiver import stop, told

DAY_MS = 86_400_000


@pytest.mark.anyio
async def test_a_name_that_leads_into_our_network_is_not_asked(desk: Desk) -> None:
    with pytest.raises(ValueError, match="private"):
        await webhooks._where("https://localhost/x", allowed=())
    refused = await desk.client.post("/api/v1/webhooks", json={"url": "https://10.0.0.1/"})
    assert (refused.status_code, refused.json()["code"]) == (422, "BAD_URL")
    unknown = await desk.client.post("/api/v1/webhooks", json={"url": "https://a.example/", "kinds": ["x"]})
    assert unknown.json()["code"] == "UNKNOWN_NEWS"


@pytest.mark.anyio
async def test_news_is_told_once_signed_and_names_nobody(desk: Desk) -> None:
    async with told(desk) as (here, made, asking):
        await stop(desk)
        body = {"visit_id": "07", "customer_id": ANNA.hex()}
        desk.centre.box.happened(kind="visit_started", body=json.dumps(body).encode())
        await desk.centre.agent.once()
        assert await webhooks.once(desk.hub, asking) == 2
        assert await webhooks.once(desk.hub, asking) == 0
        kinds = [json.loads(body)["type"] for _, body in here.told]
        assert sorted(kinds) == ["consent.withdrawn", "visit.started"]
        for headers, body_ in here.told:
            signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body_
            key = base64.b64decode(made["secret"].removeprefix("whsec_"))
            expected = "v1," + base64.b64encode(digest(key, signed, sha256)).decode()
            assert headers["webhook-signature"] == expected
            assert json.loads(body_)["data"]["customer"] == ANNA.hex()
            assert b"Vries" not in body_
        listed = (await desk.ask("GET", "/api/v1/webhooks"))["items"]
        assert [(each["waiting"], "secret" in each) for each in listed] == [(0, False)]


@pytest.mark.anyio
async def test_what_headquarters_blocks_or_moves_and_a_customer_calls_lost_is_told_once(desk: Desk) -> None:
    now_ms = desk.hub.now_ms()
    await desk.hub.change(acts.make, KEYS, ANNA, kind="web", now_ms=now_ms)
    async with told(desk) as (here, _, asking):

        async def kinds() -> list[str]:
            here.told.clear()
            await webhooks.once(desk.hub, asking)
            assert {json.loads(body)["data"]["customer"] for _, body in here.told} <= {ANNA.hex()}
            return [json.loads(body)["type"] for _, body in here.told]

        card = {"kind": "number", "value": "LOYALTY-0001"}
        for _ in range(2):
            await desk.ask("POST", "/api/v1/cards/block", json=card)
            await desk.hub.change(acts.lost, KEYS, ANNA, kind="web", now_ms=now_ms)
        assert await kinds() == ["card.blocked"] * 2

        move = {"instrument": "points", "delta": 30}
        for _ in range(2):
            await desk.ask("POST", f"{WHO}/ledger", json=move, headers={"idempotency-key": "a"})
        assert await kinds() == ["wallet.moved"]


@pytest.mark.anyio
async def test_an_import_and_its_undo_are_told_to_no_program_and_of_who_is_taken_out_nothing_waits(
    desk: Desk,
) -> None:
    hub, now_ms = desk.hub, desk.hub.now_ms()
    kees = whom.customer_id(KEYS, "K-1", "")
    saving = NewConsent("saving", HERE)
    new = rows.Customer(1, "K-1", traits={"points": {"balance": 5}}, shops=["s1"], consents=[saving])
    counted = [rows.Balance(1, "", ANNA.hex(), points=40), rows.Balance(2, "K-1", points=9)]

    def waits() -> int:
        return sum(hooks.waiting(hub.db.reader).values())

    async with told(desk):
        came = await imports.take(
            hub,
            "customers",
            [new],
            lambda c, n, found: put.put_customers(c, KEYS, n, found=found, now_ms=now_ms),
        )
        balances = await imports.take(
            hub,
            "balances",
            counted,
            lambda c, n, found: put.put_balances(c, KEYS, n, found=found, now_ms=now_ms),
        )
        assert (await imports.take_back(hub, balances)).rows == 2
        made = {"shops": ["s1"], "traits": {"points": {"balance": 5}}}
        made |= {"consents": [{"purpose": "saving", "recipient": HERE}]}
        assert waits() == 0
        await desk.ask("POST", "/api/v1/customers", json=made)
        assert waits() == 1  # that they joined; what they came with is no move
        visit = news.News("visit.started", now_ms, kees, "s1")
        await hub.db.apply(news.tell, [visit, visit._replace(customer_id=ANNA)])
        assert waits() == 3
        assert (await imports.take_back(hub, came)).rows == 1
        assert waits() == 2


@pytest.mark.anyio
async def test_what_a_program_adds_a_customer_with_is_told_after_that_they_joined(desk: Desk) -> None:
    yeses = [{"purpose": each, "recipient": HERE} for each in ("saving", "recognition", "contact")]
    async with told(desk) as (here, _, asking):
        made = {"shops": ["s1"], "traits": {"points": {"balance": 5}}, "consents": yeses}
        key = {"idempotency-key": "once"}
        new = [await desk.ask("POST", "/api/v1/customers", json=made, headers=key) for _ in range(2)]
        await webhooks.once(desk.hub, asking)
        said = [json.loads(body) for _, body in here.told]
        assert [each["type"] for each in said] == ["customer.joined", "consent.given", "consent.given"]
        assert [each["data"] for each in said] == [{"customer": new[0]["id"], "shop": None}] * 3


@pytest.mark.anyio
async def test_two_secrets_sign_while_one_takes_over_from_the_other(desk: Desk) -> None:
    async with told(desk) as (here, made, asking):
        await desk.ask("POST", f"/api/v1/webhooks/{made['id']}/rotate")
        await stop(desk)
        await webhooks.once(desk.hub, asking)
        assert len(here.told[0][0]["webhook-signature"].split()) == 2
        now_ms = desk.hub.now_ms
        desk.hub.now_ms = lambda: now_ms() + DAY_MS + 1
        await stop(desk, "profiling")
        await webhooks.once(desk.hub, asking)
        assert len(here.told[1][0]["webhook-signature"].split()) == 1


@pytest.mark.anyio
async def test_a_secret_that_was_rotated_by_a_clock_that_was_ahead_signs_for_a_day_once_that_is_set_right(
    desk: Desk,
) -> None:
    async with told(desk) as (here, made, asking):
        now_ms, ahead_ms = desk.hub.now_ms, 365 * DAY_MS
        desk.hub.now_ms = lambda: now_ms() + ahead_ms
        await desk.ask("POST", f"/api/v1/webhooks/{made['id']}/rotate")
        for later_ms in (0, DAY_MS // 2, DAY_MS + 60_000):
            ahead_ms = later_ms
            await desk.hub.db.apply(news.tell, [news.News("wishlist.changed", 0, None)])
            assert await webhooks.once(desk.hub, asking) == 1
        assert [len(headers["webhook-signature"].split()) for headers, _ in here.told] == [2, 2, 1]


@pytest.mark.anyio
async def test_what_was_noted_first_is_told_first(desk: Desk) -> None:
    async with told(desk) as (here, _, asking):
        for number in range(8):
            happened = [
                news.News("order.reported", number * 1000, None),
                news.News("wishlist.changed", 0, None),
            ]
            await desk.hub.db.apply(news.tell, happened)
        assert await webhooks.once(desk.hub, asking) == 16
        said = [json.loads(body) for _, body in here.told]
        assert [each["type"] for each in said] == ["order.reported", "wishlist.changed"] * 8
        orders = [each["timestamp"] for each in said if each["type"] == "order.reported"]
        assert orders == sorted(orders)


@pytest.mark.anyio
async def test_of_who_is_erased_nothing_is_told_any_more_but_that_and_no_answer_is_kept(desk: Desk) -> None:
    def kept(table: str) -> list[bytes]:
        return [bytes(body) for (body,) in desk.hub.db.reader.execute(f"SELECT body FROM {table}", {})]

    async with told(desk):
        line = {"instrument": "points", "delta": -20}
        await desk.ask("POST", f"{WHO}/ledger", json=line, headers={"idempotency-key": "k-1"})
        await stop(desk)
        assert kept("api_answer") == [b'{"instrument":"points","balance":100}']
        waits = sorted(json.loads(body)["type"] for body in kept("webhook_message"))
        assert waits == ["consent.withdrawn", "wallet.moved"]
        await desk.hub.erase(ANNA)
        assert kept("api_answer") == []
        assert [json.loads(body)["type"] for body in kept("webhook_message")] == ["customer.erased"]
