"""What touches one customer: stopping recognition, and finding somebody by name."""

import httpx

from tests.staff_ui.house import DE_VRIES, Place, own_token

CARD = "2900000000011"


def search(tablet: httpx.Client, text: str) -> str:
    """The page that answers a search; the name is in no address."""
    answer = tablet.post("/search", data={"own": own_token(tablet.get("/search").text), "q": text})
    assert answer.url.query == b""
    return answer.text


def visit_of(place: Place) -> str:
    (visit,) = place.rows("SELECT id FROM visit WHERE ended_ms IS NULL")[0]
    return str(visit.hex())


def test_stopping_is_asked_once_done_at_once_and_leaves_points_and_stamps(place: Place) -> None:
    customer = place.de_vries()
    place.tap(CARD)
    tablet, other = place.signed_in(), place.signed_in("Bram de Wit")
    assert "De Vries" in other.get("/visits").text
    question = tablet.get(f"/visits/{visit_of(place)}/stop").text
    assert "Niet meer herkennen?" in question
    assert "De Vries" not in question
    answer = tablet.post(f"/visits/{visit_of(place)}/stop", data={"own": own_token(question)})
    assert answer.headers["location"] == "/"
    assert "De Vries" not in tablet.get("/visits").text
    assert "De Vries" not in other.get("/visits").text
    assert place.rows("SELECT purpose, state FROM main.consent") == [("recognition", "withdrawn")]
    assert place.rows("SELECT count(*) FROM outbox WHERE kind='consent_withdrawn'") == [(1,)]
    place.tap(CARD, reader="counter-2")
    assert 'data-note="withheld"' in tablet.get("/visits").text
    assert customer


def test_stopping_a_visit_that_is_over_says_so(place: Place) -> None:
    place.de_vries()
    place.tap(CARD)
    tablet, visit = place.signed_in(), visit_of(place)
    question = tablet.get(f"/visits/{visit}/stop").text
    tablet.post(f"/visits/{visit}/stop", data={"own": own_token(question)})
    again = tablet.post(f"/visits/{visit}/stop", data={"own": own_token(question)})
    assert again.status_code == 410
    assert "Er staat niets meer van deze klant op de tablet." in again.text
    assert tablet.get("/visits/nonsense/stop").status_code == 410


def test_searching_finds_whoever_wants_to_be_recognised_by_the_beginnings_of_words(place: Place) -> None:
    place.de_vries()
    place.customer(
        "55",
        name={"call": "meneer De Boer", "short": "Meneer De Boer", "initials": "JB"},
        purposes=("saving",),
    )
    tablet = place.signed_in()
    found = search(tablet, "de vr")
    assert "Mevrouw De Vries" in found
    assert "Klant sinds 2019" in found
    assert "400" not in found
    assert "De Boer" not in search(tablet, "de")
    assert "Niemand gevonden" in search(tablet, "boer")


def test_searching_needs_two_letters_and_shows_at_most_eight(place: Place) -> None:
    for number in range(10):
        place.customer(
            f"9{number}", name={"call": f"Joost {number}", "short": f"Joost {number}", "initials": "J"}
        )
    tablet = place.signed_in()
    assert "minstens twee letters" in search(tablet, "j")
    assert "minstens twee letters" in search(tablet, " . ")
    found = search(tablet, "jo")
    assert found.count("<b>Joost") == 8
    assert "Dit zijn de eerste 8." in found


def test_searching_before_the_names_are_loaded_says_so(place: Place) -> None:
    place.house.health.search_ready = False
    assert "De namen worden nog geladen." in search(place.signed_in(), "vries")


def test_what_was_searched_for_comes_back_as_text(place: Place) -> None:
    page = search(place.signed_in(), '"><script>alert')
    assert "<script>alert" not in page
    assert DE_VRIES["call"] not in page
