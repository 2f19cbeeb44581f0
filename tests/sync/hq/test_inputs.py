"""What no document allows is refused at every address of the hub as what it is, and nothing breaks by it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from sync.hub.bodies import MOST_DEEP
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
                for method in ("HEAD", "TRACE", "PROPFIND"):
                    answer = await client.request(method, at(path), headers=headers)
                    assert answer.status_code == 405, (method, path, answer.text)
                    assert {"GET", "POST", "PUT", "PATCH", "DELETE"} & set(
                        answer.headers["allow"].split(", ")
                    )


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
