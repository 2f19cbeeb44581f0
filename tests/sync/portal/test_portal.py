"""The customer's own page: what they see, and what a stranger gets: nothing."""

import pytest

from sync.hub import consents
from tests.sync.portal.hearing import count, pokes
from tests.sync.portal.place import ANNA, BRAM, DAY_MS, HERE, Place, press


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
    ("purposes", "said"),
    [(("recognition", "saving"), "U hebt nog niets gespaard."), (("recognition",), "U spaart nog niet.")],
)
def test_who_agreed_to_save_and_has_nothing_yet_is_not_told_that_they_do_not_save(
    place: Place, purposes: tuple[str, ...], said: str
) -> None:
    place.add(purposes=purposes, name={"call": "mevrouw De Vries"})
    assert said in place.inside().get("/portal").text


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


@pytest.mark.parametrize(
    ("have", "said"),
    [
        (8, "Uw stempelkaart is vol: een mok"),
        (9, "Uw stempelkaart is vol: een mok. En 1 stempel op de volgende kaart."),
        (16, "U hebt 2 volle stempelkaarten, per kaart: een mok"),
        (99, "U hebt 12 volle stempelkaarten, per kaart: een mok. En 3 stempels op de volgende kaart."),
    ],
)
def test_all_stamps_are_said_also_those_of_the_next_cards(place: Place, have: int, said: str) -> None:
    place.add(stamps={"have": have, "of": 8, "reward": "een mok"})
    phone = place.inside()
    assert f'<p class="reward">{said}</p>' in phone.get("/portal").text
    assert f"{said}<" in phone.get("/portal/forget").text


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
