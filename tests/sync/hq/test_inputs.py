"""What no document allows is refused at every address of the hub as what it is, and nothing breaks by it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from edge.importing import people
from edge.importing.stream import Json
from edge.kit.clock import LATEST_MS
from edge.kit.errors import Refused
from sync.hub.bodies import MOST_DEEP
from sync.hub.hq import put
from sync.hub.values import DEPTH
from tests.sync.centre import HERE
from tests.sync.hq.desk import WHO, Desk

pytestmark = pytest.mark.anyio
IN_A_PATH = {"customer_id": WHO.rpartition("/")[2], "number": "1", "shop": "s1"}


def bare(desk: Desk) -> httpx.AsyncClient:
    """A client without a token, whose answers are of methods that no document tells of."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=desk.hub.inside), base_url="http://hub.test")


def at(path: str) -> str:
    return re.sub(r"\{(\w+?)(?::\w+)?\}", lambda found: IN_A_PATH.get(found[1], "x1"), path)


def nested(deep: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(deep - 1):
        value = [value]
    return value


def deep_bodies() -> Iterator[bytes]:
    """Too deep for a stack, for a struct of one field that goes on below, and by one for the rule alone."""
    endless = b"[" * 100_000 + b"]" * 100_000
    yield endless
    yield b'{"traits": {"name": ' + endless + b"}}"
    yield json.dumps({"traits": {"name": nested(MOST_DEEP - 1)}}).encode()


async def test_every_address_says_which_methods_it_takes_and_breaks_at_none(desk: Desk) -> None:
    tokens: tuple[dict[str, str], ...] = ({}, {"authorization": desk.client.headers["authorization"]})
    async with bare(desk) as client:
        for path in sorted({each.path for each in desk.hub.inside.routes}):
            for headers in tokens:
                answer = await client.options(at(path), headers=headers)
                assert answer.status_code == 204, (path, answer.text)
                methods = set(answer.headers["allow"].split(", "))
                for method in ("HEAD", "TRACE", "PROPFIND"):
                    answer = await client.request(method, at(path), headers=headers)
                    assert answer.status_code == 405, (method, path, answer.text)
                    assert set(answer.headers["allow"].split(", ")) == methods > {"OPTIONS"}, path


async def test_a_body_that_nests_without_end_is_refused_by_every_operation(desk: Desk) -> None:
    document = (await desk.client.get("/schema/openapi.json")).json()
    asked = 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if "requestBody" not in operation:
                continue
            for body in deep_bodies():
                heads = {"content-type": "application/json", "idempotency-key": "a"}
                answer = await desk.client.request(method, at(path), content=body, headers=heads)
                if path.startswith("/sync/"):
                    assert answer.status_code in (400, 401, 429), (method, path, answer.text)
                    continue
                asked += 1
                assert (answer.status_code, answer.json()["code"]) == (400, "BAD_REQUEST"), (method, path)
                assert answer.json()["hint"].startswith(f"$: it nests deeper than {MOST_DEEP}"), answer.text
    assert asked > 20


SAID: list[tuple[str, dict[str, Any], str]] = [
    ("a day that there is not", {"traits": {"birthday": {"month": 2, "day": 30}}}, "BAD_TRAIT"),
    ("a NUL in a name", {"traits": {"name": {"call": "Bo\0"}}}, "BAD_TRAIT"),
    ("a name of spaces", {"traits": {"name": {"call": "  "}}}, "BAD_TRAIT"),
    ("a member that goes on", {"traits": {"name": {"call": "Bo", "x": nested(DEPTH)}}}, "BAD_TRAIT"),
    ("a NUL in a number", {"ref": "K\0"}, "BAD_REQUEST"),
    ("a number and a line break", {"ref": "K-1\n"}, "BAD_REQUEST"),
    ("a shop and a line break", {"shops": ["s1\n"]}, "BAD_REQUEST"),
    ("a UID that is new at each tap", {"cards": [{"kind": "uid", "value": "08:AA:BB:CC"}]}, "BAD_CREDENTIAL"),
    ("a UID that is none", {"cards": [{"kind": "uid", "value": "LOYALTY-1"}]}, "BAD_CREDENTIAL"),
    ("a NUL in a card", {"cards": [{"kind": "number", "value": "L\0-1"}]}, "BAD_CREDENTIAL"),
    ("another kind of card", {"cards": [{"kind": "number", "value": "uid:04aabbcc"}]}, "BAD_CREDENTIAL"),
    ("a yes of 1970", {"consents": [{"purpose": "saving", "recipient": HERE, "until_ms": 5}]}, "BAD_UNTIL"),
]
FINE: list[dict[str, Any]] = [
    {"traits": {"birthday": {"month": 2, "day": 29}, "name": {"call": "Zoë 👩‍👧", "later": [[{}]]}}},
    {"cards": [{"kind": "uid", "value": "08:AA:BB:CC:DD:EE:FF"}, {"kind": "number", "value": "]C1\x1d9"}]},
    {"cards": [{"kind": "number", "value": "number:L-1"}, {"kind": "number", "value": "L-1"}]},
    {"consents": [{"purpose": "saving", "recipient": HERE, "until_ms": LATEST_MS}]},
]


def at_once(given: dict[str, Any], ref: str) -> dict[str, Any]:
    return {"shops": ["s1"], "ref": ref} | given


def imported(desk: Desk, line: dict[str, Any]) -> str:
    """What an import says of a line of JSON; raises Refused, as it refuses the line."""
    made = people.customer(Json(1, json.dumps(line).encode()))
    if isinstance(made, list):
        raise Refused(made[0].what, code="BAD_REQUEST", hint="")
    return put.judge_customer(desk.hub.db.reader, desk.hub.keys, made, now_ms=desk.hub.now_ms())


async def test_a_file_and_a_program_are_refused_the_same_customers_and_taken_the_same(desk: Desk) -> None:
    for at_, (what, given, code) in enumerate(SAID):
        line = at_once(given, f"W-{at_}")
        answer = await desk.client.post("/api/v1/customers", json=line)
        assert answer.json().get("code") == code, (what, answer.text)
        with pytest.raises(Refused) as refused:
            imported(desk, line)
        assert refused.value.code in (code, "BAD_REQUEST"), what
    for at_, given in enumerate(FINE):
        line = at_once(given, f"F-{at_}")
        assert imported(desk, line) == "new", line
        answer = await desk.client.post("/api/v1/customers", json=line)
        assert answer.status_code == 201, (line, answer.text)


async def test_a_consent_is_not_given_until_an_instant_that_is_over(desk: Desk) -> None:
    path = f"{WHO}/consents/profiling/{HERE}"
    told = desk.hub.db.reader.execute("SELECT count(*) FROM consent WHERE purpose = 'profiling'")
    before = told.fetchone()
    answer = await desk.client.put(path, json={"state": "given", "until_ms": desk.hub.now_ms()})
    assert (answer.status_code, answer.json()["code"]) == (422, "BAD_UNTIL")
    told = desk.hub.db.reader.execute("SELECT count(*) FROM consent WHERE purpose = 'profiling'")
    assert told.fetchone() == before
