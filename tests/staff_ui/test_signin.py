"""Signing in on a real server: the PIN, its lock, the cookie, and what a restart leaves."""

from pathlib import Path

import httpx
import pytest

from tests.patience import PATIENT_S
from tests.staff_ui.house import Place, open_place, own_token, sign_in
from tests.staff_ui.opened import MovedClock


def test_a_browser_that_is_no_tablet_is_refused_with_a_next_step(place: Place) -> None:
    browser = place.browser()
    for path in ("/", "/signin", "/search", "/look"):
        answer = browser.get(path)
        assert answer.status_code == 403
        assert "Deze tablet is nog niet gekoppeld" in answer.text
    assert "Anna" not in browser.get("/signin").text


def test_a_pairing_code_makes_one_browser_a_tablet_and_no_second(place: Place) -> None:
    code = place.pair_code()
    first, second = place.browser(), place.browser()
    assert first.get(f"/pair/{code}").headers["location"] == "/signin"
    assert first.get("/signin").status_code == 200
    assert second.get(f"/pair/{code}").status_code == 410
    assert second.get("/signin").status_code == 403


def test_the_right_pin_opens_the_floor_with_strict_cookies(place: Place) -> None:
    tablet = place.tablet()
    answer = sign_in(tablet)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path=/" in cookie
    assert "Nu in de winkel" in tablet.get("/").text


def test_every_sign_in_gives_a_new_token_and_the_old_one_is_worth_nothing(place: Place) -> None:
    tablet = place.signed_in()
    old = tablet.cookies["welkom_session"]
    sign_in(tablet)
    assert tablet.cookies["welkom_session"] != old
    tablet.cookies.set("welkom_session", old, domain="127.0.0.1")
    thief = httpx.get(f"{place.url}/visits", headers={"cookie": f"welkom_session={old}"}, timeout=PATIENT_S)
    assert thief.status_code == 403  # a session is worth nothing without its tablet


def test_wrong_pins_are_counted_down_and_then_locked_with_a_sentence_that_says_how_long(place: Place) -> None:
    tablet = place.tablet()
    said = [sign_in(tablet, pin="0000") for _ in range(5)]
    assert "Nog 4 pogingen." in said[0].text
    assert "Nog 1 poging." in said[3].text
    assert said[4].status_code == 429
    assert "Probeer het over 30 seconden weer." in said[4].text
    locked = sign_in(tablet)
    assert locked.status_code == 429
    place.clock.both_by_ms += 31_000
    assert "over 60 seconden" in sign_in(tablet, pin="0000").text
    place.clock.both_by_ms += 61_000
    assert sign_in(tablet).status_code == 303


def test_a_lock_is_for_one_person_on_one_tablet(place: Place) -> None:
    tablet = place.tablet()
    for _ in range(6):
        sign_in(tablet, pin="0000")
    assert sign_in(tablet, "Bram de Wit").status_code == 303
    assert sign_in(place.tablet()).status_code == 303


@pytest.mark.parametrize("pin", ["", "123", "abcd", "12345678"])
def test_what_is_no_pin_costs_no_try(place: Place, pin: str) -> None:
    answer = sign_in(place.tablet(), pin=pin)
    assert answer.status_code == 422
    assert "Een pincode heeft vier tot zes cijfers." in answer.text
    assert place.rows("SELECT * FROM pin_try") == []


def test_signing_out_leaves_nothing_behind(place: Place) -> None:
    tablet = place.signed_in()
    token = tablet.cookies["welkom_session"]
    own = own_token(tablet.get("/").text)
    assert tablet.post("/signout", data={"own": own}).headers["location"] == "/signin"
    assert place.rows("SELECT * FROM staff_session") == []
    tablet.cookies.set("welkom_session", token, domain="127.0.0.1")
    assert tablet.get("/").status_code == 303


def test_a_restart_signs_nobody_out_and_forgets_no_lock(tmp_path: Path) -> None:
    clock = MovedClock()
    with open_place(tmp_path, clock=clock) as before:
        before.staff()
        before.staff("Bram de Wit")
        tablet = before.signed_in()
        kept = dict(tablet.cookies)
        for _ in range(5):
            sign_in(before.tablet(), "Bram de Wit", pin="0000")
        own = own_token(tablet.get("/").text)
        assert own
        locked = before.tablet()
        for _ in range(5):
            sign_in(locked, "Bram de Wit", pin="0000")
        locked_cookies = dict(locked.cookies)
    with open_place(tmp_path, clock=clock) as after:
        tablet, locked = after.browser(), after.browser()
        tablet.cookies.update(kept)
        locked.cookies.update(locked_cookies)
        assert "Nu in de winkel" in tablet.get("/").text
        assert sign_in(locked, "Bram de Wit").status_code == 429


def test_an_idle_session_locks_pokes_do_not_keep_it_open_and_a_restart_does_not_revive_it(
    tmp_path: Path,
) -> None:
    clock = MovedClock()
    with open_place(tmp_path, clock=clock) as before:
        before.staff()
        tablet = before.signed_in()
        for _ in range(4):
            clock.both_by_ms += 60_000
            assert tablet.get("/visits").status_code == 200
        clock.both_by_ms += 61_000
        fetched = tablet.get("/visits", headers={"hx-request": "true"})
        assert fetched.status_code == 401
        assert fetched.headers["hx-redirect"] == "/signin?idle=1"
        assert fetched.text == ""
        kept = dict(tablet.cookies)
    with open_place(tmp_path, clock=clock) as after:
        tablet = after.browser()
        tablet.cookies.update(kept)
        answer = tablet.get("/")
        assert answer.headers["location"] == "/signin?idle=1"
        assert "Vergrendeld: vijf minuten niet aangeraakt." in tablet.get("/signin?idle=1").text


def test_a_touch_keeps_a_session_open_until_its_absolute_end(place: Place) -> None:
    tablet = place.signed_in()
    for _ in range(4):
        place.clock.both_by_ms += 4 * 60_000
        assert tablet.get("/visits", headers={"welkom-touched": "1"}).status_code == 200
    place.clock.both_by_ms += 12 * 3_600_000
    assert tablet.get("/visits", headers={"welkom-touched": "1"}).status_code in (303, 401)


def test_a_session_is_worth_nothing_without_its_tablet(place: Place) -> None:
    session = place.signed_in().cookies["welkom_session"]
    other = place.tablet()
    other.cookies.set("welkom_session", session, domain="127.0.0.1")
    assert other.get("/").status_code == 303
    assert other.get("/search").status_code == 303


def test_with_https_the_cookies_are_host_bound(tmp_path: Path) -> None:
    from staff_ui.security import cookie, cookie_name

    made = cookie("session", "x", secure=True, max_age_s=1).to_header(header="")
    assert made.startswith("__Host-welkom_session=x")
    assert "Secure" in made
    assert cookie_name("tablet", secure=False) == "welkom_tablet"
