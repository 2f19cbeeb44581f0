"""Klantmodus and a new card on a real server: locked, honest, and nothing kept before the customer confirms."""

import gc
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge import newcomers
from edge.joining.rules import Wish
from edge.kit.errors import DiskFull
from edge.staff.pins import token_hash
from staff_ui.handed import HandedTablets
from tests.kit.stores import files_with
from tests.staff_ui.house import DE_VRIES, PIN, Place, own_token, sign_in

NEW = "2900000099999"
NAME = "Wonderbaarlijk"
EVERYWHERE = ("/", "/visits", "/search", "/look", "/join/start", "/live")


def note_of(place: Place) -> str:
    return place.house.counter.notes.now()[0].key


def hand_over(place: Place, *, card: bool = True) -> httpx.Client:
    """A tablet in a customer's hands."""
    tablet = place.signed_in()
    if card:
        place.tap(NEW)
    path = f"/join/start?note={note_of(place)}" if card else "/join/start"
    start = tablet.get(path).text
    note = start.split('name="note" value="', 1)[1].split('"', 1)[0]
    assert bool(note) is card
    answer = tablet.post("/join/start", data={"own": own_token(start), "note": note})
    assert answer.headers["location"] == "/join"
    return tablet


def fill(tablet: httpx.Client, act: str, **fields: str) -> str:
    """Press a button of the customer's page; what it shows then."""
    own = own_token(tablet.get("/join").text)
    answer = tablet.post("/join", data={"own": own, "act": act, **fields})
    assert answer.headers["location"] == "/join"
    return tablet.get("/join").text


def step(page: str) -> str:
    return page.split('data-step="', 1)[1].split('"', 1)[0]


def test_a_strangers_card_leads_to_a_customer_who_is_greeted_at_once(place: Place) -> None:
    other = place.signed_in("Bram de Wit")
    tablet = hand_over(place)
    page = tablet.get("/join").text
    assert step(page) == "ask"
    assert "checked" not in page.split('name="period"')[0]  # every yes is the customer's own
    page = fill(tablet, "next", name=f" mevrouw   {NAME} ", recognition="recognition", period="stop")
    assert step(page) == "check"
    assert f"Uw naam: mevrouw {NAME}" in page
    assert place.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert step(fill(tablet, "keep")) == "kept"
    assert f"<h1>mevrouw {NAME}</h1>" in other.get("/visits").text
    assert [kind for (kind,) in place.rows("SELECT kind FROM outbox")][:2] == [
        "customer_joined",
        "visit_started",
    ]
    ended = place.rows("SELECT purpose, until_ms FROM main.consent ORDER BY purpose")
    assert ended == [("recognition", None), ("saving", None)]
    place.tap(NEW, reader="counter-2")
    assert "counter-2 · getikt" in tablet_again(tablet).get("/visits").text
    found = tablet.post("/search", data={"own": own_token(tablet.get("/search").text), "q": "wonder"})
    assert f"mevrouw {NAME}" in found.text


def tablet_again(tablet: httpx.Client) -> httpx.Client:
    assert sign_in(tablet).headers["location"] == "/"
    return tablet


def test_every_page_of_the_shop_answers_with_the_customers_page_until_a_pin(place: Place) -> None:
    place.de_vries()
    tablet = hand_over(place)
    for path in EVERYWHERE:
        answer = tablet.get(path)
        if path == "/live":
            assert answer.status_code in (401, 403)
        else:
            assert (answer.status_code, answer.headers["location"]) == (303, "/join"), path
        fetched = tablet.get(path, headers={"hx-request": "true"})
        assert fetched.headers["hx-redirect"] == "/join", path
        assert "De Vries" not in answer.text + fetched.text
    assert tablet.post("/signout", data={"own": "x"}).headers["location"] == "/join"
    wrong = sign_in(tablet, pin="0000")
    assert wrong.status_code == 422
    assert tablet.get("/").headers["location"] == "/join"
    assert sign_in(tablet).headers["location"] == "/"
    assert "Nu in de winkel" in tablet.get("/").text
    assert tablet.get("/join").headers["location"] == "/"


def test_the_session_of_whoever_handed_it_over_is_worth_nothing_any_more(place: Place) -> None:
    tablet = place.signed_in()
    session = tablet.cookies["welkom_session"]
    own = own_token(tablet.get("/join/start").text)
    tablet.post("/join/start", data={"own": own, "note": ""})
    tablet.cookies.set("welkom_session", session, domain="127.0.0.1")
    assert tablet.get("/").headers["location"] == "/join"
    assert place.rows("SELECT count(*) FROM staff_session") == [(0,)]


def test_three_idle_minutes_end_it_and_everything_typed_is_gone(place: Place) -> None:
    tablet = hand_over(place)
    fill(tablet, "next", name=NAME, recognition="recognition")
    own = own_token(tablet.get("/join").text)
    place.clock.both_by_ms += 2 * 60_000
    assert step(tablet.get("/join").text) == "check"  # a touch
    place.clock.both_by_ms += 2 * 60_000
    assert tablet.get("/join?quiet=1").status_code == 200  # the page's own clock is none
    place.clock.both_by_ms += 60_000
    late = tablet.post("/join", data={"own": own, "act": "keep"})
    assert late.status_code == 410
    assert "Er is niets bewaard." in late.text
    assert tablet.get("/join?quiet=1").headers["location"] == "/"
    assert tablet.get("/").headers["location"].startswith("/signin")
    assert NAME not in tablet.get("/signin").text
    hand_over(place)
    assert not [each for each in gc.get_objects() if isinstance(each, Wish) and each.name == NAME]
    assert place.rows("SELECT count(*) FROM outbox") == [(0,)]


@pytest.mark.parametrize("act", ["next", "nl", "never"])
def test_before_the_confirmation_no_byte_of_the_name_or_the_card_is_in_any_file(
    place: Place, tmp_path: Path, act: str
) -> None:
    tablet = hand_over(place)
    fill(tablet, act, name=NAME, recognition="recognition", profiling="profiling")
    place.run(place.house.db.scrub())
    for needle in (NAME, NEW):
        for form in (needle.encode(), needle.encode("utf-16-le"), needle.encode().hex().encode()):
            assert files_with(form, tmp_path) == []
    assert NAME not in json.dumps(place.events)
    if act == "never":
        assert "Er is niets bewaard" in tablet.get("/join").text
        assert step(fill(tablet, "keep")) == "nothing"
        assert place.rows("SELECT count(*) FROM joined") == [(0,)]


def test_after_the_confirmation_the_name_is_in_no_file_either(place: Place, tmp_path: Path) -> None:
    tablet = hand_over(place)
    fill(tablet, "next", name=NAME, recognition="recognition")
    fill(tablet, "keep")
    place.run(place.house.db.scrub())
    assert place.rows("SELECT count(*) FROM joined") == [(1,)]
    assert files_with(NAME.encode(), tmp_path) == files_with(NEW.encode(), tmp_path) == []


def test_confirming_twice_keeps_one_customer(place: Place) -> None:
    tablet = hand_over(place)
    fill(tablet, "next", name=NAME, recognition="recognition")
    for _ in range(3):
        assert step(fill(tablet, "keep")) == "kept"
    assert step(fill(tablet, "never")) == "kept"
    assert place.rows("SELECT count(*) FROM joined") == [(1,)]


def test_whoever_refuses_everything_saves_with_their_card_and_leaves_no_name(place: Place) -> None:
    tablet = hand_over(place)
    page = fill(tablet, "next", name=NAME)
    assert step(page) == "check"
    assert NAME not in page
    fill(tablet, "keep")
    assert place.rows("SELECT purpose FROM main.consent") == [("saving",)]
    assert place.rows("SELECT name FROM replica.trait") == [("points",)]
    place.tap(NEW, reader="counter-2")
    assert place.house.counter.notes.now()[0].kind == "withheld"


def test_somebody_without_a_card_can_become_known_and_is_told_when_nothing_could_be_kept(
    place: Place,
) -> None:
    tablet = hand_over(place, card=False)
    assert "Zonder kaart en zonder herkennen" in fill(tablet, "next", name=NAME)
    fill(tablet, "next", name=NAME, recognition="recognition", period="today")
    assert step(fill(tablet, "keep")) == "kept"
    assert place.rows("SELECT purpose FROM main.consent") == [("recognition",)]
    page = tablet_again(tablet).get("/visits").text
    assert "Net kennisgemaakt" in page
    place.clock.both_by_ms += 24 * 3_600_000
    assert NAME not in tablet_again(tablet).get("/visits").text


@pytest.mark.parametrize(
    "name", ["", "  ", "06 12345678", "a@b.nl", "www.example", "x" * 81, "<b>Anna</b>", "…"]
)
def test_what_is_no_name_is_refused_in_words_and_what_was_chosen_stays(place: Place, name: str) -> None:
    tablet = hand_over(place)
    page = fill(tablet, "next", name=name, recognition="recognition")
    if name == "www.example":  # letters and full stops: a name like any other
        assert step(page) == "check"
        return
    assert step(page) == "ask"
    assert "Vul uw naam in" in page
    assert page.count("checked") == 2
    assert "<b>Anna" not in page


def test_the_customer_reads_it_in_their_own_language_and_keeps_what_they_typed(place: Place) -> None:
    tablet = hand_over(place)
    page = fill(tablet, "en", name=NAME, profiling="profiling")
    assert '<html lang="en"' in page
    assert f'value="{NAME}"' in page
    assert "Recognise you in the shop" in page
    fill(tablet, "next", name=NAME, recognition="recognition")
    fill(tablet, "keep")
    (body,) = place.rows("SELECT body FROM outbox WHERE kind='customer_joined'")[0]
    assert json.loads(body)["language"] == "en"


def test_a_card_that_became_somebodys_meanwhile_is_not_taken_from_them(place: Place) -> None:
    tablet = hand_over(place)
    fill(tablet, "next", name=NAME, recognition="recognition")
    place.customer(NEW, name=DE_VRIES)
    page = fill(tablet, "keep")
    assert "Deze kaart is al van iemand." in page
    assert place.rows("SELECT count(*) FROM joined") == [(0,)]


def test_it_is_counted_how_many_of_those_who_were_asked_became_known(place: Place) -> None:
    tablet = hand_over(place)
    fill(tablet, "never")
    sign_in(tablet)
    place.tap(NEW, reader="counter-2")
    assert "0 van 1 maakten zich vandaag bekend" in tablet.get("/visits").text
    start = tablet.get(f"/join/start?note={note_of(place)}").text
    tablet.post("/join/start", data={"own": own_token(start), "note": note_of(place)})
    fill(tablet, "next", name=NAME, recognition="recognition")
    fill(tablet, "keep")
    place.tap("another's", reader="counter-2")
    assert "1 van 2 maakte zich vandaag bekend" in tablet_again(tablet).get("/visits").text


def bind(tablet: httpx.Client, note: str, **fields: str) -> httpx.Response:
    own = own_token(tablet.get("/look").text)
    return tablet.post(f"/cards/new/{note}", data={"own": own, **fields})


def test_a_new_card_becomes_a_customers_by_two_touches_and_the_card_is_there(place: Place) -> None:
    customer = place.de_vries()
    tablet = place.signed_in()
    place.tap(NEW)
    note = note_of(place)
    assert f"/cards/new/{note}" in tablet.get("/visits").text
    assert "Van wie is deze kaart?" in tablet.get(f"/cards/new/{note}").text
    assert "Mevrouw De Vries" in bind(tablet, note, q="vries").text
    assert "Niemand gevonden" in bind(tablet, note, q="zzz").text
    sure = bind(tablet, note, customer=customer.hex()).text
    assert "Deze kaart hoort voortaan bij mevrouw De Vries" in sure
    assert place.rows("SELECT count(*) FROM outbox") == [(0,)]
    assert bind(tablet, note, customer=customer.hex(), sure="yes").headers["location"] == "/"
    assert "<h1>mevrouw De Vries</h1>" in tablet.get("/visits").text
    assert place.rows("SELECT kind FROM outbox ORDER BY seq LIMIT 2") == [
        ("credential_bound",), ("visit_started",)
    ]  # fmt: skip
    assert bind(tablet, note, customer=customer.hex(), sure="yes").status_code == 410
    place.tap(NEW, reader="counter-2")
    assert place.house.counter.notes.now() == []


def test_a_card_of_somebody_else_and_a_customer_who_stopped_are_refused_in_words(place: Place) -> None:
    customer = place.de_vries()
    hidden = place.customer("8", name=DE_VRIES, purposes=("saving",))
    tablet = place.signed_in()
    place.tap(NEW)
    note = note_of(place)
    for whose in (hidden.hex(), "00" * 16, "none"):
        assert "niet meer op naam te vinden" in bind(tablet, note, customer=whose, sure="yes").text
    place.customer(NEW, name={"call": "Joost", "short": "Joost"})
    taken = bind(tablet, note, customer=customer.hex(), sure="yes").text
    assert "Deze kaart is al van iemand anders" in taken
    assert place.rows("SELECT count(*) FROM outbox") == [(0,)]


def test_a_card_is_remembered_for_three_minutes_and_no_longer(place: Place) -> None:
    place.de_vries()
    tablet = place.signed_in()
    place.tap(NEW)
    note = note_of(place)
    place.clock.both_by_ms += 3 * 60_000 + 1
    gone = tablet.get(f"/cards/new/{note}")
    assert gone.status_code == 410
    assert "drie minuten onthouden" in gone.text
    assert 'name="note" value=""' in tablet.get(f"/join/start?note={note}").text


def test_the_pin_that_ends_it_is_asked_of_whoever_handed_it_over(place: Place) -> None:
    tablet = hand_over(place)
    page = tablet.get("/signin").text
    assert 'value="Anna Kok" required checked' in page
    assert "Terug naar de klant" in page
    own = own_token(page)
    tablet.post("/signin", data={"own": own, "staff": "Bram de Wit", "pin": PIN})
    assert "In the shop now" in tablet.get("/").text


def test_what_breaks_after_the_commit_does_not_say_that_nothing_was_kept(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object) -> None:
        raise DiskFull("full", code="S01", hint="make room")

    tablet = hand_over(place)
    fill(tablet, "next", name=NAME, recognition="recognition", period="stop")
    monkeypatch.setattr(newcomers, "bring_in", broken)
    assert step(fill(tablet, "keep")) == "kept"
    assert [fields["code"] for event, fields in place.events if event == "newcomer_not_shown"] == ["S01"]
    assert place.rows("SELECT count(*) FROM joined") == [(1,)]


def test_a_tablet_taken_back_while_it_is_kept_is_not_locked_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    tablet = hand_over(place)
    fill(tablet, "next", name=NAME, recognition="recognition", period="stop")
    own = own_token(tablet.get("/join").text)
    here, kept = token_hash(tablet.cookies["welkom_tablet"]), newcomers.bring_in
    found = [each for each in gc.get_objects() if isinstance(each, HandedTablets) and here in each._handed]

    async def meanwhile(*given: Any) -> None:
        await kept(*given)
        found[0].take_back(here)

    monkeypatch.setattr(newcomers, "bring_in", meanwhile)
    tablet.post("/join", data={"own": own, "act": "keep"})
    assert tablet.get("/join").headers["location"] == "/"


def test_of_a_child_the_review_tells_what_ends_with_the_period_and_what_stays(place: Place) -> None:
    tablet = hand_over(place)
    wish = {"name": NAME, "recognition": "recognition", "young": "young", "period": "year"}
    page = fill(tablet, "next", **wish, parent="Mirjam de Boer")
    assert step(page) == "check"
    until = dict(re.findall(r"<dt>(.*?)</dt><dd>.*?<b>(.*?)</b>", page))
    assert until[f"Uw naam: {NAME}"].startswith("Tot ")
    for stays in ("Dat u nog geen 16 bent", "Dat Mirjam de Boer ja zei"):
        assert until[stays] == "Tot u stopt."
    assert step(fill(tablet, "never")) == "nothing"
