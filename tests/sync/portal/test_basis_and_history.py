"""A clock put back revives no consent on the page; a card that became somebody's brings its history along."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sync.hub import merging
from tests.sync.centre import KEYS
from tests.sync.portal.place import ANNA, BRAM, Place, open_place, own_token

HOUR_MS = 3_600_000


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub") as opened:
        yield opened
        assert [each for each in opened.said if each[0] == "request_died"] == []


def test_a_yes_that_expired_stays_expired_on_every_page_though_the_clock_was_put_back(place: Place) -> None:
    place.add(until_ms=place.hub.now_ms() + HOUR_MS)
    phone = place.inside()

    def seen() -> tuple[bool, ...]:
        data, page = phone.get("/portal/data").text, phone.get("/portal").text
        return (
            "Niets: hier wordt u niet herkend." in data,
            'name="day"' not in data,
            "Stop met herkennen" not in page,
            "ConsentExpired" in phone.get("/portal/download").text,
        )

    assert seen() == (False,) * 4
    place.clock.by_ms += 2 * HOUR_MS
    assert seen() == (True,) * 4
    place.clock.by_ms -= 2 * HOUR_MS
    assert seen() == (True,) * 4
    phone.post("/portal/correct", data={"own": own_token(phone.get("/portal").text), "name": "Toch"})
    assert place.rows("SELECT count(*) FROM happening") == [(0,)]


def test_what_a_card_did_before_it_became_theirs_is_on_their_page_and_in_their_copy_until_an_undo(
    place: Place,
) -> None:
    place.add()
    place.add(BRAM, number="2", purposes=("saving",), points={"balance": 0})
    for whose, points in ((ANNA, 5), (BRAM, 7)):
        body = {"customer_id": whose.hex(), "instrument": "points", "delta": points, "why": "purchase"}
        place.sends("wallet_moved", {"line_id": f"{points:032x}", **body})

    def merge(conn: Any) -> None:
        merging.merged(conn, KEYS, BRAM, ANNA, why="bound", shop_id="s1", now_ms=place.hub.now_ms())

    def copied() -> tuple[list[int], int]:
        found = phone.get("/portal/download").json()["content"]
        lines = [each["delta"] for each in found["ledger"] if each["why"] != "opening"]
        return sorted(lines), len(found["history"])

    phone = place.inside()
    assert copied() == ([5], 1)
    place.run(place.hub.db.apply(merge))
    assert copied() == ([-7, 5, 7, 7], 2)
    ((merge_id,),) = place.rows("SELECT id FROM merge")
    place.run(place.hub.change(merging.undo, KEYS, bytes(merge_id), now_ms=place.hub.now_ms()))
    assert sum(copied()[0]) == 5
    assert copied()[1] == 1
