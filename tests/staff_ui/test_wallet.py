"""The wallet on the tablet: one screen, acts that are safe to press twice, and what each of them says."""

import re
from sqlite3 import Connection
from typing import Any

import httpx
import pytest

from edge.catalogue import tables as catalogue
from edge.catalogue.rules import Product, Stock
from edge.recognition.tables import block_credential
from staff_ui.assets import read_assets
from staff_ui.samples import wallet as sample
from staff_ui.sheets import Frame, Sheets
from staff_ui.words import LANGUAGES
from tests.staff_ui.house import DE_VRIES, Place, own_token
from tests.staff_ui.test_customer import CARD, visit_of
from tests.staff_ui.test_words import DUTCH, ENGLISH, visible

MORE: dict[str, Any] = {
    "vouchers": {"items": [{"label": "10% op regenkleding", "code": "BON-4417"}]},
    "giftcards": {"items": [{"label": "Cadeaukaart", "balance_cents": 123_450}]},
}


def arrive(place: Place) -> str:
    """Mevrouw De Vries is here, with 1,400 points and 7 of 8 stamps; the address of her wallet."""
    place.de_vries(**MORE)
    place.phone(CARD, key_id="00000002")
    return f"/visits/{visit_of(place)}/wallet"


def forms(page: str) -> tuple[str, str]:
    """The lines that the two forms of a page would write: points, stamps."""
    points, stamps = re.findall(r'name="line" value="(\w+)"', page)
    return points, stamps


def send(tablet: httpx.Client, path: str, act: str, *, line: str = "", amount: str = "") -> httpx.Response:
    page = tablet.get(path).text
    points, stamps = forms(page)
    line = line or (stamps if act in ("stamp", "full") else points)
    fields = {"own": own_token(page), "act": act, "line": line, "amount": amount}
    return tablet.post(path, data=fields, follow_redirects=True)


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


def test_without_internet_it_works_and_says_that_it_is_sent_later(place: Place) -> None:
    tablet, path = place.signed_in(), arrive(place)
    place.house.health.online = False
    page = send(tablet, path, "stamp").text
    assert "Geen internet: dit wordt straks verstuurd." in page
    assert "Geen internet sinds" in page
    assert "Geen internet: dit wordt straks verstuurd." in send(tablet, path, "full").text
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


def hold(place: Place, tablet: httpx.Client, card: str = CARD) -> str:
    """Hold a phone to a reader; the address of its wallet without a name, empty where the note offers none."""
    place.phone(card, key_id="00000002")
    found = re.search(r'href="(/saving/[\w-]+)"', tablet.get("/visits").text)
    return found[1] if found else ""


def test_who_is_not_recognised_earns_and_redeems_with_their_card_and_nobody_says_who_it_is(
    place: Place,
) -> None:
    customer_id, tablet = place.de_vries(purposes=("saving",), **MORE), place.signed_in()
    path = hold(place, tablet)
    pages = [tablet.get("/visits").text, tablet.get(path).text]
    assert "Tegoed bij deze kaart" in pages[1]
    assert "Kaart kwijt? Het hoofdkantoor blokkeert die" in pages[1]
    assert "1.400" in pages[1]
    pages += [page := send(tablet, path, "stamp").text]
    assert "1 stempel erbij." in page
    line = forms(page)[1]
    for _ in range(3):
        pages += [page := send(tablet, path, "full", line=line).text]
        assert "Geef nu: gratis impregneren" in page
    pages += [page := send(tablet, path, "spend", amount="1500").text]
    assert "Zoveel punten staan er niet op." in page
    for page in pages:
        for trace in ("Vries", "MV", "/visits/", customer_id.hex()):
            assert trace not in page.split("<body")[-1], trace
    assert place.rows("SELECT delta, why FROM ledger ORDER BY seq") == [(1, "purchase"), (-8, "reward")]
    assert place.rows("SELECT role, purpose, customer_id FROM view_log") == [("staff", "saving", customer_id)]
    assert place.rows("SELECT 1 FROM visit") == []
    assert customer_id.hex() not in repr(place.events)


def test_stopping_to_be_recognised_leaves_the_balance_open_to_the_card(place: Place) -> None:
    tablet = place.signed_in()
    arrive(place)
    stop = f"/visits/{visit_of(place)}/stop"
    tablet.post(stop, data={"own": own_token(tablet.get(stop).text)})
    place.clock.both_by_ms += 3_000
    assert "1 stempel erbij." in send(tablet, hold(place, tablet), "stamp").text


def test_a_strangers_card_and_a_blocked_one_open_no_balance(place: Place) -> None:
    tablet = place.signed_in()
    place.de_vries(purposes=("saving",), state="blocked")
    for card, kind in ((CARD, "blocked"), ("nobody's", "stranger")):
        assert hold(place, tablet, card) == ""
        own = own_token(tablet.get("/").text)
        for path in (f"/saving/{note.key}" for note in place.house.counter.notes() if note.kind == kind):
            assert tablet.get(path).status_code == 410
            fields = {"own": own, "act": "stamp", "line": "01" * 16}
            assert tablet.post(path, data=fields).status_code == 410
    assert place.rows("SELECT 1 FROM ledger") == place.rows("SELECT 1 FROM view_log") == []


def test_a_card_that_is_blocked_closes_the_balance_that_it_opened(place: Place) -> None:
    tablet, customer_id = place.signed_in(), place.de_vries(purposes=("saving",), **MORE)
    path = hold(place, tablet)
    form = {
        "own": own_token(tablet.get("/look").text),
        "act": "full",
        "line": forms(tablet.get(path).text)[1],
    }
    ((hashed,),) = place.rows("SELECT hash FROM replica.credential")
    place.run(place.house.db.apply(block_credential, hashed, customer_id=customer_id))
    for answer in (tablet.get(path), tablet.post(path, data=form)):
        assert answer.status_code == 410
    assert place.rows("SELECT 1 FROM ledger") == []


@pytest.mark.parametrize("ends", ["time", "another card", "somebody recognised", "an unreadable card"])
def test_after_three_minutes_or_the_next_card_it_asks_for_the_card_again(place: Place, ends: str) -> None:
    place.de_vries(purposes=("saving",))
    place.customer("77", name={"call": "Joost", "short": "Joost"})
    tablet = place.signed_in()
    path = hold(place, tablet)
    page = tablet.get(path).text
    match ends:
        case "time":
            place.clock.both_by_ms += 3 * 60_000 + 1
            tablet = place.signed_in()  # a page that shows a balance locks after a minute
        case "another card":
            place.tap("nobody's")
        case "somebody recognised":
            place.tap("77")
        case _:
            place.fail("unreadable")
    form = {"own": own_token(tablet.get("/look").text), "act": "stamp", "line": forms(page)[1]}
    for answer in (tablet.get(path), tablet.post(path, data=form)):
        assert answer.status_code == 410
        assert "Houd de kaart nog eens bij de lezer" in answer.text
        assert "Het tegoed is er gewoon nog." in answer.text
    assert place.rows("SELECT 1 FROM ledger") == []
    place.clock.both_by_ms += 3_000
    assert "1 stempel erbij." in send(tablet, hold(place, tablet), "stamp").text


def test_a_card_that_saves_nothing_here_has_no_buttons_and_no_line_in_the_log(place: Place) -> None:
    place.de_vries(purposes=("profiling",))
    tablet = place.signed_in()
    page = tablet.get(hold(place, tablet)).text
    assert "Deze klant spaart hier nog niet." in page
    assert 'name="act"' not in page
    assert place.rows("SELECT 1 FROM view_log") == []


def test_a_balance_without_a_name_locks_within_a_minute(place: Place) -> None:
    place.de_vries(purposes=("saving",))
    tablet = place.signed_in()
    path = hold(place, tablet)
    assert tablet.get(path).status_code == 200
    place.clock.both_by_ms += 61_000
    assert tablet.get(path).status_code == 303


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
