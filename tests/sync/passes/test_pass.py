"""The customer's pass at the hub: made once, shown to them alone, lost at once, and forgotten with them."""

import re
from pathlib import Path

import httpx

from edge.recognition import rotating
from sync.hub.passes.page import FILE, HERE
from tests.sync.centre import KEYS
from tests.sync.portal.place import ANNA, BRAM, Place, open_place, own_token


def press(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    return client.post(f"{HERE}/{path}", data={"own": own_token(client.get(HERE).text), **fields})


def secret_of(page: str) -> tuple[str, bytes]:
    found = re.search(r'data-pass="([A-Z2-7]{16})" data-secret="([0-9a-f]{64})"', page)
    assert found
    return found[1], bytes.fromhex(found[2])


def states(place: Place) -> list[tuple[str, str]]:
    return place.rows("SELECT kind, state FROM credential WHERE kind<>'' ORDER BY bound_ms, state DESC")


def test_without_certificates_there_is_a_web_pass_and_not_a_word_of_wallets(tmp_path: Path) -> None:
    with open_place(tmp_path / "hub") as place:
        place.add()
        phone = place.inside()
        page = phone.get(HERE).text
        assert "Wallet" not in page
        assert "data-pass" not in page
        assert press(phone, "make", kind="apple").status_code == 404
        assert press(phone, "make", kind="web").headers["location"] == HERE
        name, secret = secret_of(phone.get(HERE).text)
        code = rotating.code(secret, name, now_ms=place.hub.now_ms())
        shown = rotating.read(KEYS.chain_key, code, now_ms=place.hub.now_ms())
        assert shown is not None
        assert (shown.name, shown.when) == (name, "now")


def test_a_pass_is_made_once_and_a_lost_one_works_nowhere_any_more(place: Place) -> None:
    phone = place.inside()
    press(phone, "make", kind="web")
    first = secret_of(phone.get(HERE).text)
    press(phone, "make", kind="web")
    assert secret_of(phone.get(HERE).text) == first
    assert states(place) == [("pass", "active")]
    urgent = place.rows("SELECT count(*) FROM feed WHERE part='shop:s1:urgent'")
    press(phone, "lost", kind="web")
    assert states(place) == [("pass", "blocked")]
    assert place.rows("SELECT count(*) FROM feed WHERE part='shop:s1:urgent'") > urgent
    assert "data-pass" not in phone.get(HERE).text
    press(phone, "make", kind="web")
    assert secret_of(phone.get(HERE).text) != first
    assert states(place) == [("pass", "blocked"), ("pass", "active")]


def test_a_pass_is_shown_to_its_owner_alone_and_changed_by_our_own_forms_alone(place: Place) -> None:
    place.add(BRAM, number="2")
    phone, other = place.inside(), place.inside(BRAM)
    press(phone, "make", kind="web")
    press(phone, "make", kind="apple")
    name, _ = secret_of(phone.get(HERE).text)
    assert name not in other.get(HERE).text
    assert other.get(FILE).status_code == 404
    press(other, "lost", kind="web")
    assert ("pass", "active") in states(place)
    nobody = place.phone()
    for path in (HERE, FILE):
        answer = nobody.get(path)
        assert answer.status_code == 401
        assert name not in answer.text
    for path in ("make", "lost"):
        assert phone.post(f"{HERE}/{path}", data={"kind": "web"}).status_code == 403
        assert nobody.post(f"{HERE}/{path}", data={"kind": "web"}).status_code == 401
        assert press(phone, path, kind="other").status_code == 404


def test_wallets_are_offered_with_the_right_and_the_file_is_the_owners(place: Place) -> None:
    phone = place.inside()
    assert "Apple Wallet" in phone.get(HERE).text
    answer = press(phone, "make", kind="apple")
    assert answer.headers["location"] == FILE
    file = phone.get(FILE)
    assert file.headers["content-type"].startswith("application/vnd.apple.pkpass")
    assert file.headers["cache-control"] == "no-store"
    press(phone, "make", kind="google")
    assert "https://pay.google.com/gp/v/save/" in phone.get(HERE).text
    assert sorted(states(place)) == [("smarttap", "active"), ("vas", "active")]
    assert press(phone, "lost", kind="apple").headers["location"] == HERE
    assert phone.get(FILE).status_code == 404


def test_what_a_pass_says_is_sealed_and_goes_with_its_customer(place: Place) -> None:
    phone = place.inside()
    press(phone, "make", kind="web")
    name, secret = secret_of(phone.get(HERE).text)
    for file in place.hub.config.state.glob("hub.db*"):
        assert name.encode() not in file.read_bytes()
        assert secret not in file.read_bytes()
    place.run(place.hub.erase(ANNA))
    assert place.rows("SELECT * FROM pass") == []


def test_the_worker_may_keep_the_pages_of_the_pass_and_no_others(place: Place) -> None:
    answer = place.phone().get(f"{HERE}/sw.js")
    assert answer.headers["service-worker-allowed"] == HERE
    assert place.phone().get(f"{HERE}/static/none.js").status_code == 404
    assert abs(int(place.phone().get(f"{HERE}/now").text) - place.hub.now_ms()) < 60_000


def test_by_what_somebody_is_known_stands_there_with_how_sure_it_is_and_a_lost_card_goes_off(
    place: Place,
) -> None:
    place.add(BRAM, number="2")
    phone = place.inside()
    press(phone, "make", kind="web")
    page = phone.get(HERE).text
    shown = re.sub(r"<[^>]+>|\s+", " ", page.split('class="known"')[1])
    assert "Pas op deze pagina" in shown
    assert "Hier gemaakt. De code verandert steeds, maar wie meekijkt kan hem even gebruiken" in shown
    assert "Door het hoofdkantoor toegevoegd. Kan worden gekopieerd: alleen om te sparen." in shown
    (named,) = re.findall(r'name="card" value="([0-9a-f]{24})"', page)
    press(place.inside(BRAM), "lost", card=named)
    press(phone, "lost", card="0" * 24)
    assert place.rows("SELECT count(*) FROM credential WHERE state='blocked'") == [(0,)]
    press(phone, "lost", card=named)
    assert place.rows("SELECT customer_id, kind FROM credential WHERE state='blocked'") == [(ANNA, "")]
    page = phone.get(HERE).text
    assert "Uitgezet." in page
    assert 'name="card"' not in page
