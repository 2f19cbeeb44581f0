"""Whoever tries codes that are none waits, longer each time; and what is no page is said on a page."""

import re

import httpx
import pytest

from sync.hub.portal.failures import FREE, OVER_MS, Failures
from sync.hub.portal.routes import ROUTES
from tests.sync.portal.place import Place, press

DOORS = [(each.method, each.path) for each in ROUTES if each.guard == "code"]
NONE = {"{code:str}": "x" * 43, "{ticket:str}": "s1.AAAA"}


def knock(phone: httpx.Client, method: str, path: str) -> httpx.Response:
    for name, value in NONE.items():
        path = path.replace(name, value)
    return phone.request(method, path)


def test_every_address_with_a_code_in_it_is_such_a_door() -> None:
    coded = {(each.method, each.path) for each in ROUTES if "code" in each.path or "ticket" in each.path}
    assert coded <= set(DOORS)
    assert set(DOORS) - coded == {("POST", "/portal/passkey/enter")}


def test_codes_that_are_none_make_whoever_tries_them_wait_twice_as_long_each_time(place: Place) -> None:
    place.add()
    code, phone = place.code(), place.phone()
    wrong = [each for each in DOORS if each != ("POST", "/portal/passkey/enter") and "{ticket" not in each[1]]
    tries = [each for each in wrong if each[0] == "POST" or "enter" in each[1]] * FREE
    for method, path in tries[:FREE]:
        assert knock(phone, method, path).status_code == 410, path
    for method, path in DOORS:
        shut = knock(phone, method, path)
        assert shut.status_code == 429, path
        assert 0 < int(shut.headers["retry-after"]) <= 30
    assert "Even wachten" in shut.text
    assert re.search("Wacht (30|29|28) seconden en open uw code", shut.text)
    assert place.phone().get(f"/portal/enter/{code}").status_code == 429  # not read either, and not used up
    place.clock.by_ms += 30_000
    assert knock(phone, *tries[0]).status_code == 410
    assert int(knock(phone, *tries[0]).headers["retry-after"]) > 30
    place.clock.by_ms += 60_000
    assert place.phone().get(f"/portal/enter/{code}").status_code == 303
    assert knock(phone, *tries[0]).status_code == 410
    assert knock(phone, *tries[0]).status_code == 410  # forgotten with the code that was one


def test_after_an_hour_it_is_forgotten_and_others_never_waited() -> None:
    now = [0]
    failures = Failures(now_ms=lambda: now[0])
    for _ in range(FREE):
        failures.failed("192.0.2.1")
    assert failures.wait_s("192.0.2.1") == 30
    assert failures.wait_s("192.0.2.2") == 0
    now[0] = OVER_MS + 1
    failures.failed("192.0.2.1")
    assert failures.wait_s("192.0.2.1") == 0


@pytest.mark.parametrize("path", ["/portal/nope", "/portal/data/x", "/hq/nope", "/portal/static/nope.css"])
def test_an_address_that_is_none_is_said_on_a_page_and_to_programs_as_a_problem(
    place: Place, path: str
) -> None:
    seen = place.phone().get(path, headers={"accept-language": "fr"})
    assert (seen.status_code, seen.headers["content-type"].split(";")[0]) == (404, "text/html")
    assert 'data-door="absent"' in seen.text
    assert "frame-ancestors" in seen.headers["content-security-policy"]
    if "static" not in path:
        told = place.phone().get(path, headers={"accept": "application/json"})
        assert (told.status_code, told.json()["status"]) == (404, 404)


def test_whoever_types_no_more_than_the_name_finds_their_page_and_headquarters_the_fleet(
    place: Place,
) -> None:
    there = {"x-forwarded-for": "192.0.2.1"}
    assert place.phone().get("/", headers=there).headers["location"] == "/portal"
    assert place.phone().get("/").headers["location"] == "/hq/fleet"
    assert "central wallet" in place.phone().get("/", headers={"accept": "*/*"}).text
    lost = place.phone().get("/portla")
    assert (lost.status_code, 'data-door="absent"' in lost.text) == (404, True)
    assert "style-src 'self'" in lost.headers["content-security-policy"]  # or it has no looks
    for program in ("/api/v1/nope", "/sync/nope"):
        assert place.phone().get(program).headers["content-type"] == "application/problem+json"


def test_headquarters_pages_say_elsewhere_where_they_open(place: Place) -> None:
    far = place.phone().get("/hq/fleet", headers={"x-forwarded-for": "192.0.2.1"})
    assert (far.status_code, 'data-door="here"' in far.text) == (403, True)
    assert "alleen open op de computer waarop de hub draait" in far.text


def test_an_address_of_headquarters_that_is_none_leads_to_headquarters(place: Place) -> None:
    def leads(path: str) -> list[tuple[str, str]]:
        shown = place.phone().get(path, headers={"accept-language": "nl"}).text
        return re.findall(r'<a class="act go" href="([^"]+)">([^<]+)</a>', shown)

    assert leads("/hq/nonsense") == [("/hq", "Naar het hoofdkantoor")]
    assert leads("/hqs") == leads("/portal/nonsense") == [("/portal", "Naar mijn pagina")]


def test_a_page_that_is_asked_for_the_wrong_way_is_a_page(place: Place) -> None:
    place.add()
    phone = place.inside()
    assert 'data-door="absent"' in phone.get("/portal/stop").text
    assert 'data-door="absent"' in press(phone, "/portal/data").text
