"""Setting right and being forgotten on the tablet in a customer's hands: what proves enough, and what does not."""

import httpx
import pytest

from edge import own_requests
from edge.kit.seal import key_place, trait_place, unseal
from edge.own_page import CHECK_MS
from edge.recognition.tables import forget as forget_customer
from sync.own_request import PLACE
from tests.staff_ui.house import Place, own_token
from tests.staff_ui.test_mypage import CARD, visit_of
from tests.staff_ui.test_own import handed

OTHER = "2900000000028"
UNLOCKED = "00000002"


def hub(place: Place, *, answers: bool) -> list[str]:
    """What stands behind the line: what it carried out."""
    done: list[str] = []

    async def carry() -> None:
        if answers:
            for each in own_requests.waiting(place.house.db.reader):
                done.append(each.kind)
                await place.house.db.apply(own_requests.done, each)

    place.house.own_page.carry = carry
    return done


def ask(tablet: httpx.Client, path: str, **fields: str) -> httpx.Response:
    own = own_token(tablet.get("/own/correct").text)
    return tablet.post(path, data={"own": own, **fields})


def forget(tablet: httpx.Client) -> httpx.Response:
    return ask(tablet, "/own/forget", sure="yes")


def step(tablet: httpx.Client) -> str:
    return tablet.get("/own/forget").text.split('data-step="', 1)[1].split('"', 1)[0]


def untouched(place: Place) -> bool:
    yeses = place.rows("SELECT count(*) FROM consent WHERE state='withdrawn'")
    return (yeses, place.rows("SELECT count(*) FROM own_request")) == ([(0,)], [(0,)])


def test_what_proves_less_than_an_unlocked_phone_now_forgets_nobody(place: Place) -> None:
    done = hub(place, answers=True)
    tablet, _ = handed(place)
    place.customer(OTHER, name={"call": "Bram", "short": "Bram", "initials": "B"})

    def lesser(shown: str) -> None:
        place.clock.both_by_ms += 1_000
        match shown:
            case "card":
                place.phone(CARD)
            case "copy":
                place.tap(CARD, "scan")
            case "another's":
                place.phone(OTHER, key_id=UNLOCKED)

    place.phone(CARD, key_id=UNLOCKED)  # for something else, before it was asked for
    assert step(tablet) == "tap"
    for shown in ("nothing", "another's", "copy", "card"):
        lesser(shown)
        answer = forget(tablet)
        assert "data-gone" not in answer.text, shown
        assert step(tablet) in ("tap", "weak"), shown
        assert ask(tablet, "/own/forget", sure="yes", shown="unlocked", step="ready").status_code == 200
        assert untouched(place), shown
    assert step(tablet) == "weak"
    place.clock.both_by_ms += 1_000
    place.phone(CARD, key_id=UNLOCKED)
    assert step(tablet) == "ready"
    assert ask(tablet, "/own/forget").status_code == 200  # without "I am sure"
    colleague = place.signed_in()
    own = own_token(colleague.get("/search").text)
    assert colleague.post("/own/forget", data={"own": own, "sure": "yes"}).status_code == 410
    assert untouched(place)
    assert done == []


def test_what_was_shown_too_long_ago_is_asked_for_again(place: Place) -> None:
    hub(place, answers=True)
    tablet, _ = handed(place)
    assert step(tablet) == "tap"
    place.clock.both_by_ms += 1_000
    place.phone(CARD, key_id=UNLOCKED)
    for _ in range(3):  # they read on; the tablet stays awake
        place.clock.both_by_ms += CHECK_MS // 3 + 1
        tablet.get("/own")
    assert "data-gone" not in forget(tablet).text
    assert untouched(place)
    assert step(tablet) == "tap"


@pytest.mark.parametrize("answers", [True, False])
def test_an_unlocked_phone_then_and_there_forgets_with_a_line_and_waits_without(
    place: Place, answers: bool
) -> None:
    done = hub(place, answers=answers)
    tablet, _ = handed(place)
    ask(tablet, "/own/correct", name="mevrouw Jansen")
    visit, colleague = visit_of(place), place.signed_in()
    assert "De Vries" in colleague.get("/visits").text
    step(tablet)
    place.clock.both_by_ms += 1_000
    place.phone(CARD, key_id=UNLOCKED)
    assert forget(tablet).headers["location"] == "/own"
    page = tablet.get("/own").text
    assert f'data-gone="{"done" if answers else "kept"}"' in page
    assert "De Vries" not in page
    assert "De Vries" not in colleague.get("/visits").text, "off every screen here, line or not"
    held = place.rows("SELECT purpose FROM consent WHERE state='withdrawn' ORDER BY purpose")
    assert held == [("contact",), ("profiling",), ("recognition",)]
    waits = place.rows("SELECT kind, shown FROM own_request")
    assert (done, waits) == ((["name", "forget"], []) if answers else ([], [("forget", "unlocked")]))
    deeds = place.rows("SELECT what, reason, lower(hex(visit_id)) FROM deed WHERE what='own_forget'")
    assert deeds == [("own_forget", "unlocked", visit)]
    for path in ("/own/forget", "/own/correct"):
        assert tablet.get(path).status_code == 410
    assert tablet.post("/own/stop", data={"own": own_token(colleague.get("/search").text)}).status_code == 403


def test_a_name_set_right_is_sealed_until_headquarters_has_it_and_what_is_none_is_not_taken(
    place: Place,
) -> None:
    hub(place, answers=False)
    tablet, _ = handed(place)
    for wrong in ({"name": "06 12345678"}, {"day": "31", "month": "2"}, {"day": "²", "month": "3"}):
        assert "Er is niets veranderd" in ask(tablet, "/own/correct", **wrong).text
    assert untouched(place)
    ask(tablet, "/own/correct", name="mevrouw Jansen")
    ask(tablet, "/own/correct", name=" mevrouw  Janssen ")
    ask(tablet, "/own/correct", day="13", month="3")
    assert "data-waits" in tablet.get("/own").text
    rows = place.rows("SELECT kind, shown, sealed, at_ms, customer_id FROM own_request ORDER BY kind")
    assert [row[:2] for row in rows] == [("birthday", "strong"), ("name", "strong")]
    assert not any(b"Jans" in sealed for _, _, sealed, _, _ in rows)
    ((wrapped,),) = place.rows("SELECT wrapped FROM replica.customer_key")
    _, _, sealed, at_ms, whose = rows[1]
    key = unseal(place.house.keys.kek, wrapped, key_place(whose))
    assert unseal(key, sealed, trait_place(whose, PLACE, at_ms)) == b'{"name":" mevrouw  Janssen "}'


def test_what_headquarters_set_right_stands_there_at_once(place: Place) -> None:
    hub(place, answers=True)
    tablet, page = handed(place)
    assert "mevrouw De Vries" in page
    ask(tablet, "/own/correct", name="mevrouw Janssen")
    ask(tablet, "/own/correct", day="14", month="5")
    page = tablet.get("/own").text
    assert "Veranderd." in page
    assert (page.count("De Vries"), "<h1>mevrouw Janssen</h1>" in page, "14 mei" in page) == (0, True, True)
    assert 'value="mevrouw Janssen"' in tablet.get("/own/correct").text


def test_who_was_forgotten_elsewhere_meanwhile_reads_that_and_nothing_else(place: Place) -> None:
    hub(place, answers=True)
    tablet, _ = handed(place)
    ((whose,),) = place.rows("SELECT customer_id FROM replica.customer_key")
    place.run(place.house.db.apply(forget_customer, whose))
    page = tablet.get("/own").text
    assert 'data-gone="elsewhere"' in page
    assert "Hier is niets meer van u" in page
    assert "/own/stop" not in page


def test_a_shop_without_headquarters_offers_neither(place: Place) -> None:
    tablet, page = handed(place)
    assert "/own/forget" not in page
    assert tablet.get("/own/forget").status_code == 410
