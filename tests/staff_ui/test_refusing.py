"""Who says no to everything saves and redeems all the same; and a no is never harder than a yes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from edge.config import Shop
from edge.joining.rules import ASKED
from tests.staff_ui.house import Place, open_place, own_token
from tests.staff_ui.opened import MovedClock
from tests.staff_ui.purses import hold, send
from tests.staff_ui.test_join import fill, note_of, step

CARD = "MEMBER-77"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    clock = MovedClock()
    clock.at_hour(10)
    with open_place(tmp_path, clock=clock, shop=Shop(stamps=2, reward="een mok")) as opened:
        opened.staff()
        yield opened
        assert [event for event in opened.events if event[0] == "page_failed"] == []


def test_who_refuses_everything_saves_and_redeems_with_their_card(place: Place) -> None:
    tablet = place.signed_in()
    place.phone(CARD, key_id="00000002")
    start = tablet.get(f"/join/start?note={note_of(place)}").text
    note = start.split('name="note" value="', 1)[1].split('"', 1)[0]
    tablet.post("/join/start", data={"own": own_token(start), "note": note})
    page = tablet.get("/join").text
    # Each yes is one touch of its own, none is there before, and a no takes none.
    for purpose in ASKED:
        (box,) = re.findall(rf'<input type="checkbox" name="{purpose}"[^>]*>', page)
        assert "checked" not in box
    assert step(fill(tablet, "next")) == "check"
    assert step(fill(tablet, "keep")) == "kept"
    assert place.rows("SELECT purpose FROM main.consent") == [("saving",)]
    (body,) = place.rows("SELECT body FROM outbox WHERE kind='customer_joined'")[0]
    refused = body.decode().split('"refused":', 1)[1]
    assert all(f'"purpose":"{purpose}"' in refused for purpose in ASKED)
    assert '"how":"tablet"' in refused
    tablet = place.signed_in()
    for stamps in (1, 2):
        place.clock.both_by_ms += 3_000
        path = hold(place, tablet, CARD)
        assert "1 stempel erbij." in send(tablet, path, "stamp").text, stamps
    assert "Geef nu: een mok" in send(tablet, path, "full").text
    assert place.rows("SELECT delta, why FROM ledger ORDER BY seq")[-1] == (-2, "reward")
    assert place.rows("SELECT 1 FROM visit") == []


def test_stopping_at_the_tablet_takes_no_more_touches_than_saying_yes_there(place: Place) -> None:
    place.de_vries()
    place.tap("2900000000011")
    tablet = place.signed_in()
    ((visit,),) = place.rows("SELECT id FROM visit")
    assert f'href="/visits/{visit.hex()}/stop"' in tablet.get("/visits").text
    question = tablet.get(f"/visits/{visit.hex()}/stop").text
    (form,) = re.findall(
        r'<form class="acts" method="post" action="/visits/\w+/stop">.*?</form>', question, re.DOTALL
    )
    stop = 1 + form.count("<button")  # to the question, and yes to it
    give = 1 + 1 + 1  # the box, "klaar", "bevestigen"
    assert stop <= give
    assert 'type="text"' not in form
    assert "<select" not in form


def test_under_sixteen_a_parent_says_yes_by_name_and_nobody_to_advice(place: Place) -> None:
    tablet = place.signed_in()
    start = tablet.get("/join/start").text
    tablet.post("/join/start", data={"own": own_token(start), "note": ""})
    asked = {"name": "Joris", "recognition": "1", "profiling": "1", "young": "1"}
    page = fill(tablet, "next", **asked)
    assert step(page) == "ask"
    assert "Onder de 16 zegt een ouder ja." in page
    assert 'name="parent"' in page
    page = fill(tablet, "next", **asked, parent="mevrouw De Vries")
    assert step(page) == "check"
    assert "Dat mevrouw De Vries ja zei" in page
    assert "Wat u koopt</dt>" not in page
    assert step(fill(tablet, "keep")) == "kept"
    assert place.rows("SELECT purpose FROM main.consent") == [("recognition",)]
    (body,) = place.rows("SELECT body FROM outbox WHERE kind='customer_joined'")[0]
    assert b'"by":"parent"' in body
    assert b"Vries" not in body
    names = place.rows("SELECT name, until_ms FROM replica.trait ORDER BY name")
    assert [name for name, _ in names] == ["age_band", "guardian", "name", "since"]
    assert [until_ms for _, until_ms in names][:2] == [None, None]
