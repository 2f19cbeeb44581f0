"""Helping, leaving alone, looking closer, busy shops and Beheer, on a real server."""

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.patience import PATIENT_S
from tests.staff_ui.house import DE_VRIES, Place, own_token, sign_in

CARD = "2900000000011"


def visit_of(place: Place) -> str:
    (visit,) = place.rows("SELECT id FROM visit WHERE ended_ms IS NULL")[0]
    return str(visit.hex())


def post(by: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return by.post(path, data={"own": own_token(by.get("/look").text), **fields})


@pytest.fixture
def visit(place: Place) -> str:
    place.de_vries(pickup={"orders": [{"number": "20418", "place": "B3", "ready_ms": 0}]})
    place.tap(CARD)
    return visit_of(place)


def test_one_colleague_helps_the_rest_see_it_and_a_second_is_told_in_words(place: Place, visit: str) -> None:
    anna, bram = place.signed_in(), place.signed_in("Bram de Wit")
    assert "Ik help" in anna.get("/visits").text
    assert post(anna, f"/visits/{visit}/help").headers["location"] == f"/visits/{visit}"
    assert "Anna Kok is helping" in bram.get("/visits").text
    late = post(bram, f"/visits/{visit}/help")
    assert late.status_code == 409
    assert "Anna Kok was just ahead of you" in late.text
    assert post(bram, f"/visits/{visit}/release").status_code == 409
    assert "Geholpen" in anna.get(f"/visits/{visit}").text
    assert post(anna, f"/visits/{visit}/help").status_code == 303
    assert post(anna, f"/visits/{visit}/release").headers["location"] == "/"
    assert post(bram, f"/visits/{visit}/help").status_code == 303
    kinds = [kind for (kind,) in place.rows("SELECT kind FROM outbox ORDER BY seq")]
    assert (kinds.count("help_claimed"), kinds.count("help_released")) == (2, 1)
    deeds = place.rows("SELECT what, length(staff_id), length(tablet_hash) FROM deed ORDER BY rowid")
    assert deeds == [("help", 16, 32), ("help_done", 16, 32), ("help", 16, 32)]


def test_two_tablets_racing_end_with_one_helper(place: Place, visit: str) -> None:
    tablets = [place.signed_in(), place.signed_in("Bram de Wit")]
    tokens = [own_token(each.get("/look").text) for each in tablets]
    import threading

    answers: list[int] = []
    gate = threading.Barrier(2)

    def claim(tablet: httpx.Client, own: str) -> None:
        gate.wait(PATIENT_S)
        answers.append(tablet.post(f"/visits/{visit}/help", data={"own": own}).status_code)

    threads = [threading.Thread(target=claim, args=each) for each in zip(tablets, tokens, strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(20)
    assert sorted(answers) == [303, 409]
    assert place.rows("SELECT count(*) FROM outbox WHERE kind='help_claimed'") == [(1,)]


def test_left_alone_is_one_touch_for_this_visit_and_can_be_taken_back(place: Place, visit: str) -> None:
    tablet = place.signed_in()
    assert "wandelschoenen" in tablet.get("/visits").text
    assert post(tablet, f"/visits/{visit}/alone").status_code == 303
    shown = tablet.get("/visits").text
    assert "wandelschoenen" not in shown
    assert "counter-1 · met rust laten" in shown
    assert "bestelling 20418" in shown
    post(tablet, f"/visits/{visit}/alone", undo="1")
    assert "wandelschoenen" in tablet.get("/visits").text
    assert place.rows("SELECT count(*) FROM outbox WHERE kind='left_alone'") == [(2,)]


def test_a_busy_shop_shows_only_the_card_on_every_tablet_and_says_so(place: Place, visit: str) -> None:
    anna, bram = place.signed_in(), place.signed_in("Bram de Wit")
    post(anna, "/store/busy", busy="on")
    for tablet in (anna, bram):
        assert "wandelschoenen" not in tablet.get("/visits").text
    assert "Druktemodus staat aan" in anna.get("/visits").text
    assert "Staat aan, op elke tablet." in anna.get("/store").text
    post(bram, "/store/busy", busy="off")
    assert "wandelschoenen" in anna.get("/visits").text


def test_a_tip_is_judged_once_a_visit_and_counted_without_a_name(place: Place, visit: str) -> None:
    anna, bram = place.signed_in(), place.signed_in("Bram de Wit")
    post(anna, f"/visits/{visit}/tip", good="yes")
    post(bram, f"/visits/{visit}/tip", good="no")
    assert place.rows("SELECT source, good, bad FROM tip_count") == [("last", 1, 0)]
    assert "Dank u." in anna.get("/visits").text
    assert place.rows("SELECT * FROM deed") == []


def test_looking_closer_needs_a_reason_that_the_view_log_keeps(place: Place, visit: str) -> None:
    tablet = place.signed_in()
    asked = tablet.get(f"/visits/{visit}/profile").text
    assert "Waarom kijkt u?" in asked
    assert "De Vries" not in asked
    assert "2019" not in asked
    assert post(tablet, f"/visits/{visit}/profile", why="curious").status_code == 303
    assert "Waarom kijkt u?" in tablet.get(f"/visits/{visit}/profile").text
    post(tablet, f"/visits/{visit}/profile", why="exchange")
    shown = tablet.get(f"/visits/{visit}/profile").text
    for text in (
        "Geopend voor: ruilen",
        "2019",
        "Van het hoofdkantoor, om 10:4",
        "7 van 8 stempels",
        "Niet bekend",
    ):
        assert text in shown
    assert ("staff", "exchange") in place.rows("SELECT role, reason FROM view_log")
    looks = place.rows("SELECT purpose FROM view_log WHERE reason='exchange' ORDER BY purpose")
    assert looks == [("profiling",), ("recognition",), ("saving",)]
    tablet.get(f"/visits/{visit}/profile")
    assert place.rows('SELECT count(*) FROM outbox WHERE instr(body, \'"reason":"exchange"\')') == [(3,)]
    assert "Waarom kijkt u?" in place.signed_in("Anna Kok").get(f"/visits/{visit}/profile").text


def test_looking_closer_counts_what_was_earned_here_and_logs_only_what_is_shown(place: Place) -> None:
    place.de_vries(purposes=("recognition", "saving"))
    place.tap(CARD)
    visit, tablet = visit_of(place), place.signed_in()
    path = f"/visits/{visit}/wallet"
    line = tablet.get(path).text.split('name="line" value="', 1)[1].split('"', 1)[0]
    post(tablet, path, act="earn", line=line, amount="7")
    post(tablet, f"/visits/{visit}/profile", why="phone")
    assert "1.407" in tablet.get(f"/visits/{visit}/profile").text
    looks = place.rows("SELECT purpose FROM view_log WHERE reason='phone' ORDER BY purpose")
    assert looks == [("recognition",), ("saving",)]


@pytest.mark.browser
def test_a_closer_look_closes_by_itself_when_the_customer_stops(
    place: Place, visit: str, tablet: Page
) -> None:
    tablet.goto(f"/visits/{visit}/profile")
    tablet.click("[name=why][value=help]")
    expect(tablet.locator("h1")).to_have_text("mevrouw De Vries")
    post(place.signed_in("Bram de Wit"), f"/visits/{visit}/stop")
    expect(tablet.locator("main")).to_contain_text("Er staat niets meer van deze klant op de tablet.")
    expect(tablet.locator("body")).not_to_contain_text("De Vries")


def test_a_found_customer_is_opened_for_a_reason_as_a_visit_that_was_typed(place: Place) -> None:
    customer = place.de_vries()
    hidden = place.customer("55", name=DE_VRIES, purposes=("saving",))
    tablet = place.signed_in()
    found = post(tablet, "/search", q="de vr").text
    assert customer.hex() in found
    assert hidden.hex() not in found
    assert "Waarom kijkt u?" in post(tablet, "/search/open", customer=customer.hex()).text
    assert place.rows("SELECT * FROM visit") == []
    opened = post(tablet, "/search/open", customer=customer.hex(), why="help")
    assert opened.headers["location"] == f"/visits/{visit_of(place)}"
    assert "<h1>mevrouw De Vries</h1>" in tablet.get(opened.headers["location"]).text
    assert place.rows("SELECT how, evidence FROM visit") == [("typed", "weak")]
    assert "tablet · op naam" in tablet.get("/visits").text
    assert ("staff", "help") in place.rows("SELECT role, reason FROM view_log")
    for other in (hidden.hex(), "00" * 16, "nonsense", ""):
        assert post(tablet, "/search/open", customer=other, why="help").status_code == 410


def test_whose_name_came_without_initials_is_told_by_those_of_how_they_are_called(place: Place) -> None:
    place.customer("66", name={"call": "mevrouw Van den Berg", "short": "mevrouw Van den Berg"})
    place.customer("67", name={"call": "Joost Bakker", "short": "Joost"})
    tablet = place.signed_in()
    place.tap("66")
    place.tap("67")
    shown = tablet.get("/visits").text
    assert ">B<" in shown
    assert ">JB<" in shown
    assert ">JB<" in post(tablet, "/search", q="joost").text


def test_a_pinned_card_closes_with_the_right_words_when_recognition_is_stopped(
    place: Place, visit: str
) -> None:
    anna, bram = place.signed_in(), place.signed_in("Bram de Wit")
    assert "De Vries" in bram.get(f"/visits/{visit}").text
    question = anna.get(f"/visits/{visit}/stop").text
    assert "Nu bij: counter-1" in question
    assert ">MV<" in question
    assert f'href="/visits/{visit}"' in question
    post(anna, f"/visits/{visit}/stop")
    pinned = bram.get(f"/visits/{visit}").text
    assert "Just help kindly." in pinned or "does not want to be recognised" in pinned
    assert "De Vries" not in pinned
    assert "Deze klant wil niet herkend worden." in anna.get("/visits").text


def test_more_than_a_glance_locks_after_a_minute_and_the_list_after_five(place: Place, visit: str) -> None:
    tablet = place.signed_in()
    post(tablet, f"/visits/{visit}/profile", why="help")
    tablet.get(f"/visits/{visit}/profile")
    place.clock.both_by_ms += 59_000
    assert tablet.get("/visits").status_code == 200
    place.clock.both_by_ms += 2_000
    assert tablet.get(f"/visits/{visit}/profile").headers["location"] == "/signin?idle=1"
    sign_in(tablet)
    assert "Waarom kijkt u?" in tablet.get(f"/visits/{visit}/profile").text
    tablet.get("/")
    place.clock.both_by_ms += 4 * 60_000
    assert tablet.get("/").status_code == 200


def test_beheer_is_for_managers_who_unlock_unpair_and_end_sessions(place: Place) -> None:
    anna, bram = place.signed_in(), place.signed_in("Bram de Wit")
    assert anna.get("/manage").status_code == 403
    assert 'href="/manage"' not in anna.get("/").text
    locked = place.tablet()
    for _ in range(5):
        sign_in(locked, pin="0000")
    assert sign_in(locked).status_code == 429
    page = bram.get("/manage").text
    assert "too many wrong PINs" in page
    (staff,) = place.rows("SELECT id FROM staff WHERE name='Anna Kok'")[0]
    post(bram, "/manage/unlock", staff=staff.hex())
    assert sign_in(locked).status_code == 303
    for (token_hash,) in place.rows("SELECT tablet_hash FROM staff_session WHERE staff_id=(SELECT id FROM staff"
                                    " WHERE name='Anna Kok')"):  # fmt: skip
        post(bram, "/manage/unpair", tablet=token_hash.hex())
    assert anna.get("/").status_code == 403
    assert locked.get("/signin").status_code == 403
    assert bram.get("/manage").status_code == 200


def test_a_tablet_or_colleague_removed_elsewhere_is_out_within_seconds(place: Place) -> None:
    tablet = place.signed_in()

    def remove(conn) -> None:  # type: ignore[no-untyped-def]
        conn.execute("DELETE FROM staff WHERE name='Anna Kok'")

    place.run(place.house.db.apply(remove))
    place.clock.both_by_ms += 11_000
    assert tablet.get("/visits").status_code in (303, 401)


def test_twenty_tries_an_hour_are_enough_for_one_tablet(place: Place) -> None:
    tablet = place.tablet()
    for number in range(20):
        sign_in(tablet, ("Anna Kok", "Bram de Wit")[number % 2], pin="0000")
        place.clock.both_by_ms += 61_000 if number % 2 else 0
        if number > 8:
            place.run(place.house.db.apply(lambda conn: conn.execute("DELETE FROM pin_try")))
    assert place.rows("SELECT count(*) FROM tablet_try")[0][0] <= 20
    place.run(place.house.db.apply(lambda conn: conn.execute("DELETE FROM pin_try")))
    while place.rows("SELECT count(*) FROM tablet_try")[0][0] < 20:
        sign_in(tablet, pin="0000")
        place.run(place.house.db.apply(lambda conn: conn.execute("DELETE FROM pin_try")))
    assert sign_in(tablet).status_code == 429
    place.clock.both_by_ms += 3_600_001
    assert sign_in(tablet).status_code == 303


def test_a_badge_chooses_a_tile_and_opens_nothing(place: Place) -> None:
    bram, door = place.signed_in("Bram de Wit"), place.tablet()
    (anna,) = place.rows("SELECT id FROM staff WHERE name='Anna Kok'")[0]
    place.de_vries()
    post(bram, "/manage/badge", staff=anna.hex())
    place.tap(CARD)
    assert "mevrouw De Vries" in bram.get("/visits").text.lower() or "De Vries" in bram.get("/visits").text
    place.tap("badge-1")
    assert place.rows("SELECT count(*) FROM staff_badge") == [(1,)]
    assert "data-note" not in bram.get("/visits").text
    assert door.get("/signin/badge").json() == {"staff": ""}
    place.tap("badge-1", reader="counter-2")
    assert door.get("/signin/badge").json() == {"staff": "Anna Kok"}
    assert door.get("/").status_code == 303
    place.clock.both_by_ms += 21_000
    assert door.get("/signin/badge").json() == {"staff": ""}
    assert place.rows("SELECT count(*) FROM visit") == [(1,)]


def test_a_draft_comes_back_after_a_reload_and_is_gone_when_sent_or_signed_out(place: Place) -> None:
    tablet = place.signed_in()
    assert post(tablet, "/draft", form="feedback", text="De knop is fijn").status_code == 204
    assert post(tablet, "/draft", form="pin", pin="2580").status_code == 204
    assert "De knop is fijn" in tablet.get("/store").text
    assert place.rows("SELECT count(*) FROM draft WHERE instr(sealed, 'knop')") == [(0,)]
    assert place.rows("SELECT count(*) FROM draft") == [(1,)]
    post(tablet, "/store/feedback", text="De knop is fijn")
    assert place.rows("SELECT text FROM feedback") == [("De knop is fijn",)]
    assert ">De knop is fijn<" not in tablet.get("/store").text
    post(tablet, "/draft", form="search", q="vries")
    assert 'value="vries"' in tablet.get("/search").text
    post(tablet, "/signout")
    assert place.rows("SELECT count(*) FROM draft") == [(0,)]
    sign_in(tablet)
    assert 'value="vries"' not in tablet.get("/search").text


def test_a_tablet_that_locked_itself_is_signed_out_and_asking_for_badges_keeps_nobody_in(
    place: Place,
) -> None:
    tablet = place.signed_in()
    for _ in range(5):
        place.clock.both_by_ms += 61_000
        tablet.get("/signin/badge")
    assert tablet.get("/").status_code == 303
    sign_in(tablet)
    assert "een minuut niet aangeraakt" in tablet.get("/signin?idle=profile").text
    assert tablet.get("/").status_code == 303
    assert place.rows("SELECT * FROM staff_session") == []
