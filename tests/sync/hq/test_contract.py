"""Whatever is asked of the hub by its own OpenAPI document, nothing breaks it."""

from pathlib import Path

import httpx

from sync.hub.hq import limits, tokens
from tests.contract import asked
from tests.sync.portal.place import Place, open_place


def with_a_token(place: Place) -> httpx.Client:
    """A program that may do everything."""
    token = place.run(
        place.hub.db.apply(tokens.make, "any", scopes=tokens.SCOPES, now_ms=place.clock.wall_ms())
    )
    client = place.phone()
    client.headers["authorization"] = f"Bearer {token}"
    return client


def fuzzed(state: Path, *, examples: int, every: int = 1) -> dict[int, int]:
    """The answers of a hub with a customer; its clock runs ahead, so that nobody asks too often."""
    with open_place(state) as place:
        place.add()
        client = with_a_token(place)
        document = client.get("/schema/openapi.json").json()
        step_ms = 60_000 // limits.A_MINUTE

        def on(request: httpx.Request) -> None:
            place.clock.by_ms += step_ms

        client.event_hooks["request"].append(on)
        found = asked(document, client, examples=examples, every=every)
        assert [event for event, _ in place.said if event == "request_died"] == []
        return found


def test_the_hub_answers_everything_that_its_document_allows_and_more(tmp_path: Path) -> None:
    found = fuzzed(tmp_path, examples=2, every=6)
    assert set(found) & {200, 201, 204}
    assert set(found) & {400, 404, 422}
