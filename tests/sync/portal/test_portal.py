"""The customer's own page: who comes in, what they see, what they stop, and what a stranger gets: nothing."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from edge.kit.errors import Refused
from sync.hub import consents
from tests.kit.stores import files_with
from tests.patience import PATIENT_S
from tests.sync.portal.place import ANNA, BRAM, DAY_MS, HERE, Place, own_token, press

LONG_MS = 15 * 60_000


def test_a_code_lets_one_phone_in_once(place: Place) -> None:
    place.add()
    code = place.code()
    phone, other = place.phone(), place.phone()
    entered = phone.get(f"/portal/enter/{code}")
    assert (entered.status_code, entered.headers["location"]) == (303, "/portal")
    cookie = entered.headers["set-cookie"].lower()
    assert "samesite=strict" in cookie
    assert "httponly" in cookie
    assert "path=/portal" in cookie
    assert "Mevrouw De Vries" in phone.get("/portal").text
    again = other.get(f"/portal/enter/{code}")
    assert again.status_code == 410
    assert "Deze code is op" in again.text
    assert "De Vries" not in other.get("/portal").text


def test_a_code_is_too_old_after_a_quarter_of_an_hour_and_a_session_after_ninety_days(place: Place) -> None:
    place.add()
    code, phone = place.code(), place.inside()
    place.clock.by_ms += LONG_MS
    assert place.phone().get(f"/portal/enter/{code}").status_code == 410
    assert phone.get("/portal").status_code == 200
    place.clock.by_ms += 90 * DAY_MS
    assert phone.get("/portal").status_code == 401
    place.inside()
    assert len(place.rows("SELECT * FROM portal_session")) == 1
    assert place.rows("SELECT * FROM portal_code") == []


def test_neither_code_nor_token_is_at_rest_or_in_the_log(place: Place) -> None:
    place.add()
    code = place.code()
    phone = place.phone()
    phone.get(f"/portal/enter/{code}")
    token = phone.cookies["welkom_portal"]
    place.run(place.hub.db.scrub())
    for secret in (code, token, "De Vries"):
        assert files_with(secret.encode(), place.hub.config.state) == []
        assert secret not in repr(place.said)


def test_a_code_is_made_for_somebody_only(place: Place) -> None:
    with pytest.raises(Refused) as caught:
        place.code(b"\x99" * 16)
    assert caught.value.code == "UNKNOWN_CUSTOMER"


def test_who_is_not_in_is_told_kindly_how_one_gets_in(place: Place) -> None:
    for path in ("/portal", "/portal?language=nl"):
        answer = place.phone().get(path)
        assert answer.status_code == 401
        assert "Vraag in de winkel om uw code" in answer.text
    assert "Ask for your code in the shop" in place.phone().get("/portal?language=en").text
    assert place.phone().get("/portal/live", headers={"accept": "text/event-stream"}).status_code == 401


def test_a_look_ahead_does_not_use_a_code_up(place: Place) -> None:
    place.add()
    code = place.code()
    phone = place.phone()
    assert phone.get(f"/portal/enter/{code}", headers={"sec-purpose": "prefetch"}).status_code == 503
    # From web mail a strict cookie would stay behind on a redirect: a page of our own leads on.
    entered = phone.get(f"/portal/enter/{code}", headers={"sec-fetch-site": "cross-site"})
    assert entered.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/portal">' in entered.text
    assert phone.get("/portal").status_code == 200


def test_the_card_shows_all_that_the_customer_holds(place: Place) -> None:
    place.add()
    now_ms = place.hub.now_ms()
    place.holds("pickup", {"orders": [{"number": "20418", "place": "vak B3", "ready_ms": now_ms}]})
    place.holds(
        "vouchers",
        {
            "items": [
                {"label": "10% korting", "until_ms": now_ms + DAY_MS, "code": "TENT-10"},
                {"label": "te laat", "until_ms": now_ms - DAY_MS, "code": "OUD"},
            ]
        },
    )
    place.holds("giftcards", {"items": [{"label": "Cadeaukaart", "balance_cents": 125_050}]})
    place.holds("birthday", {"month": 3, "day": 12})
    place.holds("last", {"what": "de wandelschoenen", "at_ms": now_ms - 36 * DAY_MS})
    place.holds("baskets", {"baskets": [{"at_ms": now_ms, "items": ["1"]}] * 2})
    shown = place.inside().get("/portal").text
    for text in (
        "Mevrouw De Vries", "<b>1.400</b> punten", "Bijgewerkt om ", "Nog 1 stempel tot gratis impregneren",
        'aria-label="7 van 8 stempels"', "Ligt klaar: bestelling 20418, vak B3", "10% korting", "TENT-10",
        "Cadeaukaart", "€ 1.250,50", "U bent klant sinds 2019.", "U bent jarig op 12 maart",
        "de wandelschoenen, 5 weken geleden gekocht", "Wij bewaren 2 aankopen",
    ):  # fmt: skip
        assert text in shown, text
    assert "te laat" not in shown
    assert "OUD" not in shown


@pytest.mark.parametrize(
    "shape",
    [
        None, 3, "x", [], {}, {"call": 1}, {"balance": -1}, {"balance": True}, {"balance": 10**40},
        {"have": 10**9, "of": 10**9}, {"orders": [None, 1, {}, {"number": []}]}, {"orders": {}},
        {"items": [None, {"label": 3}, {"label": "", "until_ms": "x"}, {"label": "geld", "balance_cents": "x"}]},
        {"items": [{"label": "lang", "until_ms": 10**300}]}, {"year": 10**9}, {"month": 13, "day": 40},
        {"what": "iets", "at_ms": -5}, {"baskets": 3}, b"\xff\xfe", b"[" * 2000, b"{",
    ],
    ids=repr,
)  # fmt: skip
def test_a_trait_of_another_shape_only_makes_the_card_smaller(place: Place, shape: object) -> None:
    place.add(name={"call": "Joost"})
    phone = place.inside()
    for name in (
        "points",
        "stamps",
        "vouchers",
        "giftcards",
        "pickup",
        "since",
        "birthday",
        "last",
        "baskets",
    ):
        place.holds(name, shape)
    answer = phone.get("/portal")
    assert answer.status_code == 200
    assert "Joost" in answer.text
    place.holds("name", shape)
    assert phone.get("/portal").status_code == 200


def test_a_trait_that_does_not_open_is_left_out_and_logged_without_its_value(place: Place) -> None:
    place.add()
    place.holds("points", 1, sealed=bytes(40))
    shown = place.inside().get("/portal").text
    assert "Mevrouw De Vries" in shown
    assert "punten</p>" not in shown
    assert ("trait_unreadable" in {event for event, _ in place.said}) is True


def test_names_that_are_markup_stay_text(place: Place) -> None:
    place.add(
        name={"call": "<script>alert(1)</script>"},
        stamps={"have": 1, "of": 8, "reward": "</p><img src=x onerror=y>"},
    )
    place.holds("giftcards", {"items": [{"label": "<b>x", "balance_cents": 5}]})
    shown = place.inside().get("/portal").text
    assert "<script>alert" not in shown
    assert "<img" not in shown
    assert "&lt;b&gt;x" in shown


def test_who_looked_is_said_by_time_role_purpose_and_shop_and_never_by_name(place: Place) -> None:
    place.add()
    place.add(BRAM, number="2")
    now_ms = place.hub.now_ms()
    place.shows(at_ms=now_ms - 3 * DAY_MS, role="manager", purpose="saving")
    place.shows(BRAM, purpose="profiling")
    place.shows(at_ms=now_ms + 40 * DAY_MS)  # the shop's clock is wrong
    place.sends("card_shown", {"customer_id": ANNA.hex(), "role": 3, "purpose": [], "name": "Bram de Wit"})
    place.sends("visit_started", {"customer_id": ANNA.hex()})
    shown = place.inside().get("/portal").text
    assert shown.count("data-look") == 3
    assert "Een medewerker zag uw kaart, om u te herkennen." in shown
    assert "De beheerder zag uw kaart, voor uw punten en stempels." in shown
    assert "Iemand van de winkel zag uw kaart, om u te helpen." in shown
    assert "· Amersfoort" in shown
    assert "om u advies" not in shown.split('id="mag"')[0]
    assert "Bram" not in shown
    assert shown.index("Een medewerker") < shown.index("De beheerder")


def test_why_staff_looked_closer_is_said_to_the_customer_in_their_language(place: Place) -> None:
    place.add()
    for reason in ("help", "exchange", "pickup", "phone"):
        place.shows(reason=reason, purpose="saving")
    place.shows(reason="of a later version")
    phone = place.inside()
    shown = phone.get("/portal").text
    closer = "Een medewerker zag uw gegevens van dichtbij, voor uw punten en stempels. Reden: "
    for reason in ("hulp", "ruilen", "een bestelling afhalen", "een telefoontje"):
        assert f"{closer}{reason}." in shown
    assert "Een medewerker zag uw kaart, om u te herkennen." in shown
    assert "later version" not in shown


def test_many_looks_are_folded_so_that_the_stop_buttons_are_near(place: Place) -> None:
    place.add()
    for _ in range(8):
        place.shows()
    shown = place.inside().get("/portal").text
    assert shown.split('<details id="earlier"')[0].count("data-look") == 3
    assert "Nog 5 keer eerder" in shown


def test_a_customer_sees_and_changes_only_what_is_theirs(place: Place) -> None:
    place.add()
    place.add(BRAM, number="2", name={"call": "Joost"}, points={"balance": 77})
    place.shows(ANNA)
    bram = place.inside(BRAM)
    shown = bram.get("/portal").text
    assert "Joost" in shown
    assert "De Vries" not in shown
    assert "1.400" not in shown
    assert "data-look" not in shown
    press(bram, "/portal/stop", purpose="recognition", recipient=HERE, customer=ANNA.hex())
    assert place.state(customer_id=ANNA) == (1, "given")
    assert place.state(customer_id=BRAM) == (1, "withdrawn")


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


def test_leaving_ends_the_session_here_and_the_language_stays_with_it(place: Place) -> None:
    place.add()
    phone, tablet = place.inside(), place.inside()
    token = phone.cookies["welkom_portal"]
    press(phone, "/portal/language", language="en")
    assert "Who looked" in phone.get("/portal").text
    assert "Wie keek" in tablet.get("/portal").text
    press(phone, "/portal/leave")
    assert "welkom_portal" not in phone.cookies
    stolen = place.phone()
    stolen.cookies.set("welkom_portal", token, path="/portal")
    assert stolen.get("/portal").status_code == 401
    assert tablet.get("/portal").status_code == 200


def test_an_erased_customer_is_out_everywhere(place: Place) -> None:
    place.add()
    phone, code = place.inside(), place.code()
    place.run(place.hub.erase(ANNA))
    assert phone.get("/portal").status_code == 401
    assert place.phone().get(f"/portal/enter/{code}").status_code == 410
    assert place.rows("SELECT * FROM portal_session") == []
    assert place.rows("SELECT * FROM portal_code") == []


def test_every_page_has_the_strict_headers(place: Place) -> None:
    place.add()
    phone = place.inside()
    for path in ("/portal", "/portal/nothing", "/portal/static/portal.css", "/hq"):
        headers = phone.get(path).headers
        policy = headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cross-origin-resource-policy"] == "same-origin"
    assert phone.get("/portal").headers["cache-control"] == "no-store"


@contextmanager
def pokes(client: httpx.Client, path: str) -> Iterator[list[str]]:
    """What a stream says, while it is open."""
    heard: list[str] = []
    opened = threading.Event()

    def listen() -> None:
        try:
            with client.stream("GET", path, headers={"accept": "text/event-stream"}) as answer:
                for line in answer.iter_lines():
                    heard.append(line)
                    opened.set()
        except httpx.HTTPError:
            return

    worker = threading.Thread(target=listen, daemon=True)
    worker.start()
    assert opened.wait(PATIENT_S)
    yield heard


def count(heard: list[str], at_least: int) -> bool:
    for _ in range(400):
        if heard.count("event: changed") >= at_least:
            return True
        threading.Event().wait(0.05)
    return False


def test_a_poke_says_that_something_of_this_customer_changed_and_never_what(place: Place) -> None:
    place.add()
    place.add(BRAM, number="2")
    with pokes(place.inside(), "/portal/live") as anna, pokes(place.inside(BRAM), "/portal/live") as bram:
        assert count(anna, 1)
        assert count(bram, 1)
        changes = (
            lambda: place.shows(ANNA),
            lambda: press(place.inside(), "/portal/stop", purpose="profiling", recipient=HERE),
            lambda: place.run(
                place.hub.change(
                    consents.withdraw, ANNA, purpose="recognition", recipient=HERE, now_ms=place.hub.now_ms()
                )
            ),
        )
        for number, change in enumerate(changes, 2):
            change()
            assert count(anna, number), number
        # His own arrival may be told twice: by the act, and by the ear for what other processes commit.
        told = bram.count("event: changed")
        assert told <= 2 < anna.count("event: changed")
        place.shows(BRAM)
        assert count(bram, told + 1)
        assert {line for line in anna if line} == {"retry: 1000", "event: changed", "data: "} or {
            line for line in anna if line
        } == {"retry: 1000", "event: changed", "data:"}


def test_what_befell_a_card_of_theirs_stands_among_who_looked(place: Place) -> None:
    place.add()
    about = {"customer_id": ANNA.hex()}
    card = "ab" * 32
    place.sends("tap_replayed", about | {"hash": card, "reader": "balie"})
    place.sends("credential_blocked", about | {"hash": card})
    shown = place.inside().get("/portal").text
    assert "Uw kaart werd gelezen met een code die al eens was gebruikt. Er is niets geopend." in shown
    # What the hub could not believe is no event of theirs: nobody has this card.
    assert "is geblokkeerd" not in shown
    assert card not in shown
