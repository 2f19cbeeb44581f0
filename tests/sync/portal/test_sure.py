"""Whom a card let in, in a shop, sees and stops everything; what cannot be taken back asks for more than a card."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from edge.consent.records import Party
from sync.hub.portal import sessions
from sync.hub.portal.routes import ROUTES
from tests.sync.portal.place import ANNA, Place, open_place, own_token
from tests.sync.portal.test_entering import MAIL, POST, addressed, letters, link_of, press

SOCKS = Party("sokken", "De Sokkenfabriek", "partner", "Hof 2, Ede", "Post")
OWNERS = [(each.method, each.path) for each in ROUTES if each.guard == "owner"]


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub", public=True, post=POST, parties={"sokken": SOCKS}) as opened:
        opened.add()
        yield opened
        assert [each for each in opened.said if each[0] == "request_died"] == []


def tapped(place: Place, shown: str = "strong") -> httpx.Client:
    """A phone that scanned what the tablet showed."""
    now_ms = place.hub.now_ms()
    code = place.run(
        place.hub.db.apply(sessions.make_shop_code, ANNA, shop_id="s1", shown=shown, now_ms=now_ms)
    )
    phone = place.phone()
    assert phone.get(f"/portal/enter/{code}").status_code == 303
    return phone


def ask(phone: httpx.Client, method: str, path: str) -> httpx.Response:
    if method == "GET":
        return phone.get(path)
    own = own_token(phone.get("/portal").text)
    return phone.post(path, data={"own": own, "sure": "yes", "address": MAIL, "kind": "mail"})


def test_what_cannot_be_taken_back_is_refused_and_says_what_to_do(place: Place) -> None:
    assert {path for _, path in OWNERS} == {
        "/portal/download", "/portal/forget", "/portal/passkey/new", "/portal/passkey", "/portal/passkey/drop",
        "/portal/address", "/portal/address/drop", "/portal/pass/welkom.pkpass",
    }  # fmt: skip
    addressed(place, place.inside())
    phone = tapped(place)
    for method, path in OWNERS:
        refused = ask(phone, method, path)
        assert refused.status_code == 403, path
        assert 'data-door="unsure"' in refused.text, path
        assert "Een medewerker vraagt het voor u bij het hoofdkantoor" in refused.text
    shown = phone.get("/portal/access").text
    assert 'action="/portal/address' not in shown
    assert 'action="/portal/passkey' not in shown
    assert 'action="/portal/session/end"' in shown
    assert 'href="/portal/sure"' in phone.get("/portal").text
    assert place.rows("SELECT count(*) FROM portal_address") == [(1,)]
    assert place.rows("SELECT count(*) FROM customer") == [(1,)]
    assert len(letters(place, 1)) == 1


def test_it_refuses_in_the_language_of_the_page(place: Place) -> None:
    phone = tapped(place)
    press(phone, "/portal", "/portal/language", language="de")
    assert "Sind Sie es wirklich?" in phone.get("/portal/forget").text


def test_stopping_is_as_easy_as_ever(place: Place) -> None:
    phone = tapped(place)
    assert "Mevrouw De Vries" in phone.get("/portal").text
    assert (
        press(phone, "/portal", "/portal/stop", purpose="profiling", recipient="van-dam").status_code == 303
    )
    assert place.state("profiling") == (1, "withdrawn")
    press(phone, "/portal", "/portal/stop/all")
    assert place.state("recognition") == (1, "withdrawn")


def test_a_card_alone_lets_nobody_in_who_may_use_nothing_now(place: Place) -> None:
    phone = tapped(place)
    page = phone.get("/portal").text
    asked = page.split('data-open="partners"')[1].split("</article>")[0]
    assert 'action="/portal/allow"' not in asked
    assert 'action="/portal/stop"' in asked
    assert 'href="/portal/sure"' in asked
    # Their own shop may do something already: that it may do more is as easy said as that it may do less.
    assert 'action="/portal/allow"' in page.split('data-open="contact"')[1].split("</article>")[0]
    yes = {"purpose": "partners", "recipient": "sokken", "gen": "0", "state": "none"}
    refused = press(phone, "/portal", "/portal/allow", **yes)
    assert refused.status_code == 403
    assert 'data-door="unsure"' in refused.text
    assert place.rows("SELECT count(*) FROM consent WHERE purpose='partners'") == [(0,)]
    sure = place.inside()
    assert press(sure, "/portal", "/portal/allow", **yes).status_code == 303
    # What its owner said is not made longer either, and stopped by whoever holds the card.
    longer = press(phone, "/portal", "/portal/allow", **{**yes, "gen": "1", "state": "given"})
    assert longer.status_code == 403
    assert press(phone, "/portal", "/portal/stop", purpose="partners", recipient="sokken").status_code == 303
    assert place.state("partners") == (1, "withdrawn")
    again = press(phone, "/portal", "/portal/allow", **{**yes, "gen": "1", "state": "withdrawn"})
    assert again.status_code == 403


def test_a_link_to_their_own_address_is_the_second_proof(place: Place) -> None:
    addressed(place, place.inside())
    phone = tapped(place)
    phone.post("/portal/ask", data={"address": MAIL})
    assert phone.post(link_of(letters(place, 2)[-1][2])).status_code == 303
    assert phone.get("/portal/download").status_code == 200
    assert 'action="/portal/address/drop"' in phone.get("/portal/access").text


def test_a_phone_that_its_owner_unlocked_is_enough(place: Place) -> None:
    phone = tapped(place, "unlocked")
    assert phone.get("/portal/download").status_code == 200
    assert "ontgrendelde telefoon" in phone.get("/portal/access").text


def test_a_shop_has_a_link_sent_or_the_customer_told_and_learns_nothing(place: Place) -> None:
    addressed(place, place.inside())
    post = place.hub.pages.letters

    async def write(let_in: bool) -> None:
        post.to_owner(ANNA, let_in=let_in)

    place.run(write(True))
    to, subject, text = letters(place, 2)[-1]
    assert (to, subject) == (MAIL, "Uw pagina ging in de winkel open")
    assert link_of(text) == "/portal/access"
    for _ in range(6):
        place.run(write(False))
    opened = letters(place, 5)[2:]
    assert {subject for _, subject, _ in opened} == {"Uw link naar uw eigen pagina"}
    phone = place.phone()
    assert phone.post(link_of(opened[-1][2])).status_code == 303
    assert phone.get("/portal/download").status_code == 200
