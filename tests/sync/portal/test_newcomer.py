"""Becoming known on one's own phone: nothing before it is confirmed, once, and with a pass in the hand after it."""

import json
import re
from typing import Any

import httpx
import pytest

from edge.joining import ticket as tickets
from edge.joining.ticket import TICKET_MS, Ticket
from edge.recognition.rules import hashes
from sync.hub import wallet
from sync.hub.consents import NewConsent
from sync.hub.people import NewCustomer
from sync.hub.tables import hooks
from tests.sync.centre import BRAM, HERE, KEYS, SHOP_KEY
from tests.sync.portal.place import Place

NAME = "mevrouw Wonderbaarlijk"
CARD = "LOYALTY-0777"


def address(place: Place, **changes: Any) -> str:
    """What the tablet's code leads to."""
    fields: dict[str, Any] = {
        "until_ms": place.hub.now_ms() + TICKET_MS,
        "recipient": HERE,
        "stamps": 8,
        "reward": "koffie",
        "benefit_nl": "Vandaag: eerste stempel cadeau",
        "benefit_en": "Today: your first stamp is on us",
    }
    return f"/portal/join/{tickets.write(SHOP_KEY, 's1', Ticket(**fields | changes))}"


def customers(place: Place) -> int:
    ((count,),) = place.rows("SELECT count(*) FROM customer")
    return int(count)


def fill(phone: httpx.Client, to: str, act: str, **fields: str) -> httpx.Response:
    return phone.post(to, data={"act": act, **fields})


def test_somebody_becomes_known_on_their_phone_and_has_a_pass_and_their_page(place: Place) -> None:
    phone, to = place.phone(), address(place)
    shown = phone.get(to).text
    assert "Vandaag: eerste stempel cadeau" in shown
    assert "Vandaag" not in shown.split("<h1>")[1].split("</h1>")[0], "a present is not what is asked"
    assert "zonder keuze spaart u net zo goed" in shown.split("<fieldset>")[0], (
        "said before anything is asked"
    )
    assert "checked" not in shown.split('name="period"')[0]
    wish = {"name": f" {NAME} ", "recognition": "yes", "period": "stop"}
    check = fill(phone, to, "next", **wish)
    assert f"Uw naam: {NAME}" in check.text
    assert "u persoonlijk advies geven" in check.text.split("Dit doen wij niet")[1]
    assert customers(place) == 0
    kept = fill(phone, to, "keep", **wish)
    assert kept.headers["location"] == "/portal/pass"
    assert "data-pass" in phone.get("/portal/pass").text
    assert "Wonderbaarlijk" in phone.get("/portal").text
    assert place.rows("SELECT purpose, state, basis FROM consent ORDER BY purpose") == [
        ("recognition", "given", "consent"),
        ("saving", "given", "agreement"),
    ]
    said = place.rows("SELECT how, state FROM consent_event ORDER BY state")
    assert {how for how, _ in said} == {"phone"}
    assert place.rows("SELECT shop_id, reason FROM residency") == [("s1", "joined")]


def test_programs_are_told_that_they_joined_on_their_phone_and_then_what_they_agreed_to(place: Place) -> None:
    hook = hooks.Hook("crm", "https://crm.example", frozenset(), b"", None, None, None, None)
    place.run(place.hub.db.apply(hooks.add_hook, hook))
    phone, to = place.phone(), address(place)
    for _ in range(2):
        fill(phone, to, "keep", name=NAME, recognition="yes", period="stop")
    told = [json.loads(body) for (body,) in place.rows("SELECT body FROM webhook_message ORDER BY n")]
    assert [(each["type"], each["data"]["shop"]) for each in told] == [
        ("customer.joined", "s1"),
        ("consent.given", "s1"),
    ]
    assert NAME not in repr(told)


def test_their_page_says_of_each_choice_what_they_said_on_the_phone(place: Place) -> None:
    phone, to = place.phone(), address(place, benefit_nl="Vandaag: koffie.")
    assert fill(phone, to, "keep", name=NAME, recognition="yes", period="stop").status_code == 303
    advice = phone.get("/portal").text.split('data-open="profiling"')[1].split("</article>")[0]
    assert "Dit koos u niet. Wilt u het nu wel?" in advice
    data = phone.get("/portal/data").text
    refused = data.split("<b>Advies</b>")[1].split("</li>")[0]
    assert "Dit koos u niet, " in refused
    assert "Omdat u ja zei" not in refused, "and nothing that contradicts it"
    assert "U krijgt ervoor: “Vandaag: koffie”." in data
    assert "koffie.." not in data
    name = data.split("<span>Uw naam")[1].split("</li>")[0]
    assert "op uw telefoon" in name
    receipt = phone.get(re.findall(r'href="(/portal/receipts/[^"]+)"', data)[0]).text
    assert re.findall(r'href="/portal/receipts/[^"/]+"', receipt) == [], "a receipt leads to itself"


def test_a_code_is_good_once_and_for_a_quarter_of_an_hour(place: Place) -> None:
    phone, to = place.phone(), address(place)
    assert fill(phone, to, "keep", period="year").status_code == 303
    assert phone.get(to).status_code == 410
    assert fill(place.phone(), to, "keep", period="year").status_code == 410
    assert customers(place) == 1
    late = address(place, until_ms=place.hub.now_ms() - 1)
    for wrong in (late, late[:-3], "/portal/join/s9.AAAA", "/portal/join/none"):
        assert place.phone().get(wrong).status_code == 410
        assert fill(place.phone(), wrong, "keep", period="year").status_code == 410
    assert customers(place) == 1


def test_whoever_is_forgotten_does_not_come_back_by_the_code_they_came_with(place: Place) -> None:
    phone, to = place.phone(), address(place)
    assert fill(phone, to, "keep", period="year").status_code == 303
    own = re.findall(r'name="own" value="([^"]+)"', phone.get("/portal/forget").text)[0]
    gone = phone.post("/portal/forget", data={"own": own, "sure": "yes"})
    assert gone.status_code == 200
    assert gone.headers["clear-site-data"] == '"storage"'
    assert customers(place) == 0
    assert place.phone().get(to).status_code == 410
    assert fill(place.phone(), to, "keep", period="year").status_code == 410
    assert customers(place) == 0


def test_a_name_that_is_none_is_asked_again_and_what_was_chosen_stays(place: Place) -> None:
    phone, to = place.phone(), address(place)
    for act in ("next", "keep"):
        again = fill(phone, to, act, name="06 1234 5678", recognition="yes", period="today")
        assert again.status_code == 422
        assert "alleen met letters" in again.text
        assert again.text.count("checked") == 2
    assert "06 1234" in fill(phone, to, "change", name="06 1234", period="year").text
    assert customers(place) == 0


@pytest.mark.parametrize(
    ("language", "word"), [("en", "Shall we get acquainted"), ("de", "kennenlernen"), ("fr", "connaissance")]
)
def test_it_speaks_the_phones_language(place: Place, language: str, word: str) -> None:
    to = address(place, benefit_nl="", benefit_en="")
    assert word in place.phone().get(to, headers={"accept-language": language}).text
    promised = {f"benefit_{each}": f"Gift {each}" for each in ("nl", "en", "de", "fr")}
    asked = {"accept-language": language}
    assert f"Gift {language}" in place.phone().get(address(place, **promised), headers=asked).text
    nearest = {**promised, f"benefit_{language}": ""}
    other = "nl" if language == "en" else "en"
    assert f"Gift {other}" in place.phone().get(address(place, **nearest), headers=asked).text


def test_a_card_that_saved_without_a_name_comes_along(place: Place) -> None:
    saved = {"points": {"balance": 70}}
    card_only = NewCustomer(BRAM, saved, [("number", CARD)], [NewConsent("saving", HERE)])
    place.run(place.hub.add_customers(["s1"], [card_only]))
    card = hashes(KEYS.chain_key, SHOP_KEY, "qr", CARD)
    assert card
    to = address(place, card=card.inner, card_kind="qr")
    assert fill(place.phone(), to, "keep", name=NAME, recognition="yes", period="year").status_code == 303
    ((owner,),) = place.rows("SELECT customer_id FROM credential WHERE hash=?", card.inner)
    assert owner != BRAM
    held = place.run(place.hub.db.read(wallet.balances, KEYS, bytes(owner), now_ms=place.hub.now_ms()))
    assert held.balances.points == 70


def test_of_a_child_a_parent_says_yes_by_name_and_nobody_says_yes_to_a_profile(place: Place) -> None:
    phone, to = place.phone(), address(place)
    assert 'name="young"' in phone.get(to).text
    wish = {"name": NAME, "recognition": "yes", "profiling": "yes", "young": "yes", "period": "year"}
    for act in ("next", "keep"):
        again = fill(phone, to, act, **wish)
        assert again.status_code == 422
        assert "zegt een ouder ja" in again.text
        assert 'name="parent"' in again.text
    assert customers(place) == 0
    wish["parent"] = "Mirjam de Boer"
    check = fill(phone, to, "next", **wish)
    for text in ("Dat u nog geen 16 bent", "Dat Mirjam de Boer ja zei"):
        assert text in check.text
    assert "u persoonlijk advies geven" in check.text.split("Dit doen wij niet")[1]
    kept = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', check.text))
    assert fill(phone, to, "keep", **kept).status_code == 303
    assert place.rows("SELECT purpose FROM consent WHERE state='given' ORDER BY purpose") == [
        ("recognition",),
        ("saving",),
    ]
    assert place.rows(
        "SELECT name, until_ms FROM trait WHERE name IN ('age_band', 'guardian') ORDER BY name"
    ) == [
        ("age_band", None),
        ("guardian", None),
    ]
    assert {by for (by,) in place.rows("SELECT by_whom FROM consent_event WHERE state='given'")} == {"parent"}
    page = phone.get("/portal").text
    assert 'data-open="profiling"' not in page
    assert 'data-open="contact"' in page
    known = dict(
        re.findall(r"<li data-source><span>(.*?)</span> <small>(.*?)</small>", phone.get("/portal/data").text)
    )
    assert known["Uw leeftijdsgroep"].startswith("Bij het kennismaken, op uw telefoon")
    assert known["Wie er voor u ja zei"].startswith("Toen een ouder ja zei")


def test_a_child_that_chooses_nothing_needs_no_parent(place: Place) -> None:
    phone, to = place.phone(), address(place)
    assert fill(phone, to, "keep", young="yes", period="year").status_code == 303
    assert place.rows("SELECT name FROM trait WHERE name='age_band'") == [("age_band",)]
