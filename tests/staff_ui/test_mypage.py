"""A customer's own page onto their own phone: only for a card or phone that proves itself after it was asked for."""

from datetime import UTC, datetime

import httpx
import pytest

from drivers.reader import Sighting, Token
from edge.own_page import CHECK_MS, held, knows, shown_since
from edge.recognition.evidence import Evidence
from tests.staff_ui.house import Place, own_token

CARD = "2900000000011"
BIRTHDAY = {"month": 3, "day": 12}


def visit_of(place: Place) -> str:
    ((visit,),) = place.rows("SELECT id FROM visit WHERE ended_ms IS NULL")
    return str(visit.hex())


def page_of(place: Place, tablet: httpx.Client) -> str:
    page = tablet.get(f"/visits/{visit_of(place)}/page").text
    # What is shown in the very millisecond in which it is asked for came before it.
    place.clock.both_by_ms += 1
    return page


def answer(place: Place, tablet: httpx.Client, **fields: str) -> str:
    address = f"/visits/{visit_of(place)}/page"
    return tablet.post(address, data={"own": own_token(tablet.get(address).text), **fields}).text


def centre(place: Place, address: str | None = "https://mijn.winkel.nl/portal/enter/x") -> list[Evidence]:
    """What stands behind the line: what it was told that was shown."""
    asked: list[Evidence] = []

    async def ask(customer_id: bytes, shown: Evidence) -> str | None:
        asked.append(shown)
        return "" if shown == "weak" else address

    place.house.own_page.ask = ask
    return asked


def scan(place: Place, kind: str = "barcode", evidence: str = "weak", **about: object) -> None:
    token = Token(kind, CARD, evidence, about)  # type: ignore[arg-type]
    place._present(Sighting("counter-2", datetime.now(UTC), "scan", token))


def test_whoever_has_a_picture_of_a_card_and_knows_the_birthday_gets_no_page(place: Place) -> None:
    place.de_vries(birthday=BIRTHDAY)
    asked = centre(place)
    place.tap(CARD)
    tablet = place.signed_in()  # a colleague who is curious: they hold the tablet, and see the birthday
    page_of(place, tablet)
    scan(place)
    assert 'data-step="weak"' in page_of(place, tablet)
    for fields in ({"day": "12", "month": "3"}, {"act": "code"}, {"shown": "strong"}):
        assert "data-phone" not in answer(place, tablet, **fields)
    assert asked == []
    sent = answer(place, tablet, act="letter")  # what they can do is have a link sent to the customer
    assert "data-phone" not in sent
    assert 'data-step="sent"' in sent
    assert asked == ["weak"]


def test_what_calls_itself_strong_and_cannot_be_checked_is_a_picture_too(place: Place) -> None:
    place.de_vries()
    asked = centre(place)
    place.tap(CARD)
    tablet = place.signed_in()
    page_of(place, tablet)
    for kind in ("barcode", "qr", "uid", "number"):
        place.clock.both_by_ms += 10_000
        scan(place, kind, "strong")
        assert "data-phone" not in answer(place, tablet)
    assert asked == []


def test_a_tap_of_before_it_was_asked_for_was_for_something_else(place: Place) -> None:
    place.de_vries(birthday=BIRTHDAY)
    asked = centre(place)
    place.phone(CARD)  # they saved, and left
    tablet = place.signed_in()
    assert 'data-step="tap"' in page_of(place, tablet)
    assert "data-phone" not in answer(place, tablet, day="12", month="3")
    assert asked == []


def test_a_tap_that_proves_itself_and_the_birthday_show_a_code_for_one_phone(place: Place) -> None:
    place.de_vries(birthday=BIRTHDAY)
    asked = centre(place)
    place.tap(CARD)
    tablet = place.signed_in()
    assert "Houd nu uw kaart of telefoon" in page_of(place, tablet)
    place.phone(CARD)
    page = page_of(place, tablet)
    assert "Wanneer bent u jarig?" in page
    assert "De Vries" not in page
    assert 'data-step="wrong"' in answer(place, tablet, day="12", month="4")
    assert "data-phone" in answer(place, tablet, day="12", month="3")
    assert asked == ["strong"]
    assert place.rows("SELECT what, reason FROM deed WHERE what='own_page'") == [("own_page", "strong")]
    assert "data-phone" not in answer(place, tablet, day="12", month="3")  # one tap, one phone
    assert asked == ["strong"]


def test_without_a_birthday_the_card_itself_is_enough(place: Place) -> None:
    place.de_vries()
    asked = centre(place)
    place.phone(CARD)
    tablet = place.signed_in()
    page_of(place, tablet)
    place.clock.both_by_ms += 10_000
    place.phone(CARD)
    assert 'data-step="ready"' in page_of(place, tablet)
    assert "data-phone" in answer(place, tablet)
    assert asked == ["strong"]


def test_three_wrong_answers_end_it_for_this_visit(place: Place) -> None:
    place.de_vries(birthday=BIRTHDAY)
    asked = centre(place)
    place.tap(CARD)
    tablet = place.signed_in()
    page_of(place, tablet)
    place.phone(CARD)
    for _ in range(3):
        answer(place, tablet, day="1", month="1")
    assert "Dit is drie keer geprobeerd." in answer(place, tablet, day="12", month="3")
    assert asked == []


def test_without_a_line_the_page_says_so_and_what_was_asked_for_is_over_soon(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    page_of(place, tablet)
    place.phone(CARD)
    assert "Dit kan alleen met internet" in answer(place, tablet)
    place.clock.both_by_ms += CHECK_MS + 1
    later = place.signed_in()  # the first one locked itself meanwhile
    assert 'data-step="tap"' in page_of(place, later)


def test_whoever_has_no_phone_reads_on_the_tablet_how_it_is_done_for_them(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet = place.signed_in()
    assert "Een medewerker laat u hier zien wat wij weten" in page_of(place, tablet)
    assert "stop" in tablet.get(f"/visits/{visit_of(place)}/stop").text


@pytest.mark.parametrize(
    ("birthday", "day", "month", "found"),
    [
        (BIRTHDAY, "12", "3", True), (BIRTHDAY, "3", "12", False),
        (BIRTHDAY, " 12 ", "3", True), (None, "", "", False), ({}, "None", "None", False),
        (BIRTHDAY, "", "", False), ([3], "3", "3", False),
    ],
)  # fmt: skip
def test_who_knows_the_birthday(birthday: object, day: str, month: str, found: bool) -> None:
    assert knows(birthday, day=day, month=month) is found


def test_only_what_was_shown_after_it_was_asked_for_counts() -> None:
    assert shown_since(100, strong_ms=100, unlocked_ms=99) == "weak"
    assert shown_since(100, strong_ms=101, unlocked_ms=None) == "strong"
    assert shown_since(100, strong_ms=101, unlocked_ms=101) == "unlocked"
    assert shown_since(100, strong_ms=None, unlocked_ms=None) == "weak"
    assert [how for how in ("tap", "scan", "near", "typed", "joined") if held(how)] == ["tap", "scan"]
