"""The balance of a card whose owner is not recognised: opened by the card, about nobody, for minutes."""

import pytest

from edge.recognition.tables import block_credential
from tests.staff_ui.house import Place, own_token
from tests.staff_ui.purses import MORE, arrive, forms, hold, send
from tests.staff_ui.test_customer import CARD, visit_of


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
        for path in (f"/saving/{note.key}" for note in place.house.counter.notes.now() if note.kind == kind):
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
