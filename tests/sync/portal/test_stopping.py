"""Stop and allow again on the customer's own page: one touch each, by no other form than the page's own."""

import httpx
import pytest

from tests.sync.portal.place import DAY_MS, HERE, Place, own_token, press


def test_stop_and_allow_again_are_one_touch_each(place: Place) -> None:
    until_ms = place.hub.now_ms() + 30 * DAY_MS
    place.add(until_ms=until_ms)
    phone = place.inside()
    assert "Stop met herkennen" in phone.get("/portal").text
    stopped = press(phone, "/portal/stop", purpose="recognition", recipient=HERE)
    assert (stopped.status_code, stopped.headers["location"]) == (303, "/portal#mag")
    shown = phone.get("/portal").text
    assert "Gestopt. Winkels herkennen u niet meer; uw punten blijven." in shown
    assert "<b>1.400</b> punten" in shown
    assert "Stop met herkennen" not in shown
    assert place.state() == (1, "withdrawn")
    press(phone, "/portal/stop", purpose="recognition", recipient=HERE)  # twice changes nothing
    assert place.state() == (1, "withdrawn")
    place.clock.by_ms += DAY_MS
    press(phone, "/portal/allow", purpose="recognition", recipient=HERE, gen="1", state="withdrawn")
    assert place.state() == (2, "given")
    ((again_ms,),) = place.rows("SELECT until_ms FROM consent WHERE purpose='recognition'")
    assert again_ms > until_ms  # for as long as it was before, from now
    assert "Stop met herkennen" in phone.get("/portal").text


def test_a_yes_to_an_older_page_is_asked_again(place: Place) -> None:
    place.add()
    phone = place.inside()
    press(phone, "/portal/stop", purpose="recognition", recipient=HERE)
    first = {"purpose": "recognition", "recipient": HERE, "gen": "1", "state": "withdrawn"}
    press(phone, "/portal/allow", **first)
    press(phone, "/portal/stop", purpose="recognition", recipient=HERE)
    late = press(phone, "/portal/allow", **first)
    assert late.headers["location"] == "/portal?changed=1#mag"
    assert "Er is net iets veranderd." in phone.get("/portal?changed=1").text
    assert place.state() == (2, "withdrawn")


def test_a_consent_that_ended_by_itself_can_be_given_again(place: Place) -> None:
    place.add(until_ms=place.hub.now_ms() + 30 * DAY_MS)
    phone = place.inside()
    assert "Tot " in phone.get("/portal").text
    place.clock.by_ms += 40 * DAY_MS
    shown = phone.get("/portal").text
    assert "Winkels herkennen u niet meer" in shown
    assert "Dit hield vanzelf op" in shown
    press(phone, "/portal/allow", purpose="recognition", recipient=HERE, gen="1", state="given")
    assert place.state() == (2, "given")


def test_saving_has_no_stop_button_and_says_why(place: Place) -> None:
    yeses = ("recognition", "location", "finding", "contact", "partners", "profiling")
    place.add(purposes=("saving", "receipts", *yeses))
    phone = place.inside()
    shown = phone.get("/portal").text
    assert shown.count('action="/portal/stop"') == len(yeses)
    assert "Hier is geen stopknop. Dit hebt u met de winkel afgesproken" in shown
    assert "een winkel moet dit van de wet" in shown
    assert "Niemand " not in shown.split('id="mag"')[1]
    for purpose in ("saving", "receipts"):
        assert press(phone, "/portal/stop", purpose=purpose, recipient=HERE).status_code == 403
        assert place.state(purpose) == (1, "given")


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/portal/stop", {}),
        ("/portal/stop", {"purpose": "recognition", "recipient": "somebody-else"}),
        ("/portal/stop", {"purpose": "recognition'--", "recipient": HERE}),
        ("/portal/stop", {"purpose": "x" * 4000, "recipient": "\x00\ud7ff"}),
        ("/portal/allow", {"purpose": "recognition", "recipient": HERE}),
        ("/portal/allow", {"purpose": "recognition", "recipient": HERE, "gen": "-1", "state": "given"}),
        ("/portal/allow", {"purpose": "recognition", "recipient": HERE, "gen": "9" * 400, "state": "given"}),
        ("/portal/allow", {"purpose": "recognition", "recipient": HERE, "gen": "1", "state": "maybe"}),
        ("/portal/allow", {"purpose": "location", "recipient": HERE, "gen": "1", "state": "withdrawn"}),
        ("/portal/language", {"language": "xx"}),
    ],
)
def test_a_form_that_our_page_does_not_make_is_refused(
    place: Place, path: str, fields: dict[str, str]
) -> None:
    place.add()
    phone = place.inside()
    before = place.rows("SELECT * FROM consent ORDER BY purpose")
    answer = press(phone, path, **fields)
    assert answer.status_code == 403
    assert "Er is niets veranderd." in answer.text
    assert place.rows("SELECT * FROM consent ORDER BY purpose") == before


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://elsewhere.test"},
        {"origin": "null"},
    ],
)
def test_a_form_from_elsewhere_is_refused(place: Place, headers: dict[str, str]) -> None:
    place.add()
    phone = place.inside()
    own = own_token(phone.get("/portal").text)
    data = {"own": own, "purpose": "recognition", "recipient": HERE}
    assert phone.post("/portal/stop", data=data, headers=headers).status_code == 403
    assert phone.post("/portal/stop", data=data | {"own": "0" * 64}).status_code == 403
    assert phone.post("/portal/stop", data=data | {"own": "é"}).status_code == 403
    assert phone.post("/portal/leave", data={}).status_code == 403
    assert place.state() == (1, "given")
    other = place.phone()
    assert other.post("/portal/stop", data=data).status_code == 401


def test_what_is_no_form_at_all_is_refused(place: Place) -> None:
    place.add()
    phone = place.inside()
    form = {"content-type": "application/x-www-form-urlencoded"}
    assert phone.post("/portal/stop", content=b"\xff\xfe%zz&&==", headers=form).status_code == 403
    assert phone.post("/portal/stop", content=b"a=" + b"x" * 100_000, headers=form).status_code in (403, 413)
    torn = {"content-type": "multipart/form-data; boundary=x"}
    assert phone.post("/portal/stop", content=b"--x\r\ntorn", headers=torn).status_code in (400, 403)
    assert phone.get("/portal/stop").status_code == 405
    assert phone.get("/portal/static/..%2fpage.py").status_code == 404
    assert phone.get("/portal/static/nothing.css").status_code == 404
    for cookie in ("", "x", "é".encode().decode("latin1"), "a" * 5000):
        headers = {"cookie": f"welkom_portal={cookie}".encode("latin1")}
        raw = httpx.Request("GET", f"{place.url}/portal", headers=headers)
        assert place.phone().send(raw).status_code in (400, 401)
