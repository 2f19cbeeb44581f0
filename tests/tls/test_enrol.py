"""The plain HTTP port says how to trust the box, hands out its certificate, and does nothing else."""

import http.client
import plistlib
from hashlib import sha256

import httpx
import pytest
from cryptography import x509

from staff_ui.enrol import KINDS
from tests.patience import PATIENT_S
from tests.staff_ui.test_words import DUTCH, ENGLISH, visible
from tests.tls.rig import HOST, Box


def get(box: Box, path: str, **headers: str) -> httpx.Response:
    return httpx.get(box.plain + path, headers=headers, timeout=PATIENT_S)


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_says_how_for_every_kind_of_tablet_in_one_language(box: Box, language: str) -> None:
    answer = get(box, f"/?language={language}")
    assert answer.status_code == 200
    assert f'<html lang="{language}"' in answer.text
    for device in ("Android", "iPad", "Chromebook", "Windows"):
        assert f"<summary>{device}</summary>" in answer.text
    assert answer.text.count("<li>") == sum(len(steps) for _, _, steps in KINDS)
    assert box.own.fingerprint in answer.text.replace("</span><span>", "")
    said = {word.lower() for word in visible(answer.text.replace("Van Dam", ""))}
    assert said & (ENGLISH if language == "nl" else DUTCH) == set()


def test_the_shops_language_is_the_first_one(box: Box) -> None:
    assert '<html lang="nl"' in get(box, "/").text
    assert '<html lang="nl"' in get(box, "/?language=fr").text


def test_the_certificate_is_the_one_whose_fingerprint_the_box_prints(box: Box) -> None:
    answer = get(box, "/ca.crt")
    assert answer.headers["content-type"] == "application/x-x509-ca-cert"
    assert x509.load_der_x509_certificate(answer.content) == box.own.authority
    assert sha256(answer.content).hexdigest().upper() == box.own.fingerprint.replace(":", "")


def test_the_profile_for_an_ipad_holds_that_certificate_and_is_the_same_each_time(box: Box) -> None:
    answer = get(box, "/welkom.mobileconfig")
    assert answer.headers["content-type"] == "application/x-apple-aspen-config"
    profile = plistlib.loads(answer.content)
    (payload,) = profile["PayloadContent"]
    assert (profile["PayloadType"], payload["PayloadType"]) == ("Configuration", "com.apple.security.root")
    assert payload["PayloadContent"] == box.own.authority_der
    assert get(box, "/welkom.mobileconfig").content == answer.content


@pytest.mark.parametrize("path", ["/", "/ca.crt", "/welkom.mobileconfig", "/static/welkom.css", "/nope"])
def test_nothing_sets_a_cookie_or_upgrades_the_name_for_ever(box: Box, path: str) -> None:
    headers = get(box, path).headers
    assert "set-cookie" not in headers
    # It would turn this very page, on the same name, into one that does not answer.
    assert "strict-transport-security" not in headers
    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "path",
    [
        "/signin",
        "/visits",
        "/live",
        "/healthz",
        "/metrics",
        "/search?q=de",
        "/pair/none",
        "/demo",
        "/static/live.js",
        "/static/../app.py",
        "//",
        "/ca.key",
    ],
)
def test_nothing_else_is_served_in_the_clear(box: Box, path: str) -> None:
    line = http.client.HTTPConnection("127.0.0.1", box.enrol_port, timeout=PATIENT_S)
    line.request("GET", path)
    assert line.getresponse().status == 404
    line.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent_to_it(box: Box, method: str) -> None:
    assert httpx.request(method, box.plain + "/", content=b"x").status_code == 405


def test_there_is_no_script_on_it_and_it_leads_to_https(box: Box) -> None:
    text = get(box, "/").text
    assert "<script" not in text
    assert "<form" not in text
    assert 'href="https://' in text
    assert HOST not in text  # on loopback no name is said, so it is not promised either


def test_a_head_request_gets_the_headers_alone(box: Box) -> None:
    answer = httpx.head(box.plain + "/ca.crt")
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) == len(box.own.authority_der)
