"""Whatever is asked of the hub by its own OpenAPI document, nothing breaks it."""

from collections import Counter
from pathlib import Path
from typing import Any

import httpx
import pytest

from sync.hub.hq import limits, tokens
from sync.signing import DeviceAuth
from tests.contract import Asked, asked
from tests.sync.centre import ANNA, BRAM, DEVICE_KEY
from tests.sync.hq.desk import Desk
from tests.sync.portal.place import Place, open_place


def with_a_token(place: Place) -> httpx.Client:
    """A program that may do everything."""
    token = place.run(
        place.hub.db.apply(tokens.make, "any", scopes=tokens.SCOPES, now_ms=place.clock.wall_ms())
    )
    client = place.phone()
    client.headers["authorization"] = f"Bearer {token}"
    return client


def fuzzed(
    state: Path, *, examples: int, every: int = 1, told: Counter[tuple[str, int]] | None = None
) -> Asked:
    """The answers of a hub with two customers; its clock runs ahead, so that nobody asks too often.

    Every second case is about one of them, and signed by the shop's box where boxes ask. `told` counts by room.
    """
    with open_place(state) as place:
        place.add()
        place.add(BRAM, number="2")
        box = DeviceAuth("box-1", DEVICE_KEY, wall_ms=place.clock.wall_ms)

        def ours(case: Any, turn: int) -> httpx.Auth | None:
            if case.query.get("wait"):
                case.query["wait"] = 0  # what is new is not what this is about
            if turn % 2:
                return None
            if "customer_id" in case.path_parameters:
                who = BRAM if case.method.upper() == "DELETE" else ANNA
                case.path_parameters["customer_id"] = who.hex()
            return box if case.path.startswith("/sync/") else None

        client = with_a_token(place)
        document = client.get("/schema/openapi.json").json()
        step_ms = 60_000 // limits.A_MINUTE

        def on(request: httpx.Request) -> None:
            place.clock.by_ms += step_ms

        def back(response: httpx.Response) -> None:
            if told is not None:
                told[response.request.url.path.split("/")[1], response.status_code] += 1

        client.event_hooks["request"].append(on)
        client.event_hooks["response"].append(back)
        found = asked(document, client, examples=examples, every=every, ours=ours)
        assert [event for event, _ in place.said if event == "request_died"] == []
        return found


def test_the_hub_answers_everything_that_its_document_allows_and_more(tmp_path: Path) -> None:
    told = Counter[tuple[str, int]]()
    found = fuzzed(tmp_path, examples=2, every=6, told=told)
    assert set(found.answers) & {200, 201, 204}
    assert set(found.answers) & {400, 404, 422}
    assert {status for room, status in told if room == "sync"} - {401}, told  # as far as the handlers


@pytest.mark.anyio
async def test_every_refusal_is_described_as_a_problem_and_every_answer_by_its_own_shape(desk: Desk) -> None:
    document = (await desk.client.get("/schema/openapi.json")).json()
    every = {
        (method, path): each for path, item in document["paths"].items() for method, each in item.items()
    }
    for where, each in every.items():
        refusals = {
            status: told["content"] for status, told in each["responses"].items() if "content" in told
        }
        assert "503" in refusals, where
        assert where[1] == "/healthz" or {"401", "403", "429"} <= set(refusals), where
        for status in (status for status in refusals if status >= "400"):
            assert set(refusals[status]) == {"application/problem+json"}, where
    moved = every["post", "/api/v1/customers/{customer_id}/ledger"]
    for told, shape in ((every["post", "/api/v1/customers"], "Made"), (moved, "Balance")):
        found = told["responses"]["201"]["content"]["application/json"]["schema"]
        assert found == {"$ref": f"#/components/schemas/{shape}"}
    (key,) = (each for each in moved["parameters"] if each["in"] == "header")
    assert (key["name"], key["required"]) == ("Idempotency-Key", True)
