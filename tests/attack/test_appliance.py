"""An attacker at the appliance, with each session that is worth less than the page: every route, as it is served.

The addresses are read off the application that answers, so that one which nobody thought of here is tried too.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx
import pytest
from litestar import Litestar
from litestar.handlers import HTTPRouteHandler

from edge.consent import acts as consents
from edge.staff import acts
from staff_ui.routes import ROUTES
from tests.attack.dumps import dump
from tests.staff_ui.house import Place, open_place, own_token
from tests.staff_ui.opened import MovedClock

GONE, THERE = "2900000000028", "2900000000011"
# What the pages of somebody who withdrew would say, and no answer may.
CANARIES = ("Kanarievogel", "987.654", "987654")
# What only a manager may do, beside nothing else: a staff session is refused at each, and at no other route.
OF_MANAGERS = frozenset(
    {
        ("GET", "/manage"),
        ("POST", "/manage/unlock"),
        ("POST", "/manage/badge"),
        ("POST", "/manage/badge/remove"),
        ("POST", "/manage/unpair"),
        ("POST", "/manage/end"),
        ("GET", "/manage/walk"),
        ("POST", "/manage/walk"),
        ("POST", "/manage/tags"),
        ("GET", "/manage/pair"),
        ("POST", "/manage/pair"),
    }
)
PLAIN = {"accept": "application/json"}  # a refusal in a line, not a page
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE")


@dataclass(slots=True)
class Scene:
    """A shop with somebody in it and somebody who took everything back, and what an attacker knows of both."""

    place: Place
    routes: list[tuple[str, str]]
    gone: bytes
    visit: str
    tablet_hash: str
    manager: str
    forms: dict[str, str] = field(default_factory=dict)

    def dump(self, *but: str) -> dict[str, list[str]]:
        return dump(self.place.rows, ("main", "replica"), but=but)

    def address(self, path: str) -> str:
        """Filled with the ids of whom nobody may see."""
        path = path.replace("{path:path}", "welkom.css").replace("{page:str}", "profile")
        path = (
            path.replace("{item:str}", "none").replace("{code:str}", "none").replace("{note:str}", self.visit)
        )
        return path.replace("{visit:str}", self.visit)


def inner(app: object) -> Litestar:
    """The framework's application behind the shortcuts."""
    return next(each for each in vars(app).values() if isinstance(each, Litestar))


def served(app: object) -> list[tuple[str, str]]:
    """(method, path) of every handler that answers."""
    found = []
    for each in inner(app).routes:
        for handler in getattr(each, "route_handlers", ()):
            assert isinstance(handler, HTTPRouteHandler), each.path
            found += [(method, each.path) for method in handler.http_methods]
    return sorted((method, path) for method, path in found if method not in ("OPTIONS", "HEAD"))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    clock = MovedClock()
    clock.at_hour(10)
    with open_place(tmp_path_factory.mktemp("attack"), clock=clock) as place:
        place.staff()
        place.staff("Bram de Wit", role="manager")
        place.de_vries(THERE)
        gone = place.customer(
            GONE,
            name={"call": "mevrouw Kanarievogel", "short": "Mevrouw Kanarievogel", "initials": "MK"},
            points={"balance": 987654},
        )
        place.tap(GONE)
        ((visit,),) = place.rows("SELECT hex(id) FROM visit")
        for purpose in ("recognition", "saving", "profiling"):
            place.run(
                place.house.db.write(
                    consents.withdraw,
                    gone,
                    purpose=purpose,
                    recipient=place.house.config.shop.recipient,
                    now_ms=place.now_ms(),
                )
            )
        place.tap(THERE)
        place.signed_in("Bram de Wit")
        ((tablet_hash,),) = place.rows("SELECT hex(token_hash) FROM tablet")
        ((manager,),) = place.rows("SELECT hex(id) FROM staff WHERE role='manager'")
        made = Scene(place, served(place.app), gone, visit.lower(), tablet_hash.lower(), manager.lower())
        made.forms = {
            "staff": made.manager,
            "tablet": made.tablet_hash,
            "customer": gone.hex(),
            "visit": made.visit,
            "why": "help",
            "q": "Kanarie",
            "name": "extra",
            "zone": "door",
            "look": "1",
            "note": made.visit,
            "card": GONE,
            "code": GONE,
            "points": "100",
            "amount": "100",
            "sure": "yes",
        }
        yield made
        assert [event for event in place.events if event[0] == "page_failed"] == []


def ask(scene: Scene, client: httpx.Client, method: str, path: str, **headers: str) -> httpx.Response:
    target, own = scene.address(path), headers.pop("own", "")
    sends = {"data": scene.forms | {"own": own}} if method not in ("GET", "TRACE") else {}
    with client.stream(method, target, headers=headers, **sends) as answer:  # type: ignore[arg-type]
        if not answer.headers.get("content-type", "").startswith("text/event-stream"):
            answer.read()
            assert not any(each in answer.text for each in CANARIES), (method, path)
    return answer


def open_to(*guards: str) -> set[tuple[str, str]]:
    return {(each.method, each.path) for each in ROUTES if each.guard in guards}


def test_nothing_is_served_that_the_table_of_guards_does_not_hold(scene: Scene) -> None:
    assert scene.routes == sorted((each.method, each.path) for each in ROUTES)


def test_who_has_no_session_gets_nowhere_and_changes_nothing(scene: Scene) -> None:
    before, nobody = scene.dump(), scene.place.browser()
    for method, path in scene.routes:
        if (method, path) in open_to("staff", "tablet", "display"):
            assert ask(scene, nobody, method, path).status_code == 403, (method, path)
        elif (method, path) in open_to("open"):
            ask(scene, nobody, method, path)
    assert scene.dump() == before


def test_a_staff_session_gets_nothing_of_a_manager_and_changes_nothing(scene: Scene) -> None:
    anna = scene.place.signed_in()
    own = own_token(anna.get("/").text)
    before = scene.dump()
    refused = set()
    for method, path in scene.routes:
        if path.startswith("/manage"):
            assert ask(scene, anna, method, path, own=own).status_code == 403, (method, path)
            refused.add((method, path))
    assert refused == OF_MANAGERS
    assert scene.dump() == before


@pytest.mark.parametrize("role", ["Anna Kok", "Bram de Wit"])
def test_ids_of_somebody_who_withdrew_open_nothing_with_any_session(scene: Scene, role: str) -> None:
    session = scene.place.signed_in(role)
    own = own_token(session.get("/").text)
    but = {("POST", path) for path in ("/signout", "/signin", "/join/start", "/practice", "/manage/end")}
    but.add(("POST", "/manage/unpair"))  # it would end the attack
    hers = f"customer_id=x'{scene.gone.hex()}'"
    state = (
        f"SELECT purpose, gen, state FROM replica.consent WHERE {hers}",
        f"SELECT hex(hash), state FROM replica.credential WHERE {hers}",
        f"SELECT name, ver FROM replica.trait WHERE {hers}",
        f"SELECT hex(id), ended_ms FROM visit WHERE {hers}",
        "SELECT count(*) FROM view_log",
    )
    before = [scene.place.rows(each) for each in state]
    for method, path in scene.routes:
        if (method, path) not in but and (method, path) not in open_to("loopback", "display"):
            assert ask(scene, session, method, path, own=own).status_code < 500, (method, path)
    assert [scene.place.rows(each) for each in state] == before


def test_a_tablet_on_which_nobody_is_signed_in_gets_no_page_of_staff(scene: Scene) -> None:
    tablet = scene.place.tablet()
    own = own_token(tablet.get("/signin").text)
    before = scene.dump()
    for method, path in sorted(open_to("staff")):
        assert ask(scene, tablet, method, path, own=own).status_code in (303, 401), (method, path)
    assert scene.dump() == before


def test_a_display_gets_its_own_page_and_no_other(scene: Scene) -> None:
    code = scene.place.run(
        scene.place.house.db.apply(acts.pair_code, "display", now_ms=scene.place.now_ms(), kind="display")
    )
    display = scene.place.browser()
    assert display.get(f"/pair/{code}").headers["location"].startswith("/balie")
    before = scene.dump()
    for method, path in sorted(open_to("staff", "tablet")):
        assert ask(scene, display, method, path).status_code == 403, (method, path)
    assert scene.dump() == before


def test_a_tablet_in_a_customers_hands_opens_no_page_of_staff(scene: Scene) -> None:
    anna = scene.place.signed_in()
    old = dict(anna.cookies)
    own = own_token(anna.get("/").text)
    assert anna.post("/join/start", data={"own": own}).status_code == 303
    for name, value in old.items():  # the session's cookie, as somebody may have copied it before
        anna.cookies.set(name, value, domain="127.0.0.1")
    before = scene.dump()
    for method, path in sorted(open_to("staff")):
        assert ask(scene, anna, method, path, own=own).status_code in (303, 401, 403), (method, path)
    assert scene.dump() == before


def test_a_method_that_a_page_does_not_have_is_refused_whoever_asks(scene: Scene) -> None:
    bram = scene.place.signed_in("Bram de Wit")
    own = own_token(bram.get("/").text)
    before = scene.dump("session")
    has: dict[str, set[str]] = {}
    for method, path in scene.routes:
        has.setdefault(path, set()).add(method)
    for path, known in has.items():
        for method in set(METHODS) - known:
            given = ask(scene, bram, method, path, own=own, **PLAIN, **{"x-http-method-override": "POST"})
            assert given.status_code in (404, 405), (method, path)
    assert scene.dump("session") == before


def test_no_spelling_of_an_address_leads_around_its_guard(scene: Scene) -> None:
    anna, nobody = scene.place.signed_in(), scene.place.browser()
    before = scene.dump()
    for path in sorted({path for _, path in OF_MANAGERS}):
        tail = path.removeprefix("/")
        for trick in (
            f"//{tail}", f"/{tail}/", f"/./{tail}", f"/visits/../{tail}", f"/join/../{tail}", f"/device/../{tail}",
            f"/practice/../{tail}", f"/{tail.upper()}", f"/{tail};x=1", f"/{tail}%00", f"/%6d{tail[1:]}",
            f"/%2e%2e/{tail}", f"/join%2f..%2f{tail}", f"/{tail}%2f", f"/{tail}?role=manager", f"/{tail}%20",
        ):  # fmt: skip
            for client, fine in ((anna, (403, 404, 405)), (nobody, (403, 404, 405))):
                # Written as it is: the client would tidy the dots away before anybody saw them.
                url = httpx.URL(scene.place.url).copy_with(raw_path=trick.encode())
                given = client.request("GET", url, headers={"x-original-url": path} | PLAIN)
                assert given.status_code in fine, trick
    assert scene.dump() == before


def test_every_id_in_an_address_is_named_here() -> None:
    known = {"visit:str", "note:str", "code:str", "item:str", "page:str", "path:path"}
    known |= {"helper:str", "answers:str"}  # of Keuzehulp: nobody's
    assert {each for route in ROUTES for each in re.findall(r"{([^}]+)}", route.path)} == known
