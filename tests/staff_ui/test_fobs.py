"""A fob is given with the customer's yes and is theirs at once, or is refused; taken back, it is nobody's."""

from typing import Final

import httpx

from drivers.codecs.printed.fob import Fob, write
from tests.staff_ui.house import Place, own_token
from tests.staff_ui.test_customer import CARD, visit_of

KEY: Final = bytes(range(16))
CODE: Final = write(Fob(KEY, 10, 1_700_000_000))


def page(tablet: httpx.Client, place: Place) -> str:
    return tablet.get(f"/visits/{visit_of(place)}/fobs").text


def do(tablet: httpx.Client, place: Place, **form: str) -> httpx.Response:
    own = own_token(page(tablet, place))
    return tablet.post(f"/visits/{visit_of(place)}/fobs", data={"own": own, **form})


def give(tablet: httpx.Client, place: Place) -> httpx.Response:
    return do(tablet, place, yes="1", period="year")


def locations(place: Place) -> list[tuple[object, ...]]:
    return place.rows("SELECT state, gen, until_ms IS NOT NULL FROM main.consent WHERE purpose='location'")


def test_a_fob_that_was_read_is_given_after_the_customers_own_yes(place: Place) -> None:
    customer_id = place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    assert "Houd de QR-code" in page(tablet, place)
    assert "nog geen sleutelhanger gelezen" in do(tablet, place, look="1").text
    place.tap(CODE)
    assert "Er is een sleutelhanger gelezen" in page(tablet, place)
    question = do(tablet, place, look="1").text
    assert "Mogen we zien dat u er bent?" in question
    assert place.rows("SELECT count(*) FROM beacon") == [(0,)]
    assert give(tablet, place).headers["location"].endswith("?said=given")
    assert place.rows("SELECT customer_id, exponent, zero_s FROM beacon") == [
        (customer_id, 10, 1_700_000_000)
    ]
    assert locations(place) == [("given", 1, 1)]
    assert place.rows("SELECT kind FROM outbox ORDER BY seq DESC LIMIT 1") == [("consent_given",)]
    assert place.rows("SELECT what FROM deed ORDER BY at_ms DESC LIMIT 1") == [("fob_given",)]
    assert "Sleutelhanger 1" in page(tablet, place)
    assert "nog geen sleutelhanger gelezen" in give(tablet, place).text  # its key is no longer in memory


def test_a_fobs_key_is_in_no_file_and_on_no_page(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    place.tap(CODE)
    shown = page(tablet, place) + do(tablet, place, look="1").text
    give(tablet, place)
    shown += page(tablet, place)
    assert KEY.hex() not in shown.lower()
    for file in place.house.config.store.state.rglob("*"):
        if file.is_file():
            held = file.read_bytes()
            assert KEY not in held
            assert KEY.hex().encode() not in held.lower()


def test_a_fob_of_somebody_else_or_of_another_kind_is_refused(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    place.tap(CODE)
    give(tablet, place)
    first = visit_of(place)
    place.customer("55", name={"call": "meneer De Boer", "short": "Meneer De Boer", "initials": "JB"})
    place.tap("55")
    (visit,) = {row[0].hex() for row in place.rows("SELECT id FROM visit")} - {first}
    for code in (CODE, write(Fob(b"\1" * 16, 4, 0))):
        place.tap(code)
        own = own_token(tablet.get(f"/visits/{visit}/fobs").text)
        answer = tablet.post(f"/visits/{visit}/fobs", data={"own": own, "yes": "1", "period": "stop"})
        assert "Deze sleutelhanger kan niet" in answer.text
    assert place.rows("SELECT count(*) FROM beacon") == [(1,)]


def test_a_damaged_code_is_unreadable_and_opens_nothing(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    place.tap(CODE[:-20])
    assert 'data-note="unreadable"' in tablet.get("/visits").text
    assert "nog geen sleutelhanger gelezen" in do(tablet, place, look="1").text


def test_a_fob_that_is_taken_back_is_nobodys_and_can_be_given_again(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    for _ in range(2):
        place.tap(CODE)
        give(tablet, place)
        ((id_,),) = place.rows("SELECT id FROM beacon")
        assert isinstance(id_, bytes)
        answer = do(tablet, place, back=id_.hex()[:24])
        assert answer.headers["location"].endswith("?said=back")
        assert place.rows("SELECT count(*) FROM beacon") == [(0,)]
    assert locations(place) == [("given", 1, 1)]  # their yes is theirs to withdraw


def test_nobody_is_asked_to_be_found_and_nobody_is_where_the_shop_does_not_do_that(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    place.tap(CODE)
    assert "Ja, zoek mij op" not in do(tablet, place, look="1").text
    do(tablet, place, yes="1", period="year", finding="1")
    assert place.rows("SELECT count(*) FROM main.consent WHERE purpose='finding'") == [(0,)]
    assert "Dat doen we hier niet" in tablet.get(f"/visits/{visit_of(place)}/where").text
    assert place.rows("SELECT count(*) FROM view_log WHERE purpose='finding'") == [(0,)]
