"""Every address of the hub's pages is tried by nobody, by another customer, and from elsewhere, in vain."""

import re
from pathlib import Path

import httpx
import pytest

from sync.hub.portal.routes import ROUTES
from tests.sync.portal.place import ANNA, BRAM, HERE, Place, own_token

# What another customer's page would say, and no answer to anybody else may.
SECRETS = ("De Vries", "1.400", ANNA.hex())
# Fields of every form there is, with values that are Anna's: for her session they would do something.
HERS = {
    "purpose": "recognition",
    "recipient": HERE,
    "gen": "1",
    "state": "given",
    "sure": "no",
    "kind": "mail",
}


@pytest.fixture
def anna(place: Place) -> dict[str, str]:
    """What Anna's forms would send, read off her own pages."""
    place.add()
    phone = place.inside()
    session = re.findall(r'name="session" value="(\w+)"', phone.get("/portal/access").text)[0]
    return HERS | {"session": session, "own": own_token(phone.get("/portal").text)}


def address(path: str) -> str:
    return path.replace("{code:str}", "x" * 43).replace("{name:str}", "portal.css")


def state_of(place: Place) -> list[object]:
    hers = f"WHERE customer_id=x'{ANNA.hex()}'"
    sql = (
        "SELECT hex(id), ver FROM customer",
        f"SELECT purpose, recipient, gen, state FROM consent {hers}",
        f"SELECT name, ver FROM trait {hers}",
        f"SELECT count(*) FROM portal_session {hers}",
        f"SELECT hex(hash), state FROM credential {hers}",
        f"SELECT count(*) FROM pass {hers}",
    )
    return [place.rows(each) for each in sql]


def test_every_route_has_a_guard_and_only_those_stand_open_that_have_to() -> None:
    assert {each.path for each in ROUTES if each.guard in ("anybody", "code")} == {
        "/portal/enter/{code:str}", "/portal/static/{name:str}", "/portal/ask", "/portal/link/{code:str}",
        "/portal/passkey/ask", "/portal/passkey/enter", "/portal/address/{code:str}", "/portal/keys",
        "/portal/notices/{digest:str}",
        "/portal/choose/{shop:str}", "/portal/choose/{shop:str}/{helper:str}",
        "/portal/choose/{shop:str}/{helper:str}/{answers:str}",
        "/portal/join/{ticket:str}", "/portal/pass/now", "/portal/pass/sw.js", "/portal/pass/static/{name:str}",
    }  # fmt: skip
    assert {each.guard for each in ROUTES if each.path.startswith("/hq")} == {"here"}


def test_nobody_gets_nothing(place: Place, anna: dict[str, str]) -> None:
    before, stranger = state_of(place), place.phone()
    for each in ROUTES:
        if not each.path.startswith("/portal"):
            continue
        answer = ask(stranger, each.method, each.path, anna)
        assert not any(secret in answer.text for secret in SECRETS), each.path
        if each.guard in ("customer", "owner"):
            assert answer.status_code == 401, each.path
    assert state_of(place) == before


def test_another_customers_session_finds_and_changes_nothing_of_hers(
    place: Place, anna: dict[str, str]
) -> None:
    place.add(BRAM, number="2", name={"call": "Joost"}, points={"balance": 7})
    before, joost = state_of(place), place.inside(BRAM)
    for own in ("hers", "his"):
        for each in ROUTES:
            if each.guard not in ("customer", "owner"):
                continue
            fields = dict(anna)
            if own == "his":
                if each.path == "/portal/leave":
                    continue  # it ends his own session, as it should
                fields["own"] = own_token(joost.get("/portal/forget").text)
            answer = ask(joost, each.method, each.path, fields)
            assert not any(secret in answer.text for secret in SECRETS), each.path
            if each.method == "POST" and own == "hers":
                assert answer.status_code == 403, each.path
    assert state_of(place) == before


def test_a_form_of_another_site_is_refused_by_every_route(place: Place, anna: dict[str, str]) -> None:
    before, phone = state_of(place), place.inside()
    fields = anna | {"own": own_token(phone.get("/portal").text)}
    for each in ROUTES:
        if each.method == "POST":
            answer = ask(phone, "POST", each.path, fields, {"sec-fetch-site": "cross-site"})
            assert answer.status_code == 403, each.path
    ((sessions,),) = place.rows("SELECT count(*) FROM portal_session")
    assert sessions == 2
    assert state_of(place)[:3] == before[:3]


def test_no_template_asks_the_customer_for_an_id() -> None:
    folder = Path(__file__).parents[3] / "sync/hub/portal/templates"
    for file in folder.glob("*.html"):
        assert "customer_id" not in file.read_text(encoding="utf-8"), file.name


def ask(
    client: httpx.Client, method: str, path: str, fields: dict[str, str], heads: dict[str, str] | None = None
) -> httpx.Response:
    if path == "/portal/live" and method == "GET":
        with client.stream("GET", path, headers=heads) as answer:
            if answer.status_code != 200:
                answer.read()
                return answer
            return httpx.Response(200, text="")  # a stream of pokes: it goes on, and says nothing
    if method == "GET":
        return client.get(address(path), headers=heads)
    return client.post(address(path), data=fields, headers=heads)
