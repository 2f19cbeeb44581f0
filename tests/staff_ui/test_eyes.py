"""What may be redeemed with what was shown, in words; and a colleague who looks along with a PIN of their own."""

import re

import httpx

from edge.staff.rules import FREE_TRIES
from tests.staff_ui.house import PIN, Place, own_token
from tests.staff_ui.purses import MORE, send
from tests.staff_ui.test_customer import CARD, visit_of

NEED = "Inwisselen kan met de telefoon of de kaart met chip. Houd die even bij de lezer."
BRAM = "Bram de Wit"


def plain(place: Place) -> str:
    """Mevrouw De Vries scanned a printed code; the address of her wallet."""
    place.de_vries(**MORE)
    place.tap(CARD)
    return f"/visits/{visit_of(place)}/wallet"


def phone(place: Place) -> str:
    path = plain(place)
    place.phone(CARD)
    return path


def vouch(tablet: httpx.Client, path: str, page: str, *, staff: str = BRAM, pin: str = PIN) -> httpx.Response:
    """Fill in the colleague's page as it was answered."""
    kept = {name: page.split(f'name="{name}" value="')[1].split('"')[0] for name in ("act", "line", "amount")}
    fields = {"own": own_token(page), "staff": staff, "pin": pin, **kept}
    return tablet.post(path, data=fields, follow_redirects=True)


def test_a_printed_code_saves_and_the_page_says_what_redeeming_takes(place: Place) -> None:
    tablet, path = place.signed_in(), plain(place)
    page = send(tablet, path, "stamp").text
    assert "1 stempel erbij." in page
    assert NEED in page
    assert 'value="full"' not in page
    assert 'value="spend"' not in page
    for act in ("full", "spend"):
        assert NEED in send(tablet, path, act, amount="5").text
    assert place.rows("SELECT delta FROM ledger") == [(1,)]
    place.phone(CARD)
    page = tablet.get(path).text
    assert NEED not in page
    assert 'value="spend"' in page
    assert "Geef nu: gratis impregneren" in send(tablet, path, "full").text


def test_yesterdays_tap_redeems_nothing(place: Place) -> None:
    tablet, path = place.signed_in(), phone(place)
    place.clock.both_by_ms += 10 * 60_000
    tablet = place.signed_in()
    assert NEED in tablet.get(path).text
    assert NEED in send(tablet, path, "spend", amount="5").text
    assert place.rows("SELECT 1 FROM ledger") == []


def test_much_is_redeemed_with_a_colleague_who_types_their_own_pin(place: Place) -> None:
    tablet, path = place.signed_in(), phone(place)
    page = send(tablet, path, "spend", amount="700").text
    assert "Een collega kijkt mee" in page
    assert "Bij 500 punten of meer op een dag" in page
    assert BRAM in page
    assert page.count('name="staff"') == 1  # who is signed in is no second pair of eyes
    assert place.rows("SELECT 1 FROM ledger") == []
    wrong = vouch(tablet, path, page, pin="9999")
    assert wrong.status_code == 422
    assert "Nog 4" in wrong.text or "nog 4" in wrong.text
    assert vouch(tablet, path, page, staff="Anna Kok").status_code == 422
    assert vouch(tablet, path, page, staff="Niemand").status_code == 422
    assert "700 punten ingewisseld." in vouch(tablet, path, wrong.text).text
    assert "700 punten ingewisseld." in vouch(tablet, path, page).text  # sent again: the same line
    assert place.rows("SELECT delta FROM ledger") == [(-700,)]
    looked = "SELECT s.name FROM deed AS d JOIN staff AS s ON s.id=d.staff_id WHERE d.what='looked_along'"
    assert place.rows(looked) == [(BRAM,)]
    assert place.rows("SELECT count(*) FROM pin_try WHERE tries>0") == [(0,)]


def test_much_is_not_had_in_pieces_and_little_needs_nobody(place: Place) -> None:
    tablet, path = place.signed_in(), phone(place)
    assert "499 punten ingewisseld." in send(tablet, path, "spend", amount="499").text
    assert "Een collega kijkt mee" in send(tablet, path, "spend", amount="1").text
    place.phone(CARD, key_id="00000002")
    assert "1 punt ingewisseld." in send(tablet, path, "spend", amount="1").text


def test_what_is_not_there_is_said_at_once_and_nobody_is_asked_to_look_along(place: Place) -> None:
    tablet, path = place.signed_in(), phone(place)
    asked = send(tablet, path, "spend", amount="700").text
    assert "700 punten inwisselen van mevrouw De Vries" in asked
    page = send(tablet, path, "spend", amount="1401").text
    assert "Zoveel punten staan er niet op." in page
    assert "Een collega kijkt mee" not in page
    assert (
        "Zoveel punten staan er niet op."
        in vouch(tablet, path, asked.replace('"700"', '"1401"'), pin="9999").text
    )
    assert place.rows("SELECT 1 FROM pin_try") == []  # nor is a PIN tried for it
    assert "De kaart is nog niet vol." in send(tablet, path, "full").text
    assert place.rows("SELECT 1 FROM ledger") == []


def test_a_colleagues_pin_is_guessed_no_oftener_than_at_sign_in(place: Place) -> None:
    tablet, path = place.signed_in(), phone(place)
    page = send(tablet, path, "spend", amount="700").text
    for _ in range(FREE_TRIES):
        answer = vouch(tablet, path, page, pin="9999")
    assert answer.status_code == 429
    assert vouch(tablet, path, page).status_code == 429
    assert place.rows("SELECT 1 FROM ledger") == []


def test_a_printed_code_of_somebody_unknown_redeems_nothing_either(place: Place) -> None:
    place.de_vries(purposes=("saving",))
    place.tap(CARD)
    tablet = place.signed_in()
    path = re.findall(r'href="(/saving/[\w-]+)"', tablet.get("/visits").text)[0]
    assert NEED in tablet.get(path).text
    assert "1 stempel erbij." in send(tablet, path, "stamp").text
    assert NEED in send(tablet, path, "full").text
    assert NEED in send(tablet, path, "spend", amount="1").text
    assert place.rows("SELECT why FROM ledger") == [("purchase",)]
