"""`/api/v1` as a program of headquarters meets it."""

import json
import sqlite3
from typing import Any

import pytest

from edge.kit.errors import Refused
from edge.kit.sql import Connection
from sync.hub import consents
from sync.hub.app import Hub
from sync.hub.hq import imports, put, rows
from sync.hub.tables.feed import Moved
from tests.sync.centre import ANNA, HERE
from tests.sync.hq.desk import WHO, Desk

pytestmark = pytest.mark.anyio
V1 = "/api/v1"


def parts(hub: Hub) -> int:
    (last,) = hub.db.reader.execute("SELECT last FROM head WHERE part='shop:s1'").fetchone()
    return int(last)


async def test_who_has_no_token_or_another_scope_gets_nothing(desk: Desk) -> None:
    for headers in (
        {"authorization": "Bearer nonsense"},
        {"authorization": "Basic x"},
        {"authorization": ""},
    ):
        answer = await desk.client.get(f"{V1}/customers", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "NO_TOKEN")
        assert answer.headers["www-authenticate"] == "Bearer"
    reader = await desk.token("goods:read")
    answer = await desk.client.get(WHO, headers=reader)
    assert (answer.status_code, answer.json()["code"]) == (403, "NO_SCOPE")
    assert (await desk.client.get(f"{V1}/products", headers=reader)).json()["items"] == ["jas-1"]
    stored = desk.hub.db.reader.execute("SELECT * FROM api_token").fetchall()
    assert reader["authorization"].removeprefix("Bearer ") not in repr(stored)


async def test_a_customer_is_read_as_far_as_a_purpose_has_a_basis(desk: Desk) -> None:
    found = await desk.ask("GET", WHO)
    assert found["traits"]["points"]["value"] == {"balance": 120}
    assert set(found["traits"]) == {"name", "points", "stamps", "since"}
    assert found["shops"] == ["s1"]
    assert "LOYALTY-0001" not in json.dumps(found)
    await desk.hub.change(
        consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=desk.hub.now_ms()
    )
    assert set((await desk.ask("GET", WHO))["traits"]) == {"points", "stamps"}


async def test_a_customer_is_made_once_by_a_key_and_always_the_same_by_a_number(desk: Desk) -> None:
    new = {"shops": ["s1"], "ref": "K-77", "traits": {"name": {"call": "Bo"}}}
    key = {"idempotency-key": "one"}
    first = await desk.client.post(f"{V1}/customers", json=new, headers=key)
    again = await desk.client.post(f"{V1}/customers", json=new, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.json() == again.json()
    other = await desk.client.post(f"{V1}/customers", json=new | {"ref": "K-78"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "KEY_USED")
    twice = await desk.client.post(f"{V1}/customers", json=new)
    assert (twice.status_code, twice.json()["code"]) == (409, "CUSTOMER_TAKEN")
    assert await desk.ask("POST", f"{V1}/customers/find", json={"ref": "K-77"}) == first.json()
    card = {"card": {"kind": "number", "value": "LOYALTY-0001"}}
    assert await desk.ask("POST", f"{V1}/customers/find", json=card) == {"id": ANNA.hex()}
    bad = new | {"ref": "K-79", "traits": {"shoe": 42}}
    refused = await desk.client.post(f"{V1}/customers", json=bad)
    assert (refused.status_code, refused.json()["code"]) == (422, "UNDECLARED_TRAIT")


async def test_a_request_that_is_wrong_is_told_in_which_field_and_hears_no_value_back(desk: Desk) -> None:
    card = {"kind": "number", "value": 5}
    for method, path, sent, hint in (
        ("POST", f"{WHO}/ledger", {"instrument": "points", "delta": "Kanarie"}, "$.delta: Expected `int`"),
        (
            "POST",
            f"{WHO}/ledger",
            {"instrument": "Kanarie", "delta": 1},
            "$.instrument: not one of the values",
        ),
        ("POST", f"{WHO}/ledger", {"instrument": "points"}, "$: Object missing required field `delta`"),
        ("PATCH", WHO, {"traits": {}, "naam": 1}, "$: Object contains unknown field `naam`"),
        ("PATCH", WHO, {"traits": {}, "Anna Kanarie": 1}, "$: not one of the values"),
        ("POST", f"{V1}/customers", {"shops": ["s1"], "cards": [card]}, "$.cards[0].value: Expected `str`"),
        ("POST", f"{V1}/customers", b"Kanarie", "$: the body is no JSON"),
        ("GET", f"{V1}/customers?limit=900", b"", "query.limit: Expected `int` <= 200"),
        ("GET", f"{V1}/customers/Kanarie", b"", "path.customer_id: Expected `str` matching regex"),
    ):
        body = sent if isinstance(sent, bytes) else json.dumps(sent).encode()
        answer = await desk.client.request(method, path, content=body, headers={"idempotency-key": "a"})
        assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST")
        assert answer.json()["hint"].startswith(hint), answer.text
        assert "Kanarie" not in answer.text


async def test_lists_go_on_where_they_ended(desk: Desk) -> None:
    for number in range(5):
        await desk.ask("POST", f"{V1}/customers", json={"shops": ["s1"], "ref": f"L-{number}"})
    ids, cursor = [], ""
    while True:
        page = await desk.ask("GET", f"{V1}/customers", params={"limit": 2, "cursor": cursor})
        ids += page["items"]
        if page["next"] is None:
            break
        cursor = page["next"]
    assert len(ids) == len(set(ids)) == 6
    first = (await desk.ask("GET", f"{V1}/customers", params={"limit": 2}))["next"]
    for wrong in ("nonsense", first + "~~~~", first + "="):
        bad = await desk.client.get(f"{V1}/customers", params={"cursor": wrong})
        assert (bad.status_code, bad.json()["code"]) == (400, "BAD_CURSOR"), wrong


async def test_points_move_by_a_line_that_counts_once(desk: Desk) -> None:
    move = {"instrument": "points", "delta": 30}
    assert (await desk.client.post(f"{WHO}/ledger", json=move)).json()["code"] == "NO_KEY"
    for _ in range(2):
        said = await desk.ask("POST", f"{WHO}/ledger", json=move, headers={"idempotency-key": "a"})
        assert said == {"instrument": "points", "balance": 150}
    little = {"instrument": "points", "delta": -200}
    no = await desk.client.post(f"{WHO}/ledger", json=little, headers={"idempotency-key": "b"})
    assert (no.status_code, no.json()["code"]) == (422, "NOT_ENOUGH")
    (total,) = desk.hub.db.reader.execute(
        "SELECT sum(delta) FROM ledger WHERE instrument='points'"
    ).fetchone()
    assert total == 150
    none = await desk.client.patch(WHO, json={"traits": {"points": {"balance": 9}}})
    assert none.json()["code"] == "NOT_A_LINE"


async def test_a_consent_is_given_as_it_was_seen_and_withdrawn_always(desk: Desk) -> None:
    path = f"{WHO}/consents/profiling/{HERE}"
    given = await desk.ask("PUT", path, json={"state": "given"})
    assert (given["gen"], given["state"]) == (1, "given")
    assert (await desk.ask("PUT", path, json={"state": "withdrawn"}))["state"] == "withdrawn"
    stale = await desk.client.put(path, json={"state": "given", "gen": 1, "seen": "given"})
    assert (stale.status_code, stale.json()["code"]) == (409, "CONSENT_CHANGED")
    again = await desk.ask("PUT", path, json={"state": "given", "gen": 1, "seen": "withdrawn"})
    assert (again["gen"], again["state"]) == (2, "given")


async def test_who_never_agreed_to_save_gets_no_points_until_a_program_says_that_they_did(desk: Desk) -> None:
    new: dict[str, Any] = {"shops": ["s1"], "ref": "K-9", "traits": {"points": {"balance": 5}}}
    no = await desk.client.post(f"{V1}/customers", json=new)
    assert (no.status_code, no.json()["code"]) == (422, "NO_AGREEMENT")
    made = await desk.ask("POST", f"{V1}/customers", json=new | {"traits": {}})
    path = f"{V1}/customers/{made['id']}/consents/saving/{HERE}"
    before = parts(desk.hub)
    given = [await desk.ask("PUT", path, json={"state": "given"}) for _ in range(2)]
    assert given[0] == given[1]
    assert (given[0]["basis"], given[0]["state"], given[0]["gen"]) == ("agreement", "given", 1)
    assert parts(desk.hub) == before + 1
    assert (await desk.client.put(path, json={"state": "withdrawn"})).json()["code"] == "NO_CONSENT"
    law = await desk.client.put(path.replace("saving", "receipts"), json={"state": "given"})
    assert (law.status_code, law.json()["code"]) == (422, "NO_CONSENT")


async def test_an_agreement_that_ran_out_is_renewed_and_an_import_knows_that_it_ran_out(desk: Desk) -> None:
    path, now_ms = f"{WHO}/consents/saving/{HERE}", desk.hub.now_ms()
    line = rows.Balance(2, "", ANNA.hex(), points=150)
    said = [
        await desk.ask("PUT", path, json={"state": "given"} | until)
        for until in ({"until_ms": 5}, {"until_ms": 5}, {"until_ms": now_ms + 60_000}, {}, {})
    ]
    assert [each["until_ms"] for each in said] == [5, 5, now_ms + 60_000, None, None]
    assert [each["gen"] for each in said] == [2, 2, 3, 4, 4]
    assert put.judge_balance(desk.hub.db.reader, desk.hub.keys, line, now_ms=now_ms) == "changed"
    await desk.ask("PUT", path, json={"state": "given", "until_ms": 5})
    with pytest.raises(Refused, match="agreement"):
        put.judge_balance(desk.hub.db.reader, desk.hub.keys, line, now_ms=now_ms)


async def test_a_lost_card_is_blocked_and_a_customer_forgotten(desk: Desk) -> None:
    await desk.ask("POST", f"{V1}/cards/block", json={"kind": "number", "value": "LOYALTY-0001"})
    assert (await desk.ask("GET", WHO))["cards"][0]["state"] == "blocked"
    await desk.ask("DELETE", WHO)
    assert (await desk.client.get(WHO)).status_code == 404


async def test_everything_of_a_customer_stands_on_one_line_with_its_channel(desk: Desk) -> None:
    box, centre = desk.centre.box, desk.centre
    for number in range(3):
        body = {"visit_id": "07", "customer_id": ANNA.hex()}
        box.happened(kind="greeted", body=json.dumps(body).encode())
        at = {"at_ms": 1000 * number}
        order = {"channel": "web", "number": f"W-{number}", "state": "sent", "total_cents": 100} | at
        await desk.ask("PUT", f"{WHO}/orders", json=order)
    await desk.ask("PUT", f"{WHO}/orders", json=order | {"channel": "pos", "state": "bought", "shop": "s1"})
    await desk.ask("PUT", f"{WHO}/orders", json=order | {"state": "returned"})  # the same order, told again
    await centre.agent.once()
    whole = await desk.ask("GET", f"{WHO}/timeline")
    assert whole["next"] is None
    channels = [each["channel"] for each in whole["items"]]
    assert sorted(channels) == ["hq", "hq", "pos", "store", "store", "store", "web", "web", "web"]
    assert [each["at_ms"] for each in whole["items"]] == sorted(
        (each["at_ms"] for each in whole["items"]), reverse=True
    )
    bits: list[Any] = []
    cursor = ""
    while cursor is not None:
        page = await desk.ask("GET", f"{WHO}/timeline", params={"limit": 2, "cursor": cursor})
        bits += page["items"]
        cursor = page["next"]
    assert bits == whole["items"]
    assert b"W-2" not in (centre.state / "hub/hub.db").read_bytes()


async def test_what_headquarters_moves_stands_on_that_line_as_far_as_there_is_a_basis(desk: Desk) -> None:
    move = {"instrument": "points", "delta": 30}
    await desk.ask("POST", f"{WHO}/ledger", json=move, headers={"idempotency-key": "a"})
    counted = [rows.Balance(2, "", ANNA.hex(), points=40)]

    def put_them(conn: Connection, number: int, some: list[rows.Balance]) -> list[Moved]:
        return put.put_balances(conn, desk.hub.keys, number, found=some, now_ms=desk.hub.now_ms())

    number = await imports.take(desk.hub, "balances", counted, put_them)
    assert (await imports.take_back(desk.hub, number)).rows == 1

    async def line() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await desk.ask("GET", f"{WHO}/timeline"))["items"]
        assert {(each["channel"], each["kind"]) for each in items} == {("hq", "wallet_moved")}
        return items

    points = [each["about"] for each in await line() if each["about"]["instrument"] == "points"]
    assert sorted((each["why"], each["delta"]) for each in points) == [
        ("correction", -110),
        ("correction", 30),
        ("correction", 110),
        ("opening", 120),
    ]
    await desk.hub.db.apply(lambda c: c.execute("UPDATE consent SET state='withdrawn'"))
    assert not any("about" in each for each in await line())


async def test_hex_is_taken_in_either_case_and_answered_in_lower_case(desk: Desk) -> None:
    loud = f"{V1}/customers/{ANNA.hex().upper()}"
    assert loud != WHO
    assert (await desk.ask("GET", loud))["id"] == ANNA.hex()
    move = {"instrument": "points", "delta": 30}
    said = [
        await desk.ask("POST", f"{each}/ledger", json=move, headers={"idempotency-key": "a"})
        for each in (loud, WHO)
    ]
    assert said == [{"instrument": "points", "balance": 150}] * 2
    coat = {"title": "Regenjas", "price_cents": 8_995, "colour": "#AABBCC"}
    put_in = await desk.ask("PUT", f"{V1}/products/jas-1", json=coat)
    assert put_in == await desk.ask("GET", f"{V1}/products/jas-1") == coat | {"colour": "#aabbcc"}
    hook = (await desk.ask("POST", f"{V1}/webhooks", json={"url": "https://crm.example/in"}))["id"]
    spelt = f"{V1}/webhooks/wh_{hook.removeprefix('wh_').upper()}"
    assert (await desk.ask("POST", f"{spelt}/rotate"))["id"] == hook
    await desk.ask("POST", f"{spelt}/resume")
    await desk.ask("DELETE", spelt)
    assert (await desk.ask("GET", f"{V1}/webhooks"))["items"] == []


async def test_an_order_that_lies_ready_and_a_wish_list_reach_the_shop(desk: Desk) -> None:
    before = parts(desk.hub)
    ready = {"channel": "web", "number": "W-9", "state": "ready", "at_ms": 5, "shop": "s1", "place": "kast 3"}
    await desk.ask("PUT", f"{WHO}/orders", json=ready)
    assert parts(desk.hub) == before + 1
    await desk.ask("PUT", f"{WHO}/orders", json=ready)
    assert parts(desk.hub) == before + 1
    traits = (await desk.ask("GET", WHO))["traits"]
    assert traits["pickup"]["value"]["orders"] == [
        {"channel": "web", "number": "W-9", "since_ms": 5, "shop": "s1", "place": "kast 3"}
    ]
    await desk.ask("PUT", f"{WHO}/orders", json=ready | {"state": "picked_up"})
    assert (await desk.ask("GET", WHO))["traits"]["pickup"]["value"] == {"orders": []}
    await desk.ask("PUT", f"{WHO}/wishlist", json={"items": ["jas-1", "jas-1"]})
    assert parts(desk.hub) == before + 3
    unknown = await desk.client.put(f"{WHO}/wishlist", json={"items": ["no-such"]})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "UNKNOWN_PRODUCT")


async def test_products_and_counts_change_by_their_numbers(desk: Desk) -> None:
    new = {"title": "Trui", "price_cents": 4_500, "sizes": ["M"]}
    await desk.ask("PUT", f"{V1}/products/trui-1", json=new)
    assert (await desk.ask("GET", f"{V1}/products/trui-1"))["sizes"] == ["M"]
    stock = f"{V1}/shops/s1/stock/trui-1"
    await desk.ask("PUT", stock, json={"count": 4})
    assert (await desk.ask("GET", stock))["count"] == 4
    await desk.ask("DELETE", f"{V1}/products/trui-1")
    assert (await desk.client.get(f"{V1}/products/trui-1")).json()["code"] == "UNKNOWN_PRODUCT"
    assert (await desk.client.put(f"{V1}/shops/no/stock/jas-1", json={"count": 1})).json()[
        "code"
    ] == "UNKNOWN_SHOP"


async def test_who_asks_too_often_is_told_when_to_come_back(desk: Desk) -> None:
    last = None
    for _ in range(200):
        last = await desk.client.get(f"{V1}/imports")
        if last.status_code == 429:
            break
    assert last is not None
    assert (last.status_code, last.json()["code"]) == (429, "TOO_OFTEN")
    assert int(last.headers["retry-after"]) >= 1


async def test_who_guesses_tokens_is_refused_without_a_look_into_the_database_and_hinders_nobody(
    desk: Desk,
) -> None:
    reader, asked = desk.hub.db.reader, list[str]()
    assert isinstance(reader, sqlite3.Connection)
    await desk.ask("GET", f"{V1}/imports")
    reader.set_trace_callback(asked.append)
    wrong = {"authorization": "Bearer x"}
    statuses = [(await desk.client.get(f"{V1}/imports", headers=wrong)).status_code for _ in range(200)]
    assert statuses[0] == 401
    assert statuses[-1] == 429
    assert len(asked) == statuses.count(401)
    await desk.ask("GET", f"{V1}/imports")
