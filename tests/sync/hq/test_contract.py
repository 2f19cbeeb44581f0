"""Whatever is asked of the hub by its own OpenAPI document, nothing breaks it."""

from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import httpx
import msgspec
import pytest

from edge.elsewhere import sealed_for_hub
from edge.recognition.rules import hashes
from sync import wire
from sync.hub.hq import limits, tokens
from sync.receipt import Receipt, signed
from sync.signing import DeviceAuth
from tests.contract import Asked, asked
from tests.sync.centre import ANNA, BRAM, DEVICE_KEY, KEYS, SHOP_KEY
from tests.sync.hq.desk import Desk
from tests.sync.portal.place import Place, open_place

SIGNED: Final = {
    f"/sync/v1/{name}" for name in ("events", "receipt", "enrol", "status", "guest", "page", "own")
}
WRITES: Final = ("post", "put", "patch")
TO_ANYBODY: Final = {"/healthz", "/portal/keys"}
BODILESS: Final = {
    "/api/v1/imports/{number}/undo",
    "/api/v1/webhooks/{hook}/rotate",
    "/api/v1/webhooks/{hook}/resume",
}


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

    Every second case is about one of them, and signed by the shop's box where boxes ask. What carries a signed body
    is always asked, and always signed. `told` counts the answers to bodies, by path.
    """
    with open_place(state, public=True) as place:
        place.add()
        place.add(BRAM, number="2")
        box = DeviceAuth("box-1", DEVICE_KEY, wall_ms=place.clock.wall_ms)

        def ours(case: Any, turn: int) -> httpx.Auth | None:
            if case.query.get("wait"):
                case.query["wait"] = 0  # what is new is not what this is about
            if turn % 2:
                return box if case.path in SIGNED else None
            if "customer_id" in case.path_parameters:
                who = BRAM if case.method.upper() == "DELETE" else ANNA
                case.path_parameters["customer_id"] = who.hex()
            if not case.path.startswith("/sync/"):
                return None
            case.body = _of_the_box(case.body, place)
            return box

        client = with_a_token(place)
        document = client.get("/schema/openapi.json").json()
        step_ms = 60_000 // limits.A_MINUTE

        def on(request: httpx.Request) -> None:
            place.clock.by_ms += step_ms

        def back(response: httpx.Response) -> None:
            path, status = response.request.url.path, response.status_code
            if told is not None and response.request.content:
                told[path, status] += 1
            if (path, status) == (wire.EVENTS_PATH, 200):
                answer = wire.decode_answer(response.read())
                place.seq, place.hash = answer.ack.seq, bytes.fromhex(answer.hash)

        client.event_hooks["request"].append(on)
        client.event_hooks["response"].append(back)
        found = asked(document, client, examples=examples, every=every, always=SIGNED.__contains__, ours=ours)
        assert [event for event, _ in place.said if event == "request_died"] == []
        return found


def _of_the_box(body: Any, place: Place) -> Any:
    """What was generated, where it is a message at all, as of the box that signs it and of who is there."""
    if isinstance(body, list) and body and isinstance(body[0], dict) and "from_seq" in body[0]:
        first = {"device": "box-1", "epoch": 1, "from_seq": place.seq + 1, "prev_hash": place.hash.hex()}
        facts = [
            {**each, "seq": seq, "at_ms": _whole(each["at_ms"]), "body": {}, "hash": None}
            if isinstance(each, dict) and "at_ms" in each
            else each
            for seq, each in enumerate(body[1:], place.seq + 1)
        ]
        return [{**body[0], **first, "schema": wire.SCHEMA}, *facts]
    if not isinstance(body, dict):
        return body
    body = {name: _whole(value) for name, value in body.items()}
    who = BRAM if body.get("kind") == "forget" else ANNA
    card = hashes(KEYS.chain_key, SHOP_KEY, "barcode", "2")
    assert card is not None
    real = {"device": "box-1", "shop": "s1", "part": wire.urgent_part("s1"), "customer_id": who.hex()}
    real["card"] = sealed_for_hub(SHOP_KEY, "s1", card).hex()
    body |= {name: value for name, value in real.items() if name in body}
    with suppress(msgspec.ValidationError):  # else it is no receipt
        said = msgspec.convert({**body, "epoch": 1}, Receipt)
        body |= msgspec.to_builtins(signed(said, DEVICE_KEY))
    return body


def _whole(value: Any) -> Any:
    """1.0 is a whole number to JSON Schema, and to no message."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def test_the_hub_answers_everything_that_its_document_allows_and_more(tmp_path: Path) -> None:
    told = Counter[tuple[str, int]]()
    found = fuzzed(tmp_path, examples=2, every=6, told=told)
    assert set(found.answers) & {200, 201, 204}
    assert set(found.answers) & {400, 404, 422}
    behind = {path: {status for where, status in told if where == path} - {401} for path in SIGNED}
    assert all(behind.values()), behind  # past the signature, each of them
    done = {path for path, statuses in behind.items() if statuses & {200, 204}}
    assert done >= {f"/sync/v1/{name}" for name in ("events", "status", "guest", "page")}, behind


@pytest.mark.anyio
async def test_every_refusal_is_described_as_a_problem_and_every_answer_by_its_own_shape(desk: Desk) -> None:
    document = (await desk.client.get("/schema/openapi.json")).json()
    every = {
        (method, path): each for path, item in document["paths"].items() for method, each in item.items()
    }
    bare = {path for (method, path), each in every.items() if method in WRITES and "requestBody" not in each}
    assert bare == BODILESS
    assert (
        await desk.client.get("/portal/keys")
    ).status_code == 200  # held to the document, as all that is asked here
    for where, each in every.items():
        refusals = {
            status: told["content"] for status, told in each["responses"].items() if "content" in told
        }
        assert "503" in refusals, where
        assert where[1] in TO_ANYBODY or {"401", "403", "429"} <= set(refusals), where
        for status in (status for status in refusals if status >= "400"):
            assert set(refusals[status]) == {"application/problem+json"}, where
    moved = every["post", "/api/v1/customers/{customer_id}/ledger"]
    for told, shape in ((every["post", "/api/v1/customers"], "Made"), (moved, "Balance")):
        found = told["responses"]["201"]["content"]["application/json"]["schema"]
        assert found == {"$ref": f"#/components/schemas/{shape}"}
    (key,) = (each for each in moved["parameters"] if each["in"] == "header")
    assert (key["name"], key["required"]) == ("Idempotency-Key", True)
