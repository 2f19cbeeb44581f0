"""Practice: a tablet with invented people alone, marked on every page, writing nothing, left by one touch."""

import re
from typing import Any

import httpx

from staff_ui.practice import PEOPLE, Practice, done, here, saved, wallet_done
from tests.staff_ui.house import Place, own_token

MARK = "Deze mensen zijn verzonnen. Er wordt niets bewaard."
VRIES, JOOST, AYDIN, _ = PEOPLE


def practising(place: Place) -> httpx.Client:
    tablet = place.signed_in()
    own = own_token(tablet.get("/store").text)
    begun = tablet.post("/practice", data={"own": own, "on": "1"})
    assert begun.headers["location"] == "/practice"
    return tablet


def journal(place: Place) -> list[str]:
    """Every row of the journal."""

    async def dump() -> list[str]:
        return list(place.house.db.reader.iterdump())

    return place.run(dump())


def post(tablet: httpx.Client, address: str, **fields: Any) -> str:
    own = own_token(tablet.get("/practice").text)
    answer = tablet.post(address, data={"own": own, **fields})
    assert answer.status_code == 303
    return tablet.get(answer.headers["location"]).text


def test_a_tablet_that_practises_shows_nobody_who_exists_whatever_it_opens(place: Place) -> None:
    place.customer("2900000000028", name={"call": "Real", "short": "Real", "initials": "R"})
    tablet = practising(place)
    place.tap("2900000000028")
    visit = place.rows("SELECT hex(id) FROM visit")[0][0].lower()
    for path in (
        "/",
        "/search",
        "/store",
        "/products",
        "/manage",
        f"/visits/{visit}",
        f"/visits/{visit}/wallet",
    ):
        answer = tablet.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, "/practice"), path
    poke = tablet.get("/visits", headers={"hx-request": "true"})
    assert (poke.status_code, poke.headers["hx-redirect"]) == (403, "/practice")
    assert tablet.get("/live", headers={"accept": "text/event-stream"}).status_code == 403
    found = tablet.post("/search", data={"own": own_token(tablet.get("/practice").text), "q": "Real"})
    assert found.headers["location"] == "/practice"
    assert "Real" not in tablet.get("/practice").text
    assert place.signed_in("Bram de Wit").get("/").text.count("Real") > 0


def test_every_touch_is_practised_and_none_of_them_is_written(place: Place) -> None:
    tablet = practising(place)
    before = journal(place)
    at = f"/practice/{VRIES.at.hex()}"
    assert "Geholpen" in post(tablet, f"{at}/help")
    assert "Ik help" in post(tablet, f"{at}/release")
    assert "Lukt het met de wandelschoenen" not in post(tablet, f"{at}/alone")
    assert "Lukt het met de wandelschoenen" in post(tablet, f"{at}/alone", undo="1")
    post(tablet, f"{at}/tip", good="yes")
    assert "1 stempel" in post(tablet, f"{at}/wallet", act="stamp")
    assert "gratis impregneren" in post(tablet, f"{at}/wallet", act="full")
    assert 'role="alert"' in post(tablet, f"{at}/wallet", act="spend", amount="999999")
    assert "Meike de Vries" in post(tablet, f"{at}/profile", why="help")
    assert "De Vries" not in re.sub(r"<title>.*?</title>", "", post(tablet, f"{at}/stop"))
    assert tablet.get(at).status_code == 200
    assert journal(place) == before


def test_every_page_of_it_is_marked_and_left_by_one_touch(place: Place) -> None:
    tablet = practising(place)
    at = f"/practice/{JOOST.at.hex()}"
    for path in ("/practice", at, f"{at}/wallet", f"{at}/profile", f"{at}/stop"):
        page = tablet.get(path).text
        assert MARK in page, path
        assert "data-practising" in page
        assert '"/visits/' not in page, path
        assert "menu" not in re.findall(r'<nav class="(\w+)"', page)
    left = tablet.post("/practice", data={"own": own_token(page), "on": "0"})
    assert left.headers["location"] == "/store"
    assert MARK not in tablet.get("/store").text
    assert tablet.get(at).status_code == 410


def test_practice_ends_with_the_session(place: Place) -> None:
    tablet = practising(place)
    tablet.post("/signout", data={"own": own_token(tablet.get("/practice").text)})
    assert tablet.get("/practice").headers["location"].startswith("/signin")


def test_what_is_practised_follows_the_rules_of_the_shop() -> None:
    held = done(Practice(), AYDIN, "help")
    assert held == Practice()  # Bram helps him
    assert wallet_done(held, VRIES, "full", 0) is None
    assert wallet_done(held, VRIES, "earn", 0) is None
    assert wallet_done(held, VRIES, "steal", 5) is None
    stamped = wallet_done(held, VRIES, "stamp", 0)
    assert stamped is not None
    assert saved(stamped, VRIES) == (8, 400)
    redeemed = wallet_done(stamped, VRIES, "full", 0)
    assert redeemed is not None
    assert saved(redeemed, VRIES) == (0, 400)
    assert saved(redeemed, JOOST) == (8, 185)
    assert here(done(held, VRIES, "stop")) == PEOPLE[1:]
