"""Every address of the hub's pages is tried by nobody, by another customer, and from elsewhere, in vain."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sync.hub.portal import passkeys, sessions
from sync.hub.portal.routes import ROUTES
from tests.sync.portal.place import ANNA, BRAM, HERE, Place, open_place, own_token, press
from tests.sync.portal.test_entering import MAIL, POST, addressed, just_made
from tests.sync.portal.test_newcomer import address as joining
from tests.sync.portal.test_newcomer import fill

# What another customer's page would say, and no answer to anybody else may.
SECRETS = ("De Vries", "1.400", ANNA.hex(), MAIL, "a…@voorbeeld.nl")
# Fields of every form there is, with values that are Anna's: for her session they would do something.
HERS = {
    "purpose": "recognition",
    "recipient": HERE,
    "gen": "1",
    "state": "given",
    "sure": "no",
}


@dataclass(frozen=True, slots=True)
class Hers:
    """What stands in Anna's addresses and forms, each a real one: on her own phone it would do something."""

    ids: dict[str, str]
    fields: dict[str, str]

    def address(self, path: str) -> str:
        for name, value in self.ids.items():
            path = path.replace(f"{{{name}:str}}", value)
        assert "{" not in path, f"{path} names something of which Anna has none here: give her one"
        return path

    def form(self, path: str) -> dict[str, str]:
        return self.fields | {"kind": "web" if path.startswith("/portal/pass/") else "mail"}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with open_place(tmp_path / "hub", public=True, post=POST) as opened:
        yield opened
        assert [each for each in opened.said if each[0] == "request_died"] == []


@pytest.fixture
def anna(place: Place) -> Hers:
    """Anna has an address, a passkey, a pass and a record, and used a code; somebody else used a shop's ticket."""
    place.add()
    code, phone = place.code(), place.phone()
    phone.get(f"/portal/enter/{code}")
    addressed(place, phone)
    press(phone, "/portal/pass/make", kind="web")
    press(phone, "/portal/stop", purpose="profiling", recipient=HERE)
    relying, token = passkeys.relying(place.hub), phone.cookies["welkom_portal"]
    assert relying
    now_ms = place.hub.now_ms()
    who = place.run(place.hub.db.read(sessions.guest, token, now_ms=now_ms))
    assert who
    made = just_made(relying, passkeys.to_make(relying, place.hub, who, name="x", held=[])["challenge"])
    place.run(place.hub.db.apply(passkeys.keep, relying, who, made, device="", now_ms=now_ms))
    ticket = joining(place)
    fill(place.phone(), ticket, "keep", name="Kees", recognition="yes", period="year")
    access, data = phone.get("/portal/access").text, phone.get("/portal/data").text
    ((digest,), *_) = place.rows("SELECT hex(sha256) FROM notice ORDER BY text")
    ids = {
        "code": code,
        "name": "portal.css",
        "record": re.findall(r"/portal/receipts/([0-9a-f-]+)", data)[0],
        "digest": str(digest).lower(),
        "ticket": ticket.rpartition("/")[2],
        **dict.fromkeys(("shop", "helper", "answers"), "s1"),  # a choice is nobody's until it is kept
    }
    fields = (
        HERS
        | made
        | {
            "own": own_token(phone.get("/portal").text),
            "session": re.findall(r'name="session" value="(\w+)"', access)[0],
            "passkey": re.findall(r'name="passkey" value="([\w-]+)"', access)[0],
            "card": re.findall(r'name="card" value="(\w+)"', phone.get("/portal/pass").text)[0],
            "address": MAIL,
        }
    )
    return Hers(ids, fields)


def state_of(place: Place) -> list[object]:
    hers = f"WHERE customer_id=x'{ANNA.hex()}'"
    sql = (
        "SELECT hex(id), ver FROM customer",
        f"SELECT purpose, recipient, gen, state FROM consent {hers}",
        f"SELECT name, ver FROM trait {hers}",
        f"SELECT count(*), max(until_ms) FROM portal_session {hers}",
        f"SELECT kind, hex(sealed), digest_ms, language FROM portal_address {hers}",
        f"SELECT hex(id), uses FROM portal_passkey {hers}",
        f"SELECT count(*) FROM portal_claim {hers}",
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


def test_nobody_gets_nothing(place: Place, anna: Hers) -> None:
    before, stranger = state_of(place), place.phone()
    for each in ROUTES:
        if not each.path.startswith("/portal"):
            continue
        answer = ask(stranger, each.method, each.path, anna)
        place.clock.by_ms += 1_000_000 if answer.status_code == 410 else 0  # whoever is wrong often waits
        assert not any(secret in answer.text for secret in SECRETS), each.path
        if each.guard in ("customer", "owner"):
            assert answer.status_code == 401, each.path
    assert state_of(place) == before


@pytest.mark.parametrize("way", ["code", "shop"])
def test_another_customers_session_finds_and_changes_nothing_of_hers(
    place: Place, anna: Hers, way: sessions.Way
) -> None:
    place.add(BRAM, number="2", name={"call": "Joost"}, points={"balance": 7})
    before, joost = state_of(place), came_in(place, BRAM, way)
    for own in ("hers", "his"):
        for each in ROUTES:
            if each.guard not in ("customer", "owner"):
                continue
            more = {}
            if own == "his":
                if each.path == "/portal/leave":
                    continue  # it ends his own session, as it should
                more["own"] = own_token(joost.get("/portal").text)
            answer = ask(joost, each.method, each.path, anna, more)
            assert not any(secret in answer.text for secret in SECRETS), each.path
            if "{record" in each.path:
                assert answer.status_code == 404, each.path
            if (each.method == "POST" and own == "hers") or (each.guard == "owner" and way == "shop"):
                assert answer.status_code == 403, each.path
    assert state_of(place) == before


def test_her_own_card_alone_takes_nothing_away_and_hands_nothing_out(place: Place, anna: Hers) -> None:
    before, phone = state_of(place), came_in(place, ANNA, "shop")
    own = own_token(phone.get("/portal").text)
    for each in ROUTES:
        if each.guard == "owner":
            answer = ask(phone, each.method, each.path, anna, {"own": own, "sure": "yes"})
            assert answer.status_code == 403, each.path
            assert not any(secret in answer.text for secret in SECRETS), each.path
    after = state_of(place)
    assert [line for line in after if line not in before] == [after[3]]  # her own phone, which is in now


def test_a_form_of_another_site_is_refused_by_every_route(place: Place, anna: Hers) -> None:
    before, phone = state_of(place), place.inside()
    own = own_token(phone.get("/portal").text)
    for each in ROUTES:
        if each.method == "POST":
            foreign = {"sec-fetch-site": "cross-site"}
            answer = ask(phone, "POST", each.path, anna, {"own": own}, foreign)
            assert answer.status_code == 403, each.path
    ((opened,),) = place.rows("SELECT count(*) FROM portal_session")
    assert opened == 3
    assert state_of(place)[:3] == before[:3]


def test_no_template_asks_the_customer_for_an_id() -> None:
    folder = Path(__file__).parents[3] / "sync/hub/portal/templates"
    for file in folder.glob("*.html"):
        assert "customer_id" not in file.read_text(encoding="utf-8"), file.name


def came_in(place: Place, customer_id: bytes, way: sessions.Way) -> httpx.Client:
    now_ms, phone = place.hub.now_ms(), place.phone()
    code = place.run(place.hub.db.apply(sessions.make_code, customer_id, now_ms=now_ms, way=way))
    assert phone.get(f"/portal/enter/{code}").status_code == 303
    return phone


def ask(
    client: httpx.Client,
    method: str,
    path: str,
    hers: Hers,
    more: dict[str, str] | None = None,
    heads: dict[str, str] | None = None,
) -> httpx.Response:
    if path == "/portal/live" and method == "GET":
        with client.stream("GET", path, headers=heads) as answer:
            if answer.status_code != 200:
                answer.read()
                return answer
            return httpx.Response(200, text="")  # a stream of pokes: it goes on, and says nothing
    if method == "GET":
        return client.get(hers.address(path), headers=heads)
    return client.post(hers.address(path), data=hers.form(path) | (more or {}), headers=heads)
