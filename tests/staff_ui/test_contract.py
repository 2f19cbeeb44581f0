"""Whatever is asked of the appliance by its own OpenAPI document, nothing breaks it."""

import re
from collections import Counter
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from tests.contract import Asked, asked
from tests.described import Described
from tests.staff_ui.house import Place, open_place, own_token, sign_in
from tests.staff_ui.opened import MovedClock

CARD: Final = "2900000000011"


def fuzzed(state: Path, *, examples: int, every: int = 1) -> Asked:
    """The answers of a shop to a tablet where a manager is signed in; every second case is about somebody present.

    Whoever it signs out or unpairs comes back, and a customer who said no, or whose visit ended, taps anew.
    """
    clock = MovedClock()
    clock.at_hour(10)
    with open_place(state, clock=clock) as place:
        place.staff(role="manager")
        place.de_vries(CARD)
        tablet = place.signed_in()
        document = tablet.get("/schema/openapi.json").json()
        own = [own_token(tablet.get("/store").text)]

        def ours(case: Any, turn: int) -> httpx.Auth | None:
            if not _is_in(tablet):
                _come_back(place, tablet)
                own[0] = own_token(tablet.get("/store").text)
            if case.method.upper() == "POST" and (turn % 2 == 0 or isinstance(case.body, dict)):
                fields = case.body if isinstance(case.body, dict) else {}
                case.body = {**fields, "own": own[0]}
            if turn % 2 == 0 and "visit" in case.path_parameters:
                case.path_parameters["visit"] = _visit(place)
            return None

        found = asked(document, tablet, examples=examples, every=every, ours=ours)
        assert [event for event, _ in place.events if event == "page_failed"] == []
        return found


def _is_in(tablet: httpx.Client) -> bool:
    return tablet.get("/store").status_code == 200


def _come_back(place: Place, tablet: httpx.Client) -> None:
    """A tablet of the shop again, with somebody signed in who does not practise."""
    tablet.cookies.clear()
    place.clock.both_by_ms += 20 * 60_000  # whatever was locked for wrong tries is open again
    assert tablet.get(f"/pair/{place.pair_code()}").status_code == 303
    assert sign_in(tablet).status_code == 303


def _visit(place: Place) -> str:
    """The visit that is open, in hex; somebody new where the last one is not recognised any more."""
    open_ = "SELECT hex(id) FROM visit WHERE ended_ms IS NULL ORDER BY started_ms DESC LIMIT 1"
    place.clock.both_by_ms += 3_000  # the same card within two seconds is one hold of it
    place.tap(CARD)
    if not (found := place.rows(open_)):
        card = f"29{place.now_ms():011d}"
        place.de_vries(card)
        place.tap(card)
        found = place.rows(open_)
    return str(found[0][0]).lower()


@pytest.mark.parametrize("who", ["staff", "part of a page", "stranger", "nobody", "program"])
def test_every_address_answers_as_the_document_says_whoever_asks(tmp_path: Path, who: str) -> None:
    with open_place(tmp_path) as place:
        place.staff(role="manager")
        client = {"stranger": place.browser, "nobody": place.tablet, "program": place.tablet}.get(
            who, place.signed_in
        )()
        client.headers["accept"] = "application/json" if who == "program" else "text/html"
        if who == "part of a page":
            client.headers["hx-request"] = "true"
        document = client.get("/schema/openapi.json").json()
        described, seen = Described(document), Counter[int]()
        asked = [(method, path) for path, item in document["paths"].items() for method in item]
        for method, path in sorted(
            asked, key=lambda each: each[1] in ("/signout", "/manage/end", "/join/start")
        ):
            address = re.sub(r"\{\w+\}", "00" * 16, path)
            with client.stream(method, address, data={} if method == "post" else None) as answer:
                media = answer.headers.get("content-type", "").partition(";")[0]
                body = b"poke" if media == "text/event-stream" else answer.read()
            described.check(method, address, answer.status_code, media, body)
            seen[answer.status_code] += 1
        assert len(asked) == seen.total() > 90
        assert set(seen) >= {200, {"stranger": 403, "nobody": 303, "program": 401}.get(who, 410)}


def test_the_appliance_answers_everything_that_its_document_allows_and_more(tmp_path: Path) -> None:
    found = fuzzed(tmp_path, examples=1, every=30)
    assert 200 in found.answers
