"""The wallet on the tablet: one screen, acts that are safe to press twice, and what each of them says."""

import re
from sqlite3 import Connection
from typing import Any

import pytest

from edge.catalogue import tables as catalogue
from edge.catalogue.rules import Product, Stock
from staff_ui.assets import read_assets
from staff_ui.samples import wallet as sample
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import LANGUAGES
from tests.staff_ui.house import DE_VRIES, Place, own_token
from tests.staff_ui.purses import MORE, arrive, forms, send
from tests.staff_ui.test_customer import CARD, visit_of
from tests.staff_ui.test_words import DUTCH, ENGLISH, visible


def test_one_screen_shows_all_that_was_saved_and_as_of_when(place: Place) -> None:
    page = (tablet := place.signed_in()).get(arrive(place)).text
    for words in (
        "Tegoed van mevrouw De Vries",
        "1.400",
        "Nog 1 tot gratis impregneren",
        "7 van 8 stempels",
        "BON-4417",
        "€ 1.234,50",
    ):
        assert words in page
    assert page.count("Zoals bekend") == 4
    points, stamps = forms(page)
    assert points != stamps
    assert {points, stamps}.isdisjoint(forms(tablet.get(f"/visits/{visit_of(place)}/wallet").text))


def test_a_full_card_is_redeemed_once_however_often_the_form_is_sent(place: Place) -> None:
    tablet, path = place.signed_in(), arrive(place)
    page = send(tablet, path, "stamp").text
    assert "1 stempel erbij." in page
    assert "De kaart is vol: gratis impregneren" in page
    _, line = forms(page)
    for _ in range(3):
        page = send(tablet, path, "full", line=line).text
        assert "Geef nu: gratis impregneren" in page
        assert "Volle kaart ingewisseld om" in page
    assert "Nog 8 tot gratis impregneren" in page
    assert "De kaart is nog niet vol." in send(tablet, path, "full").text
    assert place.rows("SELECT delta, why, role FROM ledger ORDER BY seq") == [
        (1, "purchase", "staff"),
        (-8, "reward", "staff"),
    ]
    assert place.rows("SELECT count(*) FROM outbox WHERE kind='wallet_moved'") == [(2,)]


@pytest.mark.parametrize(
    ("have", "said"),
    [
        (8, "De kaart is vol: een mok<"),
        (9, "De kaart is vol: een mok. En 1 stempel op de volgende kaart."),
        (16, "2 kaarten zijn vol, per kaart: een mok<"),
        (99, "12 kaarten zijn vol, per kaart: een mok. En 3 stempels op de volgende kaart."),
    ],
)
def test_of_more_stamps_than_a_card_holds_none_is_lost_and_each_full_card_is_a_reward(
    place: Place, have: int, said: str
) -> None:
    place.customer(CARD, name=DE_VRIES, stamps={"have": have, "of": 8, "reward": "een mok"})
    place.phone(CARD, key_id="00000002")
    tablet, path = place.signed_in(), f"/visits/{visit_of(place)}/wallet"
    assert said in tablet.get(path).text
    fields = {"own": own_token(page := tablet.get(path).text), "act": "full"}
    line = re.findall(r'name="line" value="(\w+)"', page)[0]
    given = tablet.post(path, data=fields | {"line": line}, follow_redirects=True).text
    assert "Geef nu: een mok" in given
    assert ("kaart is vol" in given, "kaarten zijn vol" in given) == (8 <= have - 8 < 16, have - 8 >= 16)


def test_points_are_added_and_redeemed_as_far_as_they_are_there(place: Place) -> None:
    tablet, path = place.signed_in(), arrive(place)
    assert "50 punten erbij." in send(tablet, path, "earn", amount="50").text
    page = send(tablet, path, "spend", amount="1450").text
    assert "1.450 punten ingewisseld." in page
    assert "en hier sindsdien −1.400" in page
    assert "Zoveel punten staan er niet op." in send(tablet, path, "spend", amount="1").text
    for amount in ("", "0", "-5", "1,5", "100001", "²", "tien", "9" * 50):
        assert (
            "Typ een heel aantal punten, hoogstens 100.000." in send(tablet, path, "earn", amount=amount).text
        )
    assert len(place.rows("SELECT 1 FROM ledger")) == 2


def test_an_act_that_nobody_knows_does_nothing_and_a_form_without_a_line_neither(place: Place) -> None:
    tablet, path = place.signed_in(), arrive(place)
    assert "Dat is niet gelukt." in send(tablet, path, "give").text
    fields = {"own": own_token(tablet.get(path).text), "act": "stamp"}
    assert tablet.post(path, data=fields).status_code == 410
    assert tablet.post(path, data=fields | {"line": "00"}).status_code == 410
    assert place.rows("SELECT 1 FROM ledger") == []


def test_the_card_says_what_the_wallet_says(place: Place) -> None:
    tablet, path = place.signed_in(), arrive(place)
    send(tablet, path, "stamp")
    send(tablet, path, "earn", amount="25")
    card = tablet.get("/visits").text
    assert "Vol: gratis impregneren" in card
    assert "1.425" in card


def test_two_tablets_with_the_same_full_card_give_one_reward(place: Place) -> None:
    tablet, other, path = place.signed_in(), place.signed_in(), arrive(place)
    send(tablet, path, "stamp")
    seen = [each.get(path).text for each in (tablet, other)]
    answers = []
    for each, page in zip((tablet, other), seen, strict=True):
        fields = {"own": own_token(page), "act": "full", "line": forms(page)[1]}
        answers.append(each.post(path, data=fields, follow_redirects=True).text)
    assert "Geef nu: gratis impregneren" in answers[0]
    assert "De kaart is nog niet vol." in answers[1]
    assert "Geef nu" not in answers[1]


def test_without_headquarters_it_works_and_says_that_it_is_sent_later(place: Place) -> None:
    tablet, path = place.signed_in(), arrive(place)
    place.house.health.online = False
    page = send(tablet, path, "stamp").text
    assert "Hoofdkantoor niet bereikbaar: dit wordt straks verstuurd." in page
    assert "Hoofdkantoor niet bereikbaar sinds" in page
    assert "Hoofdkantoor niet bereikbaar: dit wordt straks verstuurd." in send(tablet, path, "full").text
    place.house.health.alone = True
    assert "straks verstuurd" not in send(tablet, path, "stamp").text


def test_a_visit_that_is_over_or_may_not_be_shown_is_said_kindly_and_nothing_is_written(place: Place) -> None:
    tablet, path = place.signed_in(), arrive(place)
    page = tablet.get(path).text
    stop = f"/visits/{visit_of(place)}/stop"
    tablet.post(stop, data={"own": own_token(tablet.get(stop).text)})
    for answer in (
        tablet.get(path),
        tablet.post(path, data={"own": own_token(page), "act": "stamp", "line": forms(page)[1]}),
    ):
        assert answer.status_code == 410
        assert "Er staat niets meer van deze klant op de tablet." in answer.text
        assert "De Vries" not in answer.text
    assert tablet.get("/visits/nonsense/wallet").status_code == 410
    assert place.rows("SELECT 1 FROM ledger") == []


def test_who_does_not_save_here_has_no_buttons(place: Place) -> None:
    place.customer(
        CARD,
        name=DE_VRIES,
        purposes=("recognition",),
        points={"balance": 31_415},
        stamps={"have": 1, "of": 8},
    )
    place.tap(CARD)
    tablet, path = place.signed_in(), f"/visits/{visit_of(place)}/wallet"
    page = tablet.get(path).text
    assert "Deze klant spaart hier nog niet." in page
    assert "31.415" not in page
    assert 'name="act"' not in page
    assert place.rows("SELECT purpose FROM view_log") == [("recognition",)]


def test_a_balance_that_does_not_open_is_said_as_it_is(place: Place) -> None:
    path = arrive(place)

    def damage(conn: Connection) -> None:
        conn.execute("UPDATE replica.trait SET sealed=x'00' WHERE name='points'")

    place.run(place.house.db.apply(damage))
    page = place.signed_in().get(path).text
    assert "Het saldo is nu niet te lezen." in page
    assert 'name="act"' not in page
    assert "wallet_unreadable" in {event for event, _ in place.events}


def test_looking_is_logged_once_a_visit_role_and_purpose(place: Place) -> None:
    tablet, path = place.signed_in(), arrive(place)
    for _ in range(3):
        tablet.get(path)
    assert place.rows("SELECT role, purpose FROM view_log ORDER BY purpose") == [
        ("staff", "recognition"),
        ("staff", "saving"),
    ]


def test_a_line_of_another_visit_is_not_spoken_of(place: Place) -> None:
    tablet, path = place.signed_in(), arrive(place)
    told = send(tablet, path, "stamp").url
    place.customer("77", name={"call": "Joost", "short": "Joost"}, points={"balance": 5})
    place.tap("77")
    (other,) = place.rows("SELECT id FROM visit ORDER BY started_ms DESC, id DESC")[0]
    assert "stempel erbij." not in tablet.get(f"/visits/{other.hex()}/wallet?{told.query.decode()}").text


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sample_renders_and_says_what_it_is_about(language: Any) -> None:
    sheets = Sheets(read_assets(), timezone="Europe/Amsterdam")
    frame = Frame(language, "Van Dam", "light", "right", "own", staff="Anna", initials="A")
    pages = {
        name: sheets.render(sample.TEMPLATE, it, language)
        for name, it in sample.samples(frame, sheets.words[language]).items()
    }
    assert len(pages) >= 8
    assert all("data-wallet" in page for page in pages.values())
    assert len(set(pages.values())) == len(pages)


@pytest.mark.parametrize(("name", "foreign"), [("Anna Kok", ENGLISH), ("Bram de Wit", DUTCH)])
def test_the_wallet_mixes_no_languages(place: Place, name: str, foreign: set[str]) -> None:
    tablet, path = place.signed_in(name), arrive(place)
    pages = [
        send(tablet, path, act, amount="5").text for act in ("stamp", "full", "full", "earn", "spend", "give")
    ]
    place.house.health.online = False
    pages.append(send(tablet, path, "stamp").text)
    for page in pages:
        ours = page.replace("Van Dam", "").replace(name, "").replace("De Vries", "")
        assert {word.lower() for word in visible(ours)} & foreign == set()


def test_without_internet_a_card_of_another_shop_saves_on_and_nothing_of_it_is_shown(place: Place) -> None:
    place.tap("2099999999991")
    tablet = place.signed_in()
    assert "/elsewhere/" not in tablet.get("/visits").text
    place.house.health.online = False
    place.tap("2099999999992")
    found = re.search(r'href="(/elsewhere/[\w-]+)"', tablet.get("/visits").text)
    assert found is not None
    page = tablet.get(found[1]).text
    assert "U spaart gewoon door" in page
    fields = {"own": own_token(page), "act": "earn", "line": forms(page)[0], "amount": "45"}
    for _ in range(2):
        answer = tablet.post(found[1], data=fields, follow_redirects=True)
        assert "45 punten erbij. Het saldo volgt" in answer.text
    assert place.rows("SELECT instrument, delta FROM guest_line") == [("points", 45)]
    wrong = tablet.post(
        found[1], data=fields | {"line": forms(page)[1], "amount": "0"}, follow_redirects=True
    )
    assert "Typ een heel aantal punten" in wrong.text
    assert tablet.get("/elsewhere/stranger-1").status_code == 410


def test_what_was_saved_for_later_in_the_web_shop_stands_on_the_page_as_far_as_a_yes_holds(
    place: Place,
) -> None:
    def stock(conn: Connection) -> None:
        catalogue.put_product(conn, Product("jas-1", "Regenjas Lek", 8_995), ver=1)
        catalogue.put_stock(conn, Stock("jas-1", 3, place.now_ms()), ver=1)

    place.run(place.house.db.apply(stock))
    place.de_vries(**MORE, wishlist={"items": ["jas-1", "sold-elsewhere"]})
    place.tap(CARD)
    address = f"/visits/{visit_of(place)}/wallet"
    tablet = place.signed_in()
    page = tablet.get(address).text
    assert "Bewaard voor later" in page
    assert "Regenjas Lek" in page
    assert "En nog 1 in de webshop" in page
    looked = place.rows("SELECT body FROM outbox WHERE kind='card_shown'")
    assert sum(b'"profiling"' in bytes(body) for (body,) in looked) == 1
    place.customer(
        "2900000000028", purposes=("recognition", "saving"), name=DE_VRIES, wishlist={"items": ["jas-1"]}
    )
    place.tap("2900000000028")
    (other,) = place.rows("SELECT id FROM visit ORDER BY started_ms DESC, id DESC")[0]
    page = tablet.get(f"/visits/{other.hex()}/wallet").text
    assert DE_VRIES["call"] in page
    assert "Bewaard voor later" not in page
