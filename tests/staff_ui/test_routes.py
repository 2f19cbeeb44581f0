"""Every route: documented, guarded, protected against foreign forms, with strict headers and honest errors."""

import re
from pathlib import Path

import httpx
import pytest

import staff_ui
from staff_ui.assets import read_assets
from staff_ui.pages.machine import BY_RADIO, METRICS
from staff_ui.routes import ROUTES, SHORT
from staff_ui.security import CSP, form_token
from tests.patience import PATIENT_S
from tests.staff_ui.house import Place, own_token

README = (Path(staff_ui.__file__).parent / "README.md").read_text(encoding="utf-8")
TABLE = [(each.method, re.sub(r":\w+}", "}", each.path), each.guard) for each in ROUTES]


def filled(path: str) -> str:
    return path.replace("{visit}", "00" * 16).replace("{code}", "none").replace("{path}", "welkom.css")


def test_the_readme_has_a_row_for_every_route_and_no_other() -> None:
    rows = re.findall(r"^\| (GET|POST) \| `([^`]+)` \| (\w+) \|", README, re.MULTILINE)
    assert sorted(rows) == sorted(TABLE)


def test_the_readme_has_a_row_for_every_metric_and_no_other() -> None:
    rows = re.findall(r"^\| `(welkom_\w+)` \| (\w+) \|", README, re.MULTILINE)
    assert rows == [(name, kind) for name, (kind, _) in METRICS.items()]


def test_the_readme_has_a_row_for_every_asset() -> None:
    served = {path for path in read_assets() if not path.endswith(".txt")}
    assert {path for path in served if f"`{path}`" in README} == served


@pytest.mark.parametrize(("method", "path", "guard"), TABLE)
def test_a_guard_lets_nobody_in_who_may_not(shared: Place, method: str, path: str, guard: str) -> None:
    stranger, tablet = shared.browser(), shared.tablet()
    if guard in ("staff", "tablet"):
        assert stranger.request(method, filled(path)).status_code == 403
    if guard == "staff":
        assert tablet.request(method, filled(path)).status_code in (303, 401)
        fetched = tablet.request(method, filled(path), headers={"hx-request": "true"})
        assert (fetched.status_code, fetched.headers["hx-redirect"]) == (401, "/signin?idle=1")
    if guard == "open":
        # A form of ours is missing where something is sent.
        expected = (200, 410) if method == "GET" else (403,)
        assert stranger.request(method, filled(path)).status_code in expected


@pytest.mark.parametrize("path", [each.path for each in ROUTES if each.method == "POST"])
def test_a_form_from_elsewhere_changes_nothing(shared: Place, path: str) -> None:
    tablet = shared.signed_in("Bram de Wit" if path.startswith("/manage") else "Anna Kok")
    # Who is no tablet yet proves with the code in the address that the form is of this box.
    own = form_token("none") if "{code" in path else own_token(tablet.get("/").text)
    target = re.sub(r"{visit:\w+}", "00" * 16, path).replace("{code:str}", "none")
    fields = {"staff": "Anna Kok", "pin": "2580", "language": "en"}
    foreign: list[tuple[dict[str, str], dict[str, str]]] = [
        (fields, {}),
        (fields | {"own": "0" * 64}, {}),
        (fields | {"own": own}, {"sec-fetch-site": "cross-site"}),
        (fields | {"own": own}, {"sec-fetch-site": "same-site"}),
        (fields | {"own": own}, {"origin": "https://evil.example"}),
        (fields | {"own": own}, {"origin": "null"}),
    ]
    for form, headers in foreign:
        answer = tablet.post(target, data=form, headers=headers)
        assert answer.status_code == 403
        assert "Er is niets veranderd." in answer.text
    assert tablet.get("/").status_code == 200
    own_page = tablet.post(target, data=fields | {"own": own}, headers={"sec-fetch-site": "same-origin"})
    assert own_page.status_code in (200, 204, 303, 403 if path.startswith("/manage") else 303, 410)


@pytest.mark.parametrize(
    "path", ["/", "/visits", "/signin", "/look", "/search", "/healthz", "/nope", "/static/live.js"]
)
def test_every_answer_has_the_strict_headers(shared: Place, path: str) -> None:
    headers = shared.signed_in().get(path).headers
    assert headers["content-security-policy"] == CSP
    assert "unsafe" not in CSP
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert "camera=()" in headers["permissions-policy"]
    expected = "no-cache" if path.startswith("/static") else "no-store"
    assert headers["cache-control"] == expected
    assert headers.get_list("content-security-policy") == [CSP]


@pytest.mark.parametrize("path", [each.decode() for each in SHORT])
def test_a_shortcut_answers_as_the_route_behind_it(place: Place, path: str) -> None:
    place.de_vries()
    place.tap("2900000000011")
    tablet = place.signed_in()
    # With a slash behind it the path is no shortcut, and the same route.
    short, route = tablet.get(path), tablet.get(f"{path}/")
    assert "De Vries" in short.text
    assert (short.status_code, short.text) == (route.status_code, route.text)
    assert set(short.headers.multi_items()) - set(route.headers.multi_items()) <= {
        ("welkom-fresh-ms", short.headers["welkom-fresh-ms"])
    }


def test_health_is_for_anybody_and_says_nothing_personal(place: Place) -> None:
    place.de_vries()
    place.tap("2900000000011")
    answer = httpx.get(f"{place.url}/healthz", timeout=PATIENT_S)
    assert answer.status_code == 200
    said = answer.json()
    assert said.pop("waiting") >= 2  # the visit and its greeting; nobody has told the hub
    assert said == {"ready": True, "readers": {"counter-1": "up"}, "online": True}


def test_metrics_are_not_for_whom_a_proxy_on_this_machine_asks(place: Place) -> None:
    """Where something before the box speaks HTTPS (`secure_cookies`), everybody comes from this machine."""
    address = f"{place.url}/metrics"
    assert httpx.get(address, timeout=PATIENT_S).status_code == 200
    for name in ("X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"):
        assert httpx.get(address, headers={name: "10.0.0.9"}, timeout=PATIENT_S).status_code == 403


def test_metrics_count_what_happened_and_name_nobody(place: Place) -> None:
    place.de_vries()
    place.tap("2900000000011")
    place.tap("nobody's")
    text = httpx.get(f"{place.url}/metrics", timeout=PATIENT_S).text
    assert 'welkom_sightings_total{outcome="recognised"} 1' in text
    assert 'welkom_sightings_total{outcome="strangers"} 1' in text
    assert 'welkom_reader_up{reader="counter-1"} 1' in text
    assert "Vries" not in text
    named = set(re.findall(r"^(welkom_\w+)", text, re.MULTILINE))
    of_a_hub = {
        "welkom_hub_contact_age_seconds",
        "welkom_clock_offset_seconds",
        "welkom_lease_remaining_seconds",
    }
    assert named == set(METRICS) - set(BY_RADIO) - of_a_hub  # this house never had one


def test_files_travel_small_and_pages_with_a_token_do_not(place: Place) -> None:
    asset = read_assets()["welkom.css"]
    sent = httpx.get(place.url + asset.address, headers={"accept-encoding": "gzip, br"}, timeout=PATIENT_S)
    assert sent.headers["content-encoding"] == "gzip"
    assert int(sent.headers["content-length"]) < len(asset.body) / 3
    assert (sent.content, sent.headers["vary"]) == (asset.body, "accept-encoding")
    plain = httpx.get(place.url + asset.address, headers={"accept-encoding": "identity"}, timeout=PATIENT_S)
    assert "content-encoding" not in plain.headers
    tablet = place.signed_in()
    assert all("content-encoding" not in tablet.get(path).headers for path in ("/", "/visits", "/search"))


def test_static_files_are_kept_for_ever_under_their_hash_and_asked_again_without(place: Place) -> None:
    asset = read_assets()["welkom.css"]
    kept = httpx.get(place.url + asset.address, timeout=PATIENT_S)
    assert kept.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert kept.content == asset.body
    assert (
        httpx.get(f"{place.url}/static/welkom.css?v=old", timeout=PATIENT_S).headers["cache-control"]
        == "no-cache"
    )
    for absent in (
        "/static/none.css",
        "/static/../app.py",
        "/static/vendor/vendor.toml",
        "/static/%2e%2e/app.py",
    ):
        assert httpx.get(place.url + absent, timeout=PATIENT_S).status_code == 404


def test_programs_get_problem_details_and_people_a_sentence_and_a_next_step(place: Place) -> None:
    tablet = place.signed_in()
    page = tablet.get("/nope")
    assert page.status_code == 404
    assert "Deze pagina is er niet" in page.text
    assert "Naar de rij" in page.text
    problem = tablet.get("/nope", headers={"accept": "application/json"})
    assert problem.headers["content-type"] == "application/problem+json"
    assert problem.json() == {"type": "about:blank", "title": "Not Found", "status": 404}
    refused = httpx.get(f"{place.url}/live", timeout=PATIENT_S)
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "U01"
    assert tablet.post("/visits").status_code == 405
    assert tablet.post("/healthz").status_code == 405


def test_what_breaks_shows_no_traceback_and_logs_no_words_of_it(place: Place) -> None:
    def damage(conn) -> None:  # type: ignore[no-untyped-def]
        conn.execute("ALTER TABLE main.visit RENAME TO secret_of_mevrouw")

    tablet = place.signed_in()
    place.run(place.house.db.apply(damage))
    place.tell()
    for path in ("/", "/visits"):
        answer = tablet.get(path)
        assert answer.status_code == 500
        assert "Hier ging iets mis" in answer.text
        assert "Traceback" not in answer.text
        assert "visit" not in answer.text.split("<body")[1]
    failures = [fields for event, fields in place.events if event == "page_failed"]
    assert failures
    assert all(set(fields) == {"path", "error", "died"} for fields in failures)
    place.events.clear()


def test_the_look_of_a_tablet_is_kept_and_its_language_follows_the_person(place: Place) -> None:
    tablet = place.signed_in()
    form = {"own": own_token(tablet.get("/").text), "language": "en", "theme": "glare", "hand": "left"}
    assert tablet.post("/look", data=form).headers["location"] == "/look"
    page = tablet.get("/").text
    assert '<html lang="en" data-theme="glare" data-hand="left"' in page
    assert "In the shop now" in tablet.get("/visits").text
    assert place.rows("SELECT language FROM staff WHERE name='Anna Kok'") == [("en",)]
    assert tablet.post("/look", data=form | {"theme": "pink"}).status_code == 403


def test_the_live_stream_names_what_changed_and_nobody(place: Place) -> None:
    place.de_vries()
    tablet = place.signed_in()
    with tablet.stream("GET", "/live") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        assert stream.headers["cache-control"] == "no-cache"
        assert stream.headers["x-accel-buffering"] == "no"
        assert "set-cookie" not in stream.headers
        chunks = stream.iter_text()
        assert "event: visits" in next(chunks)
        place.tap("2900000000011")
        poke = next(chunks)
        assert re.fullmatch(r"event: visits\ndata: \d+\n\n", poke)
        assert place.rows("SELECT role FROM view_log") == [("staff",)]


def test_the_live_stream_ends_with_its_session(place: Place) -> None:
    tablet = place.signed_in()
    with tablet.stream("GET", "/live") as stream:
        chunks = stream.iter_text()
        next(chunks)
        place.clock.both_by_ms += 6 * 60_000
        place.tell()
        assert list(chunks) == []
