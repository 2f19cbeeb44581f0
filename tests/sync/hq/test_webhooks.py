"""Standard Webhooks: signed, at least once, again later, given up after days, and never into our own network."""

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from hmac import digest
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.hub import consents
from sync.hub.app import open_hub
from sync.hub.consents import NewConsent
from sync.hub.hq import imports, news, put, rows, standard, webhooks, whom
from sync.hub.passes import acts
from sync.hub.tables import hooks
from tests.patience import PATIENT_S
from tests.sync.centre import ANNA, HERE, KEYS, Said
from tests.sync.hq.desk import WHO, Desk, open_desk

DAY_MS = 86_400_000


@dataclass
class Receiver:
    """Somebody's server on this machine: keeps what it is told, and answers as it is set to."""

    origin: str = ""
    status: int = 204
    answers: asyncio.Event = field(default_factory=asyncio.Event)  # cleared: whoever tells it waits
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)


@asynccontextmanager
async def receiver() -> AsyncGenerator[Receiver, None]:
    here = Receiver()
    here.answers.set()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in head[1:] if line)
        plain = dict(line.split(": ", 1) for line in head[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        here.told.append(({name.lower(): value for name, value in plain.items()}, body))
        await here.answers.wait()
        writer.write(f"HTTP/1.1 {here.status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    here.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield here


@asynccontextmanager
async def told(desk: Desk) -> AsyncGenerator[tuple[Receiver, dict[str, Any], httpx.AsyncClient], None]:
    """A receiver that the settings allow, its webhook, and a client to tell it with."""
    async with receiver() as here, webhooks.client() as asking:
        desk.hub.config = replace(desk.hub.config, hooks=(here.origin,))
        made = await desk.ask("POST", "/api/v1/webhooks", json={"url": f"{here.origin}/in"})
        yield here, made, asking


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENT_S):
        while not true():  # noqa: ASYNC110 (a server's list has no event)
            await asyncio.sleep(0.005)


async def stop(desk: Desk, purpose: str = "recognition") -> None:
    await desk.hub.change(consents.withdraw, ANNA, purpose=purpose, recipient=HERE, now_ms=desk.hub.now_ms())


async def ended(desk: Desk) -> str:
    """What the fleet page says of webhooks, and of all else."""
    return (await desk.client.get("http://127.0.0.1/hq/fleet?language=en")).text


def test_a_message_is_signed_as_the_specification_says() -> None:
    key = standard.key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = standard.signature(
        [key], id_="msg_p5jXN8AQM9LWM0D4loKWxJek", at_s=1614265330, body=b'{"test": 2432232314}'
    )
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert 24 <= len(standard.key_of(standard.new_secret())) <= 64


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x",
        "https://127.0.0.1/x",
        "https://[::1]/x",
        "https://10.1.2.3/",
        "https://192.168.1.1:8443/",
        "https://169.254.169.254/latest/meta-data",
        "https://[::ffff:10.0.0.1]/",
        "https://[64:ff9b::a00:1]/",
        "https://100.64.0.1/",
        "https://user:pass@example.com/",
        "https:///x",
        "https://[::1",
        "ftp://example.com/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "https://example.com/a b",
        " https://example.com/",
        "https://example.com/\n",
        "https://caf\u00e9.example/",
        "https://example..com/",
        "https://-example.com/",
        "https://example.com/%zz",
        "https://exa%20mple.com/",
        f"https://{'a' * 64}.example/",
    ],
)
def test_an_address_of_our_own_network_or_that_is_none_is_never_told(url: str) -> None:
    assert standard.refused_url(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com",
        "https://hooks.example.com:8443/a/b;c?x=1&y=%C3%A9",
        "https://xn--caf-dma.example/~me",
        "https://8.8.8.8/",
        "https://[2001:4860:4860::8888]/",
    ],
)
def test_a_public_address_may_be_told(url: str) -> None:
    assert standard.refused_url(url) == ""


def test_an_origin_that_the_settings_name_may_be_told_at_what_is_an_address() -> None:
    ours = ("http://crm.internal:9000", "https://exa mple")
    assert standard.refused_url("http://crm.internal:9000/x", allowed=ours) == ""
    for url in ("http://crm.internal:9000/\r\nX: y", "https://exa mple/x", "http://a@crm.internal:9000/"):
        assert standard.refused_url(url, allowed=ours)


def test_what_was_not_taken_is_tried_ever_later_and_never_all_at_once() -> None:
    pauses = [standard.pause_ms(tries, chance=lambda: 0.5) for tries in range(1, 12)]
    assert pauses[:3] == [5_000, 300_000, 1_800_000]
    assert pauses == sorted(pauses)
    assert pauses[-1] == DAY_MS
    assert standard.pause_ms(1, chance=lambda: 0.0) < 5_000 < standard.pause_ms(1, chance=lambda: 1.0)


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
        await desk.ask("POST", "/api/v1/customers", json=made)
        assert waits() == 0
        visit = news.News("visit.started", now_ms, kees, "s1")
        await hub.db.apply(news.tell, [visit, visit._replace(customer_id=ANNA)])
        assert waits() == 2
        assert (await imports.take_back(hub, came)).rows == 1
        assert waits() == 1


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
async def test_what_is_not_taken_comes_again_with_its_id_and_days_of_it_end_the_webhook(desk: Desk) -> None:
    async with told(desk) as (here, made, asking):
        now_ms, ahead_ms = desk.hub.now_ms, 0
        desk.hub.now_ms = lambda: now_ms() + ahead_ms
        here.status = 503
        await stop(desk)
        assert await webhooks.once(desk.hub, asking) == 0
        assert await webhooks.once(desk.hub, asking) == 0
        assert len(here.told) == 1
        here.status = 200
        ahead_ms = 10_000
        assert await webhooks.once(desk.hub, asking) == 1
        assert len({headers["webhook-id"] for headers, _ in here.told}) == 1
        here.status = 500
        await stop(desk, "profiling")
        for _ in range(20):
            ahead_ms += DAY_MS
            await webhooks.once(desk.hub, asking)
        (found,) = (await desk.ask("GET", "/api/v1/webhooks"))["items"]
        assert found["ended_ms"] is not None
        assert len(here.told) < 12
        assert f"took nothing for days. Webhook {made['id']} " in await ended(desk)
        assert desk.centre.said.count("webhook_ended") == 1
        here.status = 200
        await desk.ask("POST", f"/api/v1/webhooks/{made['id']}/resume")
        assert await webhooks.once(desk.hub, asking) == 1
        await desk.ask("DELETE", f"/api/v1/webhooks/{made['id']}")
        assert (await desk.ask("GET", "/api/v1/webhooks"))["items"] == []


@pytest.mark.anyio
async def test_an_address_that_is_gone_is_told_nothing_more(desk: Desk) -> None:
    async with told(desk) as (here, made, asking):
        assert "webhook" not in (await ended(desk)).lower()
        here.status = 410
        await stop(desk)
        await webhooks.once(desk.hub, asking)
        (found,) = (await desk.ask("GET", "/api/v1/webhooks"))["items"]
        assert found["ended_ms"] is not None
        place = here.origin.removeprefix("http://")  # with its port: another may be of that host
        said = f"{place} said itself that nothing is there any more (410). Webhook {made['id']} "
        assert said in await ended(desk)


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
async def test_an_address_that_takes_nothing_rests_with_all_its_messages_and_others_are_told(
    desk: Desk,
) -> None:
    async with told(desk) as (dead, made, asking), receiver() as good:
        desk.hub.config = replace(desk.hub.config, hooks=(dead.origin, good.origin))
        dead.status = 503
        many = [hooks.Message(made["id"], f"msg_{number}", b"{}", 0, 0) for number in range(webhooks.AT_ONCE)]
        await desk.hub.db.apply(hooks.add, many)
        await desk.ask("POST", "/api/v1/webhooks", json={"url": f"{good.origin}/in"})
        await stop(desk)
        assert await webhooks.once(desk.hub, asking) == 1
        assert (len(dead.told), len(good.told)) == (1, 1)
        assert await webhooks.once(desk.hub, asking) == 0
        assert len(dead.told) == 1


@pytest.mark.anyio
async def test_while_one_address_does_not_answer_another_is_told_again_and_again(desk: Desk) -> None:
    async with told(desk) as (slow, _, _), receiver() as good:
        desk.hub.config = replace(desk.hub.config, hooks=(slow.origin, good.origin))
        await desk.ask("POST", "/api/v1/webhooks", json={"url": f"{good.origin}/in"})
        slow.answers.clear()
        telling = asyncio.create_task(webhooks.run(desk.hub, look_s=0.01, timeout_s=2 * PATIENT_S))
        try:
            for number, purpose in enumerate(("recognition", "profiling"), start=1):
                await stop(desk, purpose)
                await until(lambda number=number: len(good.told) == number)
            assert len(slow.told) == 1
        finally:
            slow.answers.set()
            telling.cancel()


@pytest.mark.anyio
@pytest.mark.xdist_group("postgresql")
async def test_while_one_hub_tells_a_webhook_no_other_hub_tells_it_the_next_message(
    tmp_path: Path, postgresql: str
) -> None:
    async with (
        open_desk(tmp_path) as desk,
        told(desk) as (here, made, _),
        webhooks.client(2 * PATIENT_S) as asking,
        open_hub(replace(desk.hub.config, database=postgresql), log=Said()) as other,
    ):
        many = [hooks.Message(made["id"], f"msg_{number}", b"{}", 0, 0) for number in range(3)]
        await desk.hub.db.apply(hooks.add, many)
        here.answers.clear()
        telling = asyncio.create_task(webhooks.once(desk.hub, asking))
        await until(lambda: len(here.told) == 1)
        assert await webhooks.once(other, asking) == 0
        assert len(here.told) == 1
        here.answers.set()
        assert await telling == 3
        await desk.hub.db.apply(hooks.add, [hooks.Message(made["id"], "msg_3", b"{}", 0, 0)])
        assert await webhooks.once(other, asking) == 1  # the first let go of it
        assert [headers["webhook-id"] for headers, _ in here.told] == [f"msg_{number}" for number in range(4)]


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
