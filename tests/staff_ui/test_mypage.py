"""A customer's own page onto their own phone: only after their tap, only for who knows the birthday, three tries."""

import httpx
import pytest

from edge.own_page import CHECK_MS, shown, tapped
from tests.staff_ui.house import Place, own_token

CARD = "2900000000011"


def visit_of(place: Place) -> str:
    ((visit,),) = place.rows("SELECT id FROM visit WHERE ended_ms IS NULL")
    return str(visit.hex())


def answer(place: Place, tablet: httpx.Client, day: str, month: str) -> str:
    address = f"/visits/{visit_of(place)}/page"
    own = own_token(tablet.get(address).text)
    return tablet.post(address, data={"own": own, "day": day, "month": month}).text


def centre(place: Place, address: str | None) -> list[bytes]:
    """What stands behind the line: whom it was asked for."""
    asked: list[bytes] = []

    async def ask(customer_id: bytes) -> str | None:
        asked.append(customer_id)
        return address

    place.house.own_page.ask = ask
    return asked


def test_after_a_tap_the_birthday_shows_a_code_and_names_nobody(place: Place) -> None:
    customer = place.de_vries(birthday={"month": 3, "day": 12})
    asked = centre(place, "https://mijn.winkel.nl/portal/enter/x")
    place.tap(CARD)
    tablet = place.signed_in()
    page = tablet.get(f"/visits/{visit_of(place)}/page").text
    assert "Wanneer bent u jarig?" in page
    assert "De Vries" not in page
    assert "data-phone" not in answer(place, tablet, "12", "4")
    assert asked == []
    assert "data-phone" in answer(place, tablet, "12", "3")
    assert asked == [customer]
    assert place.rows("SELECT what FROM deed WHERE what='own_page'") == [("own_page",)]


def test_three_wrong_answers_end_it_for_this_visit(place: Place) -> None:
    place.de_vries(birthday={"month": 3, "day": 12})
    asked = centre(place, "https://mijn.winkel.nl/portal/enter/x")
    place.tap(CARD)
    tablet = place.signed_in()
    address = f"/visits/{visit_of(place)}/page"
    own = own_token(tablet.get(address).text)
    for _ in range(3):
        tablet.post(address, data={"own": own, "day": "1", "month": "1"})
    right = tablet.post(address, data={"own": own, "day": "12", "month": "3"})
    assert "Dit is drie keer geprobeerd." in right.text
    assert asked == []


def test_without_a_line_or_a_birthday_the_page_says_so(place: Place) -> None:
    place.de_vries(birthday={"month": 3, "day": 12})
    place.tap(CARD)
    tablet = place.signed_in()
    assert "Dit kan alleen met internet" in answer(place, tablet, "12", "3")
    place.clock.both_by_ms += CHECK_MS
    later = place.signed_in()  # the first one locked itself meanwhile
    assert "Houd uw kaart" in later.get(f"/visits/{visit_of(place)}/page").text


def test_without_a_birthday_nobody_can_show_who_they_are(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    assert "Wij weten uw verjaardag niet" in place.signed_in().get(f"/visits/{visit_of(place)}/page").text


@pytest.mark.parametrize(
    ("birthday", "day", "month", "found"),
    [
        ({"month": 3, "day": 12}, "12", "3", True), ({"month": 3, "day": 12}, "3", "12", False),
        ({"month": 3, "day": 12}, " 12 ", "3", True), (None, "", "", False), ({}, "None", "None", False),
        ({"month": 3, "day": 12}, "", "", False), ([3], "3", "3", False),
    ],
)  # fmt: skip
def test_who_knows_the_birthday(birthday: object, day: str, month: str, found: bool) -> None:
    assert shown(birthday, day=day, month=month) is found


def test_only_who_held_something_to_a_reader_just_now_is_asked() -> None:
    assert tapped("tap", seen_ms=0, now_ms=CHECK_MS - 1)
    assert not tapped("tap", seen_ms=0, now_ms=CHECK_MS)
    assert not any(tapped(how, seen_ms=0, now_ms=0) for how in ("near", "typed", "joined"))
